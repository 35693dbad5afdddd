import { assert, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import {
  backfilledText,
  type BackfilledTrade,
  BackfilledTrades,
  faultOf,
  holeIn,
  readBackfilledText,
  runsOf,
} from "../../../src/domain/market/backfilled_trades.ts";
import type { TradeFields } from "../../../src/domain/market/trade_reader.ts";
import { Parse } from "../../../src/stages/parse.ts";
import { ticksIn } from "../../support/blocks.ts";
import { assertEquals } from "../../support/equals.ts";

const ROW: BackfilledTrade = {
  firstId: 3735683259,
  lastId: 3735683259,
  price: "61837.63000000",
  quantity: "0.02000000",
  time: 1723161255342,
  buyerIsMaker: true,
};

function rowsAt(ids: readonly (readonly [number, number])[]): BackfilledTrade[] {
  return ids.map(([firstId, lastId]) => ({ ...ROW, firstId, lastId }));
}

function fieldsOf(trade: TradeFields): TradeFields {
  const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = trade;
  return { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker };
}

/** The same values as a message of the stream. */
function messageOf(row: Record<keyof BackfilledTrade, unknown>): string {
  const { firstId, lastId, price, quantity, time, buyerIsMaker } = row;
  return JSON.stringify({
    e: "aggTrade",
    s: "BTCUSDT",
    a: 1,
    p: price,
    q: quantity,
    f: firstId,
    l: lastId,
    T: time,
    m: buyerIsMaker,
  });
}

Deno.test("BackfilledTrades reads every row of a page exactly, and then returns null", () => {
  const reader = new BackfilledTrades("BTCUSDT");
  assertEquals([reader.next(), reader.sample()], [null, ""]);
  reader.open([ROW, { ...ROW, firstId: 3735683260, lastId: 3735683264, time: 1723161255342123 }]);
  assertEquals(reader.next(), "trade");
  assertEquals(fieldsOf(reader.trade), {
    firstId: 3735683259,
    lastId: 3735683259,
    time: 1723161255342000,
    price: 6183763,
    decimals: 2,
    quantityWhole: 0,
    quantityFraction: 2000000,
    buyerIsMaker: true,
  });
  assertEquals(reader.sample(), `[3735683259,3735683259,"61837.63000000","0.02000000",1723161255342,true]`);
  // An aggregate is read as its trades, one by one.
  for (let id = 3735683260; id <= 3735683264; id++) {
    assertEquals([reader.next(), reader.taken], ["trade", 2]);
    const quantityFraction = id === 3735683264 ? 2000000 : 0;
    assertEquals(fieldsOf(reader.trade), {
      firstId: id,
      lastId: id,
      time: 1723161255342123,
      price: 6183763,
      decimals: 2,
      quantityWhole: 0,
      quantityFraction,
      buyerIsMaker: true,
    });
  }
  assertEquals([reader.next(), reader.next()], [null, null]);
  assertEquals([reader.open([ROW]).next(), reader.symbol, reader.emptyId], ["trade", "BTCUSDT", -1]);
});

Deno.test("BackfilledTrades rejects what the stream's reader rejects, for the same reasons", () => {
  const values: { readonly [K in keyof BackfilledTrade]: readonly unknown[] } = {
    firstId: [-1, 0.5, "7", null, 2 ** 53, 3735683260, undefined],
    lastId: [-1, "7", 2 ** 53, 3735683258],
    price: [
      "",
      "0",
      "0.0",
      "-1",
      "1e5",
      " 1",
      "1 ",
      "1.",
      ".5",
      "01",
      "1,5",
      "9007199254740992",
      "1.123456789",
      5,
      null,
    ],
    quantity: [
      "",
      "0.00000000",
      "-1",
      "1e15",
      "1000000000000000.1",
      "NaN",
      "0x1",
      "0.000000001",
      5,
      undefined,
    ],
    time: [0, -1, 1.5, "1723161255342", null],
    buyerIsMaker: ["true", 1, null, undefined],
  };
  const late = new BackfilledTrades("BTCUSDT");
  const stream = new BinanceMessageReader("BTCUSDT");
  for (const [name, bad] of Object.entries(values)) {
    for (const value of bad) {
      const row = { ...ROW, [name]: value };
      const printed = JSON.stringify(row);
      assertEquals(late.open([row as BackfilledTrade, ROW]).next(), "rejected", printed);
      assertEquals(stream.decode(messageOf(row)), "rejected", printed);
      if (name === "price" || name === "quantity") assertEquals(late.reason, stream.reason);
      assert(late.sample().length <= 200 && late.reason.length <= 200);
      // The next row is still read.
      assertEquals(late.next(), "trade");
    }
  }
});

Deno.test("BackfilledTrades reads every price and quantity as the stream's reader does", () => {
  const late = new BackfilledTrades("BTCUSDT");
  const stream = new BinanceMessageReader("BTCUSDT");
  const amount = fc.oneof(
    fc.stringMatching(/^\d{1,9}\.\d{0,10}0{0,70}$/),
    fc.stringMatching(/^\d{1,17}$/),
    fc.stringMatching(/^[0-9.eé+ -]{0,12}$/),
    fc.string({ maxLength: 90 }),
  );
  fc.assert(
    fc.property(
      amount,
      amount,
      fc.maxSafeNat(),
      fc.nat(),
      fc.boolean(),
      (price, quantity, id, time, maker) => {
        const row = { firstId: id, lastId: id, price, quantity, time, buyerIsMaker: maker };
        const readResult = late.open([row]).next();
        assertEquals(readResult, stream.decode(messageOf(row)));
        if (readResult === "trade") assertEquals(fieldsOf(late.trade), fieldsOf(stream));
      },
    ),
    { numRuns: 3_000 },
  );
});

Deno.test("BackfilledTrades keeps nothing of a longer text for the next one", () => {
  const reader = new BackfilledTrades("BTCUSDT");
  const long = `1.5${"0".repeat(61)}`;
  reader.open([{ ...ROW, price: "61837.63999999" }, { ...ROW, price: long }, { ...ROW, price: "6" }]);
  assertEquals([reader.next(), reader.trade.price, reader.trade.decimals], ["trade", 6183763999999, 8]);
  assertEquals([reader.next(), reader.trade.price, reader.trade.decimals], ["trade", 15, 1]);
  assertEquals([reader.next(), reader.trade.price, reader.trade.decimals], ["trade", 6, 0]);
});

Deno.test("the parse stage takes backfilled trades as it takes messages", () => {
  const parse = new Parse();
  const reader = new BackfilledTrades("BTCUSDT");
  const ticks = [...ticksIn(parse.over(reader.open(rowsAt([[5, 5], [6, 8]]))))];
  const ids = [5, 6, 7, 8];
  assertEquals(
    ticks.map(({ firstId, id, missing }) => [firstId, id, missing]),
    ids.map((id) => [id, id, 0]),
  );
  // Known trades are dropped.
  assertEquals([...ticksIn(parse.over(reader.open(rowsAt([[7, 9], [10, 10]]))))].map(({ id }) => id), [
    9,
    10,
  ]);
  assertEquals(parse.counts.duplicates, 2);
});

Deno.test("faultOf() finds holes, overlaps and rows that cannot be read, and nothing else", () => {
  assertEquals(faultOf([]), null);
  assertEquals(faultOf(rowsAt([[0, 0], [1, 5], [6, 6]])), null);
  assertEquals(faultOf(rowsAt([[0, 999_999]])), null);
  assertEquals(faultOf(rowsAt([[0, 1_000_000]])), "trade id is 0 to 1000000");
  assertEquals(faultOf(rowsAt([[1, 5], [7, 7]])), "trade 7 comes after trade 5, expected 6");
  assertEquals(faultOf(rowsAt([[1, 5], [5, 7]])), "trade 5 comes after trade 5, expected 6");
  assertStringIncludes(
    faultOf([ROW, { ...ROW, firstId: ROW.lastId + 1, lastId: ROW.lastId + 1, price: "x" }])!,
    "x",
  );
});

Deno.test("runsOf() splits rows where ids are left out, and holeIn() names the first such place", () => {
  const rows = rowsAt([[1, 5], [6, 6], [8, 9], [10, 10], [12, 12]]);
  assertEquals(runsOf(rows).map((run) => run.map(({ firstId }) => firstId)), [[1, 6], [8, 10], [12]]);
  assertEquals(runsOf([]), []);
  assertEquals(holeIn(rows, 1), "trade 7 is missing, the first one after it is 8");
  assertEquals(holeIn(rows, 0), "trade 0 is missing, the first one after it is 1");
  assertEquals([holeIn(rows.slice(0, 2), 1), holeIn([], 7)], [null, null]);
});

const DECIMAL = fc.tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 0, max: 99_999_999 }))
  .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(8, "0")}`);

/** A page that an exchange could have sent. */
const PAGE = fc.tuple(
  fc.integer({ min: 0, max: 2 ** 40 }),
  fc.array(
    fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      DECIMAL,
      DECIMAL,
      fc.integer({ min: 1, max: 2 ** 50 }),
      fc.boolean(),
    ),
    { maxLength: 20 },
  ),
).map(([start, rows]) => {
  let next = start;
  return rows.map(([count, price, quantity, time, buyerIsMaker]): BackfilledTrade => {
    const firstId = next;
    next += count;
    return { firstId, lastId: next - 1, price, quantity, time, buyerIsMaker };
  });
});

Deno.test("readBackfilledText() gives back every page that backfilledText() wrote, to the last character", () => {
  fc.assert(fc.property(PAGE, (rows) => {
    const text = backfilledText(rows);
    assertEquals(text.includes("\n"), false);
    assertEquals(readBackfilledText(text), { rows });
    assertEquals(backfilledText(rows), text);
  }));
});

Deno.test("readBackfilledText() refuses a text that is not a page, with the value found", () => {
  const row = `[7,7,"1.5","2",1723161255342,true]`;
  const cases: [text: string, says: string][] = [
    ["", "not JSON"],
    ["[", "not JSON"],
    ["7", "the backfilled trades are 7, not an array"],
    ["null", "the backfilled trades are null, not an array"],
    [`{"rows":[]}`, "not an array"],
    ["[7]", "a backfilled trade is 7, not an array of 6 values"],
    [row, "a backfilled trade is 7, not an array of 6 values"],
    [`[[7,7,"1.5","2",1723161255342]]`, "not an array of 6 values"],
    [`[[7,7,"1.5","2",1723161255342,true,0]]`, "not an array of 6 values"],
    [`[[8,7,"1.5","2",1723161255342,true]]`, "trade id is 8 to 7"],
    [`[[7,7,1.5,"2",1723161255342,true]]`, "price is 1.5, not decimal text"],
    [`[[7,7,"1.5","2 ",1723161255342,true]]`, `quantity is "2 "`],
    [`[[7,7,"1.5","2",0,true]]`, "trade time is 0"],
    [`[[7,7,"1.5","2",1723161255342,1]]`, "not true or false"],
    [`[${row},${row}]`, "trade 7 comes after trade 7, expected 8"],
    [`[${row},[9,9,"1.5","2",1723161255342,true]]`, "trade 9 comes after trade 7, expected 8"],
  ];
  for (const [text, says] of cases) {
    const read = readBackfilledText(text);
    assert("malformed" in read, text);
    assertStringIncludes(read.malformed, says);
  }
});

Deno.test("readBackfilledText() never throws, and accepts only pages, however the text was changed", () => {
  fc.assert(
    fc.property(PAGE, fc.nat(), fc.string({ maxLength: 3 }), fc.nat(4), (rows, place, scrap, cut) => {
      const text = backfilledText(rows);
      const at = place % (text.length + 1);
      const read = readBackfilledText(text.slice(0, at) + scrap + text.slice(at + cut));
      if ("rows" in read) assertEquals(faultOf(read.rows), null);
    }),
    { numRuns: 1_000 },
  );
});
