/** Holds the formats of the table to the contract. */
import { assert, assertEquals } from "@std/assert";
import { binanceCsv } from "../../src/formats/binance_csv.ts";
import { messages, recordings } from "../../src/formats/message_files.ts";
import { joined } from "../feeds/recorded_input.ts";
import { HEADERS, ID, PRICE, TIME } from "../support/csv.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { CSV_LAYOUTS, csvText, type FileTrade, USUAL } from "../support/trade_files.ts";
import { testTradeFile, type TradeFileCase } from "./trade_file_contract.ts";

const CASES: readonly TradeFileCase[] = [
  ...CSV_LAYOUTS.flatMap((layout, at) =>
    [false, true].map((header): TradeFileCase => {
      const record = (trade: FileTrade) => csvText([trade], layout, USUAL);
      const row = record({
        firstId: 7,
        lastId: 7,
        time: 1_723_161_255_342_000,
        price: "0",
        quantity: "1",
        buyerIsMaker: true,
      });
      const head = new TextEncoder().encode(`${HEADERS[at]}\n`);
      const price = row.indexOf(",") + 2;
      const isAggregate = layout.endsWith("aggTrades");
      const time = row.indexOf("1723161255342") + 1;
      const late = row.replace(",0,", ",1,").replace("1723161255342", "soon");
      return {
        name: `a file of ${layout} ${header ? "with" : "without"} a header`,
        format: binanceCsv,
        layout,
        record,
        ...(header ? { file: (records) => joined(head, ...records) } : {}),
        damaged: [
          [row, price, `price is "0": expected ${PRICE}`],
          [late, time, `is "soon": expected ${TIME}`],
          [`x${row.replace(",0,", ",1,")}`, 1, isAggregate ? 'is "x' : `id is "x7": expected ${ID}`],
          ["7,1\n", 4, "the row has 2 fields: expected"],
        ],
      };
    })
  ),
  {
    name: "a recording",
    format: recordings,
    layout: "recording",
    record: (trade) => `${trade.time + 123} ${frameOf(trade)}\n`,
    damaged: [
      [`1723161255342123 {"e":"trade"\n`, 30, "not JSON"],
      [`soon {"e":"trade"}\n`, 1, `expected "<receive time> <frame>"`],
      [
        `1723161255342123 {"e":"trade","s":"BTCUSDT","t":7,"p":"-1","q":"1","T":1723161255342,"m":true}\n`,
        51,
        "-1",
      ],
    ],
  },
  {
    name: "a file of messages",
    format: messages,
    layout: "messages",
    record: (trade) => `${frameOf(trade)}\n`,
    damaged: [
      [`{"e":"trade"\n`, 13, "not JSON"],
      [`{"e":"trade","s":"BTCUSDT","t":7,"p":"-1","q":"1","T":1723161255342,"m":true}\n`, 34, "-1"],
    ],
  },
];

function frameOf(trade: FileTrade): string {
  return messageOf(trade, "trade").replace(`"m":true`, `"m":${trade.buyerIsMaker}`);
}

for (const subject of CASES) testTradeFile(subject);

Deno.test("every format has its row in the table, and a test that holds it to the contract", () => {
  const formats = new URL("../../src/formats/", import.meta.url);
  const declared = textsIn(formats).flatMap((text) =>
    [...text.matchAll(/^export const (\w+): TradeFile\b/gm)].map(([, name]) => name!)
  );
  const table = Deno.readTextFileSync(new URL("file_layout.ts", formats));
  const [, rows = ""] = /TRADE_FILES: readonly TradeFile\[\] = \[([^\]]*)\]/.exec(table) ?? [];
  assertEquals(rows.match(/\w+/g)?.toSorted(), declared.toSorted());
  const tests = textsIn(new URL("./", import.meta.url)).filter((text) => text.includes("testTradeFile("));
  // A kline is four trades, and a Parquet file has no records in bytes: their own tests show the same of them.
  for (const name of declared.filter((name) => !["binanceKlines", "parquet"].includes(name))) {
    assert(tests.some((text) => text.includes(`format: ${name},`)), name);
  }
});

function textsIn(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => Deno.readTextFileSync(new URL(name, folder)));
}
