/** Files of exchanges and vendors in the layouts that they publish. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { layoutOf } from "../../src/formats/file_layout.ts";
import { venueCsv } from "../../src/formats/venue_csv.ts";
import { jsonTrades } from "../../src/formats/json_trades.ts";
import { VENUE_LAYOUTS } from "../../src/formats/venue_layouts.ts";
import { JSON_SHAPES } from "../../src/formats/json_shapes.ts";
import { joined } from "../feeds/recorded_input.ts";
import { isRecorded, recordedFile } from "../support/recorded_data.ts";
import type { FileTrade } from "../support/trade_files.ts";
import { readFile } from "./read_file.ts";
import { testTradeFile } from "./trade_file_contract.ts";
import { VENUE_SAMPLES } from "./venue_samples.ts";

Deno.test("venueCsv and jsonTrades read every layout as it is published", async () => {
  for (const { layout, symbol, text, trades } of VENUE_SAMPLES) {
    const isCounted = trades[0]![0] === null;
    for (const chunkBytes of [7, 1 << 18]) {
      const read = await readFile(text, symbol, { chunkBytes });
      assertEquals(read.reasons, [], layout);
      assertEquals(read.layout, layout);
      assertEquals(read.trades, trades.map(([id, ...rest], at) => [id ?? at + 1, ...rest]), layout);
      assertEquals(read.isCounted, isCounted, layout);
    }
  }
  const sampled = new Set(VENUE_SAMPLES.map(({ layout }) => layout));
  for (const { name } of VENUE_LAYOUTS) assert(sampled.has(name), name);
});

Deno.test("venueCsv reads the same from quoted, separated, reordered and capital columns", async () => {
  for (
    const { layout, symbol, text, trades } of VENUE_SAMPLES.filter(({ text }) => /^[a-z_]+,/i.test(text))
  ) {
    const lines = text.trimEnd().split(/\r?\n/);
    // A field with quotation marks in it, or a row with more fields than names, would have to be taken apart first.
    if (text.includes('"') || layout === "Bybit spot trades") continue;
    const rows = lines.map((line) => line.split(","));
    const changed = [
      rows.map((row) => row.map((field) => `"${field}"`).join(",")),
      rows.map((row) => row.join(";")),
      rows.map((row) => row.map((field) => `" ${field} "`).join("\t")),
      rows.map((row) => row.toReversed().join(",")),
      rows.map((row, at) => (at === 0 ? ["", ...row] : [String(at), ...row]).join(",")),
      rows.map((row, at) => (at === 0 ? row.map((name) => name.toUpperCase()) : row).join(", ")),
    ];
    for (const file of changed) {
      const read = await readFile(`\ufeff${file.join("\r\n")}`, symbol);
      assertEquals(read.layout, layout);
      assertEquals(read.trades, trades.map(([id, ...rest], at) => [id ?? at + 1, ...rest]), file[1]);
    }
  }
});

Deno.test("venueCsv reads OKX's header in GBK", async () => {
  const { text, trades } = VENUE_SAMPLES.find(({ text }) => text.includes("撮合"))!;
  const row = new TextEncoder().encode(text.split("\n")[1]!);
  const names = [[0xb4, 0xe9, 0xba, 0xcf], [0xbd, 0xbb, 0xd2, 0xd7], [0xca, 0xfd, 0xc1, 0xbf], [0xbc, 0xdb], [
    0xca,
  ]];
  const english = ["trade_id", "side", "size", "price", "created_time"];
  const header = english.map((name, at) => [
    ...new TextEncoder().encode(`${at === 0 ? "" : ","}${name}/`),
    ...names[at]!,
  ]);
  const read = await readFile(
    joined(new Uint8Array(header.flat()), new Uint8Array([10]), row),
    "BTCUSDT",
  );
  assertEquals([read.layout, read.trades], ["OKX trades", trades]);
});

Deno.test("Coinbase gives the maker's side and every other venue the taker's, as CSV and as JSON", async () => {
  const row = (side: string) => `trade_id,side,size,price,time\n7,${side},1,2,2025-01-01T00:00:00Z\n`;
  const json = (side: string) =>
    `[{"trade_id":7,"side":"${side}","size":"1","price":"2","time":"2025-01-01T00:00:00Z"}]`;
  const ccxt = (side: string) =>
    `[{"id":"7","symbol":"BTC/USDT","side":"${side}","amount":1,"price":2,"timestamp":1735689600000,"datetime":""}]`;
  const sold = async (text: string) => (await readFile(text, "BTCUSDT")).trades[0]![4];
  for (const [side, takerSold] of [["buy", true], ["sell", false], ["BUY", true], ["SELL", false]] as const) {
    assertEquals(await sold(row(side)), takerSold);
    assertEquals(await sold(json(side)), takerSold);
    assertEquals(await sold(ccxt(side)), !takerSold);
  }
});

Deno.test("trades of other symbols are skipped, counted and named, however they are written", async () => {
  const text = "instrument_name,trade_id,side,price,size,created_time\n" +
    ["BTC-USDT,7", "ETH-USDT,3", "BTC-USDT,8", "BTC-USDT-SWAP,1", "ETH-USDT,4"]
      .map((start) => `${start},buy,100,1,1705248000179\n`).join("");
  const read = await readFile(text, "BTCUSDT");
  assertEquals(read.trades.map(([id]) => id), [7, 8]);
  assertEquals([read.others, read.otherSymbols], [3, ["ETHUSDT", "BTCUSDTSWAP"]]);
  for (const symbol of ["BTC_USDT", "BTCUSDT"]) assertEquals((await readFile(text, symbol)).trades.length, 2);
});

Deno.test("an unusable field is refused with its line, its column, what was found and what is allowed", async () => {
  const header = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n";
  const good = "binance,BTCUSDT,1640995200000000,1640995200100000,7,buy,46216.93,0.00432\n";
  const cases: [string, string][] = [
    [
      good.replace("46216.93", "0.123456789"),
      `a.csv:3:57: price is "0.123456789": expected decimal text above 0`,
    ],
    [good.replace("46216.93", "46,216.93"), "a.csv:3:67: the row has 9 fields: expected 8 (exchange,symbol"],
    [good.replace("46216.93", `"46,216.93"`), `a.csv:3:57: price is "46,216.93": expected decimal text`],
    [good.replace("46216.93", "-1"), `a.csv:3:57: price is "-1"`],
    [good.replace("46216.93", "0"), `a.csv:3:57: price is "0"`],
    [good.replace("46216.93", ""), "a.csv:3:57: price is empty"],
    [good.replace("0.00432", "1e-9"), `a.csv:3:66: amount is "1e-9": expected decimal text above 0, up to`],
    [good.replace("buy", "up"), `a.csv:3:53: side is "up": expected buy or sell`],
    [good.replace(",7,", ",x7,"), `a.csv:3:51: id is "x7": expected a whole number`],
    [
      good.replace("1640995200000000", "yesterday"),
      `a.csv:3:17: timestamp is "yesterday": expected s, ms, µs`,
    ],
    [
      good.replace("1640995200000000", "12345678"),
      `a.csv:3:17: timestamp is "12345678": expected s, ms, µs or ns`,
    ],
    [good.replace("buy", `b"uy`), `a.csv:3:54: the quotation marks do not come in pairs around a field`],
    ["binance,BTCUSDT\n", "a.csv:3:16: the row has 2 fields: expected 8"],
  ];
  for (const [row, reason] of cases) {
    const read = await readFile(header + good + row + good.replace(",7,", ",8,"), "BTCUSDT");
    assertEquals(read.trades.map(([id]) => id), [7, 8]);
    assertEquals(read.reasons.length, 1);
    assertStringIncludes(read.reasons[0]!, reason);
  }
});

Deno.test("a fault in JSON has the line and the column of its value", async () => {
  const { text } = VENUE_SAMPLES.find(({ layout, text }) =>
    layout === "trades as JSON" && text.includes("info")
  )!;
  const cases: [string, string, string][] = [
    ["93576.10,", "-1,", `a.csv:12:14: price is "-1": expected decimal text`],
    ["1.1e-4", `"much"`, `a.csv:13:15: amount is "much": expected decimal text`],
    [`"price": 93576.10`, `"price": }`, "a.csv:12:14: not JSON: found"],
    [`"side": "sell"`, `"side": "both"`, `a.csv:10:13: side is "both": expected buy or sell`],
    [`, "amount": 0.5`, "", "a.csv:18:3: there is no amount: expected"],
  ];
  for (const [from, to, reason] of cases) {
    const read = await readFile(text.replace(from, to), "BTCUSDT");
    assertStringIncludes(read.reasons[0]!, reason);
    assertEquals(read.reasons.length, 1);
  }
  const cut = await readFile(text.slice(0, -4), "BTCUSDT");
  assertEquals([cut.trades.length, cut.reasons], [1, [
    "a.csv:18:3: the JSON ends before the bracket that opens here is closed",
  ]]);
  const strange = await readFile(`[\n{"price":1,"of":"bread"}]`, "BTCUSDT");
  assertStringIncludes(
    strange.reasons[0]!,
    `a.csv:2:1: the record has the fields "price,of": expected ccxt trades`,
  );
});

Deno.test("a header that no layout has is refused with those that are read and with --columns for it", () => {
  const told = (line: string) => String(layoutOf(new TextEncoder().encode(line)));
  const half = told("exchange,symbol,timestamp,id,side,price,amount");
  for (const venue of ["Tardis", "Bybit", "OKX", "Kraken", "Coinbase", "Bitstamp", "ccxt"]) {
    assertStringIncludes(half, venue);
  }
  assertStringIncludes(half, "--columns -,-,time,id,side,price,quantity");
  assertStringIncludes(told("Date;Price;Amount;Side"), "--columns time,price,quantity,side");
  assertStringIncludes(told("a,b,c"), "--columns time,price,quantity");
  assertStringIncludes(
    told("trade_id,side,size,price,created_time,price"),
    "--columns id,side,quantity,price,time,-",
  );
});

Deno.test("recorded answers of Kraken and Coinbase are read completely", {
  ignore: !isRecorded(
    "kraken_http_trades_XBTUSDT.json",
    "coinbase_matches.txt",
    "coinbase_market_trades.jsonl",
  ),
}, async () => {
  const kraken = await readFile(
    await Deno.readFile(recordedFile("kraken_http_trades_XBTUSDT.json")),
    "XBTUSDT",
  );
  assertEquals([kraken.reasons, kraken.trades.length, kraken.isCounted], [[], 1000, false]);
  assertEquals(kraken.trades[0], [10_218_208, 1_762_795_433_971_744, "105433.6", "0.00027625", false]);
  assertEquals(kraken.trades.map(([id]) => id), kraken.trades.map((_, at) => 10_218_208 + at));

  const lines = (await Deno.readTextFile(recordedFile("coinbase_matches.txt"))).trimEnd().split("\n");
  const frames = lines.map((line) => line.slice(line.indexOf("{")));
  const matches = frames.map((frame) => JSON.parse(frame)).filter(({ type }) => /match$/.test(type));
  for (const product of new Set(matches.map(({ product_id }) => product_id as string))) {
    const own = matches.filter(({ product_id }) => product_id === product);
    // Feeds start with other frames; as trades alone, they are known by their first line.
    const text = frames.filter((frame) => frame.includes("trade_id")).join("\n");
    const read = await readFile(text, product.replace("-", ""));
    assertEquals(read.reasons, []);
    assertEquals(
      read.trades.map(([id, , , , sold]) => [id, sold]),
      own.map((o) => [o.trade_id, o.side === "buy"]),
    );
  }

  const advanced = (await Deno.readTextFile(recordedFile("coinbase_market_trades.jsonl"))).trimEnd().split(
    "\n",
  )
    .map((line) => JSON.parse(line).frame as string);
  const read = await readFile(advanced.join("\n"), "BTCUSD");
  assertEquals([read.reasons, read.trades.length + read.others], [[], 279]);
});

for (const { name, shows } of JSON_SHAPES) {
  Deno.test(`JSON: ${name} are like no other shape`, () => {
    for (const other of JSON_SHAPES) {
      if (other.name !== name) assert(!other.shows.every((key) => shows.includes(key)), other.name);
    }
  });
}

const file = (header: string) => (records: readonly Uint8Array[]) =>
  joined(new TextEncoder().encode(`${header}\n`), ...records);
const side = ({ buyerIsMaker }: FileTrade) => buyerIsMaker ? "sell" : "buy";
const TARDIS = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount";

testTradeFile({
  name: "a file of Tardis",
  isOpenEnded: true,
  format: venueCsv,
  layout: "Tardis trades",
  file: file(TARDIS),
  record: (trade) =>
    `binance,BTCUSDT,${trade.time},${trade.time + 9},${trade.lastId},${
      side(trade)
    },${trade.price},${trade.quantity}\n`,
  damaged: [
    ["binance,BTCUSDT,1723161255342000,1,7,buy,0,1\n", 42, `price is "0"`],
    ["binance,BTCUSDT,soon,1,7,buy,1,1\n", 17, `timestamp is "soon"`],
    ["binance\n", 8, "the row has 1 field: expected 8"],
  ],
});

testTradeFile({
  name: "a file of Bybit's spot market",
  isOpenEnded: true,
  format: venueCsv,
  layout: "Bybit spot trades",
  file: file("id,timestamp,price,volume,side,rpi"),
  record: (trade) => `1,${trade.time / 1000},${trade.price},${trade.quantity},${side(trade)},0\n`,
  isCounted: true,
  damaged: [["1,1723161255342,x,1,buy,0\n", 17, `price is "x"`]],
});

testTradeFile({
  name: "a file of Kraken's time and sales",
  isOpenEnded: true,
  format: venueCsv,
  layout: "Kraken time and sales",
  record: (trade) => `${trade.time / 1e6},${trade.price},${trade.quantity}\n`,
  isCounted: true,
  hasSides: false,
  damaged: [["1723161255,1,\n", 14, "volume is empty"]],
});

const JSON_RECORD = (trade: FileTrade) =>
  `{"id":"${trade.lastId}","timestamp":${trade.time / 1000},"datetime":"","symbol":"BTC/USDT","side":"${
    side(trade)
  }","price":${trade.price},"amount":${trade.quantity}}`;

testTradeFile({
  name: "a JSON array of ccxt",
  format: jsonTrades,
  layout: "trades as JSON",
  file: (records) => {
    const lines = records.map((record) => new TextDecoder().decode(record).trimEnd());
    return new TextEncoder().encode(`[${lines.join(",\n")}]`);
  },
  record: JSON_RECORD,
  damaged: [
    [`{"id":"7","timestamp":1723161255342,"symbol":"BTC/USDT","price":0,"amount":1}`, 65, `price is "0"`],
    [`{"id":"7","price":}`, 19, "not JSON"],
  ],
});

testTradeFile({
  name: "a file of ccxt's trades, one per line",
  format: jsonTrades,
  layout: "trades as JSON, one per line",
  record: (trade) => `${JSON_RECORD(trade)}\n`,
  damaged: [
    [`{"id":"7","timestamp":1723161255342,"symbol":"BTC/USDT","price":0,"amount":1}\n`, 65, `price is "0"`],
    [`{"id":"7","price":\n`, 19, "not JSON"],
  ],
});
