import { assert, assertEquals } from "@std/assert";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import type { Origin } from "../../src/formats/trade_file.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { microseconds } from "../../src/domain/numbers/time.ts";
import {
  BOOLEAN,
  drain,
  fieldsOf,
  FUTURES_AGGREGATE,
  FUTURES_AGGREGATES,
  FUTURES_TRADE,
  FUTURES_TRADES,
  ID,
  open,
  originOf,
  PRICE,
  read,
  SPOT_AGGREGATE,
  SPOT_AGGREGATES,
  SPOT_TRADE,
  SPOT_TRADES,
  withField,
} from "../support/csv.ts";
import { isRecorded, zipLines } from "../support/recorded_data.ts";

const ENCODER = new TextEncoder();

const TRADE = {
  firstId: 51175358,
  lastId: 51175358,
  time: 1583709433583000,
  price: 178018,
  decimals: 4,
  quantityWhole: 5,
  quantityFraction: 69_000_000,
  buyerIsMaker: true,
};
const AGGREGATE = {
  firstId: 209942017,
  lastId: 209942019,
  time: 1729987202368000,
  price: 908,
  decimals: 8,
  quantityWhole: 3591711,
  quantityFraction: 0,
  buyerIsMaker: false,
};

Deno.test("CsvRows.next() reads the rows of every layout, in ms and µs, and any spelling of true", () => {
  const micros = (row: string) => row.replace(/(?<=,)(1\d{12})(?=,)/, "$1123");
  const futuresTrade = {
    firstId: 1151022504,
    lastId: 1151022504,
    time: 1788220802731000,
    price: 785261,
    decimals: 1,
    quantityWhole: 83,
    quantityFraction: 0,
    buyerIsMaker: true,
  };
  const futuresAggregate = {
    firstId: 551530707,
    lastId: 551530707,
    time: 1729209603958000,
    price: 7097,
    decimals: 4,
    quantityWhole: 19,
    quantityFraction: 0,
    buyerIsMaker: false,
  };
  const cases = [
    [SPOT_TRADES, SPOT_TRADE, TRADE],
    [SPOT_AGGREGATES, SPOT_AGGREGATE, AGGREGATE],
    [FUTURES_TRADES, FUTURES_TRADE, futuresTrade],
    [FUTURES_AGGREGATES, FUTURES_AGGREGATE, futuresAggregate],
  ] as const;
  for (const [header, row, trade] of cases) {
    assertEquals(read(header, `${row}\n`), [trade]);
    assertEquals(read(row, `${header}\n${row}\n`), [trade]);
    assertEquals(read(header, `${micros(row)}\n`), [{ ...trade, time: trade.time + 123 }]);
    const other = row.replaceAll(/True|true|False|false/g, (word) => {
      return word[0] === word[0]!.toUpperCase() ? word.toLowerCase() : word[0]!.toUpperCase() + word.slice(1);
    });
    assertEquals(read(header, `${other}\n${row}`), [trade, trade]);
  }
});

Deno.test("CsvRows.next() accepts any line end, and none at the end of the file, and skips blank lines and the header", () => {
  const spot = read(SPOT_TRADES, `${SPOT_TRADE}\n`.repeat(3));
  assertEquals(spot, [TRADE, TRADE, TRADE]);
  for (
    const text of [
      `${SPOT_TRADE}\r\n`.repeat(3),
      `${SPOT_TRADE}\r\n`.repeat(2) + SPOT_TRADE,
      `${SPOT_TRADE}\n`.repeat(2) + SPOT_TRADE,
      `${SPOT_TRADE}\n`.repeat(2) + SPOT_TRADE + "\r",
      `\n\r\n${SPOT_TRADE}\n\n${SPOT_TRADE}\r\n\r\n\n${SPOT_TRADE}\n\n\r\n`,
      ` \n${SPOT_TRADE}\n\t \r\n${SPOT_TRADE}\n${SPOT_TRADE}\n  \n\t`,
      `${SPOT_TRADES}\n${`${SPOT_TRADE}\n`.repeat(3)}`,
      ` ${SPOT_TRADES}\n${`${SPOT_TRADE}\n`.repeat(3)}`,
      `\n${SPOT_TRADES.toUpperCase()}\r\n\n${`${SPOT_TRADE}\n`.repeat(3)}\r`,
    ]
  ) assertEquals(read(SPOT_TRADES, text), spot, JSON.stringify(text));
  assertEquals(read(SPOT_TRADES, `${SPOT_TRADE}\r\r\n`), [
    `trades.csv:1:65: isBestMatch is "True\\r": expected ${BOOLEAN}`,
  ]);
  for (const text of ["", "\n", "\r\n", "\r", SPOT_TRADES, `${SPOT_TRADES}\n`, `\n\n${SPOT_TRADES}`]) {
    assertEquals(read(SPOT_TRADES, text), [], JSON.stringify(text));
  }
});

Deno.test("CsvRows.next() reads no byte outside the chunk", () => {
  const origin = originOf(FUTURES_TRADES);
  const reader = open(origin);
  const row = FUTURES_TRADE.slice(0, -4);
  for (const around of [0, 1, 10, 100]) {
    const bytes = ENCODER.encode("7".repeat(around) + row + "true\n,1,2\n".repeat(around));
    reader.open({ origin, bytes, start: around, end: around + row.length + 4 * Math.sign(around) });
    assertEquals(drain(reader).length, 1);
    reader.open({ origin, bytes, start: around, end: around + row.length });
    assertEquals(reader.next(), "rejected");
    reader.open({ origin, bytes, start: around, end: around });
    assertEquals(reader.next(), null);
  }
});

Deno.test("CsvRows.next() has the same limits for prices and quantities as the reader of messages", () => {
  const texts = [
    ..."0.00000001 90000000 90000000.00000000 89999999.99999999 0.000000010000 1. .5 0 0.0 00 01 01.5".split(
      " ",
    ),
    ..."90071992.54740991 90071992.54740992 1700000000.5 9007199254740991 9007199254740992 90071992547409.92 0.000000001 1.123456789 -1 +1 1e3 1.2.3 1_0"
      .split(
        " ",
      ),
    ..."0.1 0.12 0.123 0.1234 0.12345 0.123456 0.1234567 0.12345678 1234.5 12345.6 1000 100.010".split(" "),
    ..."1000000000000000 1000000000000000.00000001 999999999999999.99999999 1000000000000001 0x1".split(" "),
    ..."10000000000000000 9999999999999999 55356950612.00 NaN Infinity 1.50000000 10.20304050".split(" "),
    "1".repeat(400),
    `1.${"0".repeat(400)}`,
    `1.${"0".repeat(400)}1`,
  ];
  for (const text of texts) {
    for (const [column, letter] of [[2, "p"], [3, "q"]] as const) {
      const messages = new BinanceMessageReader("BTCUSDT");
      const message = {
        e: "trade",
        s: "BTCUSDT",
        t: 51175358,
        p: "17.8018",
        q: "5.69",
        T: 1583709433583,
        m: true,
      };
      const readResult = messages.decode(JSON.stringify({ ...message, [letter]: text }));
      const [found] = read(SPOT_TRADES, withField(SPOT_TRADE, column, text));
      if (readResult === "trade") assertEquals(found, fieldsOf(messages), text);
      else assert(typeof found === "string" && found.includes(` is "${text.slice(0, 60)}"`), text);
    }
  }
});

Deno.test("CsvRows.next() reads whole numbers of any length, whatever the column held before", () => {
  const ids = [
    ..."0 1 12 123 1234 12345 123456 1234567 12345678 12345679 22345678 99999999 100000000".split(" "),
    ..."100000001 199999999 200000000 1234567890 1234567891 12345678 9876543210 123456789012".split(" "),
    ..."1234567890123 123456789012345 1234567890123456 1234567890123457 9007199254740991".split(" "),
    ..."9007199154740991 9007199254740990 1 10 1000000000".split(" "),
  ];
  const rows = ids.flatMap((id, at) => [id, ids[ids.length - 1 - at]!])
    .map((id) => `${id},1,1,1,${id === "0" ? "1" : id},true`);
  const reader = open(originOf(FUTURES_TRADES), rows.join("\n"), true);
  for (const row of rows) {
    assertEquals(reader.next(), "trade");
    const time = Number(row.split(",")[4]!);
    assertEquals(reader.trade.firstId, Number(row.split(",")[0]), row);
    assertEquals(reader.trade.time, microseconds(time));
  }
  // A number that starts like the one before it may end differently.
  const pairs: [before: string, id: string, isGood: boolean][] = [
    ["123456789", "12345678x", false],
    ["12345678", "02345678", false],
    ["1234567890", "123456789", true],
    ["9007199254740991", "9007199254740993", false],
  ];
  for (const [before, id, isGood] of pairs) {
    const text = `${before},1,1,1,1,true\n${id},1,1,1,1,true\n`;
    const second = isGood ? Number(id) : `trades.csv:2:1: id is "${id}": expected ${ID}`;
    const found = read(FUTURES_TRADES, text)[1];
    assertEquals(typeof found === "string" ? found : (found as { firstId: number }).firstId, second);
  }
});

Deno.test("CsvRows.next() reads the same trades from columns in any order of a header, with others among them", () => {
  const order = "symbol,isBuyerMaker,time,lastId,firstId,qty,price,aggId";
  const other = (row: string) => {
    const [aggId, price, qty, firstId, lastId, time, isBuyerMaker] = row.split(",");
    return [",", isBuyerMaker, time, lastId, firstId, qty, price, aggId].join(",").slice(1);
  };
  const rows = [
    SPOT_AGGREGATE,
    "3071000001,61837.63000000,12.00410000,3735683259,3735683263,1735689600010866,true,True",
    "7,0,0,-1,-1,1729987202368,False,True",
  ];
  assertEquals(
    read(order, `${order}\r\n${rows.map(other).join("\r\n")}`),
    read(SPOT_AGGREGATES, rows.join("\n")),
  );
  const bad = other(withField(SPOT_AGGREGATE, 2, "abc"));
  assertEquals(read(order, bad), [`trades.csv:1:53: price is "abc": expected ${PRICE}`]);
  assertEquals(read(order, other(withField(SPOT_AGGREGATE, 5, "3"))), [
    `trades.csv:1:22: last_trade_id is "3": expected at least the first_trade_id, 209942017`,
  ]);
  assertEquals(read(order, "a,b\n1,2,3"), ["trades.csv:2:6: the row has 3 fields: expected 8"]);
});

Deno.test("CsvRows.open() continues the same file wherever it was cut", () => {
  const lines = [
    SPOT_AGGREGATES,
    SPOT_AGGREGATE,
    "",
    "nonsense",
    `${SPOT_AGGREGATE}\r`,
    "x,1",
    SPOT_AGGREGATE,
  ];
  const whole = read(SPOT_AGGREGATES, lines.join("\n"));
  assertEquals(whole.length, 5);
  for (let cuts = 0; cuts < 2 ** (lines.length - 1); cuts++) {
    const origin = originOf(SPOT_AGGREGATES);
    const reader = open(origin);
    const found: unknown[] = [];
    let piece = "";
    for (const [index, line] of lines.entries()) {
      const isLast = index === lines.length - 1;
      piece += isLast ? line : `${line}\n`;
      if (!isLast && (cuts & (1 << index)) === 0) continue;
      const bytes = ENCODER.encode(piece);
      reader.open({ origin, bytes, start: 0, end: bytes.length });
      found.push(...drain(reader));
      piece = "";
    }
    assertEquals(found, whole, `cut ${cuts.toString(2)}`);
  }
});

Deno.test("ChunkReader.open() starts every file at line 1, in its own layout, and drops the rest of the previous one", () => {
  const reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), false);
  const openNext = (origin: Origin, text: string): void => {
    const bytes = ENCODER.encode(text);
    reader.open({ origin, bytes, start: 0, end: bytes.length });
  };
  openNext(originOf(SPOT_AGGREGATES, "a.csv"), `${SPOT_AGGREGATES}\n1\n`);
  openNext(originOf(FUTURES_TRADES, "b.zip (b.csv)"), `${FUTURES_TRADES}\n2\n`);
  assertEquals(drain(reader), [`b.zip (b.csv):2:2: the row has 1 field: expected 6 (${FUTURES_TRADES})`]);
  openNext(originOf(SPOT_AGGREGATES, "c.csv"), "3");
  assertEquals(drain(reader), [`c.csv:1:2: the row has 1 field: expected 8 (${SPOT_AGGREGATES})`]);
});

Deno.test("CsvRows.next() reads a file that was saved by a spreadsheet, or as a table with numbered rows", () => {
  const header = "id,price,qty,time,is_buyer_maker";
  const row = "7,0.5,2,1735689600000,true";
  const trades = read(header, `${header}\n${row}`);
  assertEquals(trades.length, 1);
  assertEquals(read(header, `${header}\r\n${row.toUpperCase()}\r\n`), trades);
  assertEquals(read(header, row.replace("true", "False")), read(header, row.replace("true", "FALSE")));
  const numbered = `,${header}`;
  assertEquals(read(numbered, `${numbered}\n0,${row}\n`), trades);
});

Deno.test("CsvRows.next() takes a line of letters for a header only at the start of a file", () => {
  const found = read(FUTURES_TRADES, `${FUTURES_TRADES}\n${FUTURES_TRADES}\n`);
  assertEquals(found, [`trades.csv:2:1: id is "id": expected ${ID}`]);
});

Deno.test("CsvRows.sample() shows at most the first 200 characters of the row read last", () => {
  const empty = open(originOf(FUTURES_TRADES));
  assertEquals([empty.sample(), empty.symbol], ["", "BTCUSDT"]);
  const reader = open(originOf(FUTURES_TRADES), `é${"x€".repeat(300)}\n${FUTURES_TRADE}\r\n\n1`);
  const samples: string[] = [];
  // The first row does not start with an ASCII letter, so it is no header.
  while (reader.next() !== null) samples.push(reader.sample());
  assertEquals(samples, [`é${"x€".repeat(99)}x`, FUTURES_TRADE, "1"]);
});

for (
  const [file, header, count, first, last] of [
    ["spot-PEPEUSDT-aggTrades-2024-10-27.zip", SPOT_AGGREGATES, 57_229, 209942017, 210334192],
    ["futures-APEUSDT-aggTrades-2024-10-18.zip", FUTURES_AGGREGATES, 45_342, 551530707, 551711614],
  ] as const
) {
  Deno.test({
    name: `CsvRows.next() reads every row of ${file} exactly`,
    ignore: !isRecorded(file),
    async fn() {
      const lines = await zipLines(file);
      const reader = open(originOf(lines[0]!), lines.join("\n"), true);
      const rows = header === FUTURES_AGGREGATES ? lines.slice(1) : lines;
      assertEquals(rows.length, count);
      const other = open(originOf(`${header},note`), rows.map((row) => `${row},`).join("\r\n"), true);
      for (const row of rows) {
        assertEquals([reader.next(), other.next()], ["trade", "trade"]);
        const [, price, quantity, firstId, lastId, time, isBuyerMaker] = row.split(",") as string[];
        const { trade } = reader;
        const plain = (text: string) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
        const read = [
          trade.price / 10 ** trade.decimals === Number(price),
          trade.decimals === (plain(price!).split(".")[1] ?? "").length,
          BigInt(trade.quantityWhole) * 10n ** 8n + BigInt(trade.quantityFraction) ===
            BigInt(quantity!.replace(".", "") + "0".repeat(8 - quantity!.split(".")[1]!.length)),
          trade.firstId === Number(firstId),
          trade.lastId === Number(lastId),
          trade.time === Number(time) * 1000,
          String(trade.buyerIsMaker) === isBuyerMaker!.toLowerCase(),
        ];
        if (read.includes(false)) assertEquals(read, read.map(() => true), row);
        if (JSON.stringify(fieldsOf(other.trade)) !== JSON.stringify(fieldsOf(trade))) {
          assertEquals(fieldsOf(other.trade), fieldsOf(trade));
        }
        if (row === rows[0]) assertEquals(trade.firstId, first);
      }
      assertEquals(reader.trade.lastId, last);
      assertEquals([reader.next(), other.next()], [null, null]);
    },
  });
}

Deno.test("CsvRows.next() finds the unit of each row's time by its magnitude", () => {
  const times = ["1735689600", "1735689600123", "1735689600123456", "1735689600123456789", "1735689601"];
  const rows = times.map((time, at) => `${at},1,1,1,${time},true\n`);
  const reader = open(originOf(FUTURES_TRADES), rows.join(""), true);
  const found = times.map(() => [reader.next(), reader.trade.time]);
  assertEquals(found, [
    ["trade", 1735689600000000],
    ["trade", 1735689600123000],
    ["trade", 1735689600123456],
    ["trade", 1735689600123456],
    ["trade", 1735689601000000],
  ]);
});

Deno.test("CsvRows.emptyId gives the ids of an unusable row, if they can be read", () => {
  const rows: [header: string, row: string, first: number, last: number][] = [
    [FUTURES_TRADES, "7,0,1,1,1735689600000,true", 7, 7],
    [FUTURES_TRADES, "7,1,1,1,1735689600000,maybe", 7, 7],
    [FUTURES_TRADES, "7,1,1", 7, 7],
    [FUTURES_TRADES, "7,1,1,1,1735689600000,true,,", 7, 7],
    [FUTURES_TRADES, "7", -1, -1],
    [FUTURES_TRADES, "7x,1,1,1,1735689600000,true", -1, -1],
    [FUTURES_AGGREGATES, "1,1,0,7,9,1735689600000,true", 7, 9],
    [FUTURES_AGGREGATES, "1,1,0,9,7,1735689600000,true", -1, -1],
    [FUTURES_AGGREGATES, "1,1,0,7,9", -1, -1],
  ];
  for (const [header, row, first, last] of rows) {
    const reader = open(originOf(header), `${row}\n`);
    assertEquals([reader.next(), reader.emptyFirstId, reader.emptyId], ["rejected", first, last], row);
  }
});
