/** What CsvRows refuses, and what it says about it. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import {
  BOOLEAN,
  FUTURES_AGGREGATE,
  FUTURES_AGGREGATES,
  FUTURES_TRADE,
  FUTURES_TRADES,
  HEADERS,
  ID,
  open,
  originOf,
  PRICE,
  QUANTITY,
  read,
  SPOT_AGGREGATE,
  SPOT_AGGREGATES,
  SPOT_TRADE,
  SPOT_TRADES,
  TIME,
  withField,
} from "../support/csv.ts";

Deno.test("CsvRows.next() reports where any kind of bad field is, what it holds and what was expected", () => {
  const cases: [header: string, row: string, column: number, what: string][] = [
    [SPOT_TRADES, withField(SPOT_TRADE, 1, "-1"), 1, `id is "-1": expected ${ID}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 1, ""), 1, `id is empty: expected ${ID}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 1, "007"), 1, `id is "007": expected ${ID}`],
    [
      SPOT_TRADES,
      withField(SPOT_TRADE, 1, "9007199254740992"),
      1,
      `id is "9007199254740992": expected ${ID}`,
    ],
    [SPOT_TRADES, withField(SPOT_TRADE, 2, "abc"), 10, `price is "abc": expected ${PRICE}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 2, ""), 10, `price is empty: expected ${PRICE}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 2, "0.00000000"), 10, `price is "0.00000000": expected ${PRICE}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 2, " 1"), 10, `price is " 1": expected ${PRICE}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 2, "9.08e-06"), 10, `price is "9.08e-06": expected ${PRICE}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 2, "１"), 10, `price is "\\uff11": expected ${PRICE}`],
    [
      SPOT_TRADES,
      withField(SPOT_TRADE, 2, "\x1b[2J\x9b"),
      10,
      `price is "\\u001b[2J\\u009b": expected ${PRICE}`,
    ],
    [
      SPOT_TRADES,
      withField(SPOT_TRADE, 2, "9".repeat(1000)),
      10,
      `price is "${"9".repeat(60)}"…: expected ${PRICE}`,
    ],
    [SPOT_TRADES, withField(SPOT_TRADE, 3, "0"), 22, `qty is "0": expected ${QUANTITY}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 3, "1.123456789"), 22, `qty is "1.123456789": expected ${QUANTITY}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 4, "x"), 33, `quoteQty is "x": expected decimal text`],
    [SPOT_TRADES, withField(SPOT_TRADE, 5, "0"), 46, `time is "0": expected ${TIME}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 5, "1.5e12"), 46, `time is "1.5e12": expected ${TIME}`],
    [
      SPOT_TRADES,
      withField(SPOT_TRADE, 5, "15837094335830000000"),
      46,
      `time is "15837094335830000000": expected ${TIME}`,
    ],
    [SPOT_TRADES, withField(SPOT_TRADE, 6, "WAHR"), 60, `isBuyerMaker is "WAHR": expected ${BOOLEAN}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 7, "1"), 65, `isBestMatch is "1": expected ${BOOLEAN}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 7, "Tru"), 65, `isBestMatch is "Tru": expected ${BOOLEAN}`],
    [SPOT_TRADES, withField(SPOT_TRADE, 7, "\rTrue"), 65, `isBestMatch is "\\rTrue": expected ${BOOLEAN}`],
    [SPOT_AGGREGATES, withField(SPOT_AGGREGATE, 1, "x"), 1, `aggId is "x": expected ${ID}`],
    [SPOT_AGGREGATES, withField(SPOT_AGGREGATE, 4, "-1"), 32, `firstId is "-1": expected ${ID}`],
    [
      SPOT_AGGREGATES,
      withField(SPOT_AGGREGATE, 5, "209942016"),
      42,
      `lastId is "209942016": expected at least the firstId, 209942017`,
    ],
    [
      FUTURES_TRADES,
      withField(FUTURES_TRADE, 6, "maybe"),
      50,
      `is_buyer_maker is "maybe": expected ${BOOLEAN}`,
    ],
    [FUTURES_TRADES, withField(FUTURES_TRADE, 4, "-5"), 25, `quote_qty is "-5": expected decimal text`],
    [FUTURES_AGGREGATES, withField(FUTURES_AGGREGATE, 3, "."), 18, `quantity is ".": expected ${QUANTITY}`],
    [
      FUTURES_AGGREGATES,
      withField(FUTURES_AGGREGATE, 6, "2024-10-18"),
      43,
      `transact_time is "2024-10-18": expected ${TIME}`,
    ],
    [
      FUTURES_AGGREGATES,
      FUTURES_AGGREGATE.slice(0, 40),
      41,
      `the row has 5 fields: expected 7 (${FUTURES_AGGREGATES})`,
    ],
    [FUTURES_AGGREGATES, "1", 2, `the row has 1 field: expected 7 (${FUTURES_AGGREGATES})`],
    [FUTURES_AGGREGATES, ",", 2, `the row has 2 fields: expected 7 (${FUTURES_AGGREGATES})`],
    [SPOT_AGGREGATES, `${SPOT_AGGREGATE},`, 77, `the row has 9 fields: expected 8 (${SPOT_AGGREGATES})`],
    [SPOT_AGGREGATES, `${SPOT_AGGREGATE},,é`, 77, `the row has 10 fields: expected 8 (${SPOT_AGGREGATES})`],
  ];
  for (const [header, row, column, what] of cases) {
    const good = HEADERS.indexOf(header);
    const usual = [SPOT_TRADE, SPOT_AGGREGATE, FUTURES_TRADE, FUTURES_AGGREGATE][good]!;
    for (const text of [`${usual}\n\n${row}\n${usual}\n`, `${header}\r\n${usual}\r\n${row}\r\n${usual}`]) {
      const message = `trades.csv:3:${column}: ${what}`;
      const reader = open(originOf(header), text);
      assertEquals(reader.next(), "trade");
      assertEquals(reader.next(), "rejected", row);
      assertEquals(reader.reason, message);
      assertEquals(reader.sample(), row.slice(0, 200));
      assertEquals(reader.next(), "trade");
      assertEquals(reader.next(), null);

      const strict = open(originOf(header), text, true);
      assertEquals(strict.next(), "trade");
      const error = assertThrows(() => strict.next(), UnusableInput);
      assertEquals(error.message, message);
      assertEquals(error.place, { name: "trades.csv", line: 3, column });
    }
  }
});

Deno.test("CsvRows.next() skips the aggregates that Binance marked as invalid, and no others", () => {
  const struckOut = [
    "7,0,0,-1,-1,1729987202368,False,True",
    "7,0.00000000,0.00,-1,-1,1729987202368,False,True",
  ];
  for (const row of struckOut) assertEquals(read(SPOT_AGGREGATES, row), ["other"]);
  assertEquals(read(FUTURES_AGGREGATES, "7,0,0.0,-1,-1,1729987202368,false\n"), ["other"]);
  for (
    const row of [
      "7,0,0,-1,1,1729987202368,False,True",
      "7,0,0,1,-1,1729987202368,False,True",
      "7,1,0,-1,-1,1729987202368,False,True",
      "7,0,1,-1,-1,1729987202368,False,True",
      "7,0,0.10,-1,-1,1729987202368,False,True",
      "7,0,,-1,-1,1729987202368,False,True",
      "7,-0,0,-1,-1,1729987202368,False,True",
      "7,0,0,-1,-1,1729987202368,False",
      "7,0,0,-1,-12,1729987202368,False,True",
    ]
  ) {
    const [found] = read(SPOT_AGGREGATES, row);
    assert(typeof found === "string" && found.startsWith("trades.csv:1:"), row);
  }
  assertEquals(read(SPOT_TRADES, "-1,0,0,0,1729987202368,False,True"), [
    `trades.csv:1:1: id is "-1": expected ${ID}`,
  ]);
});
