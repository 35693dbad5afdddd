import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Tick } from "../../src/domain/tick.ts";
import { Parse } from "../../src/stages/parse.ts";
import { messageOf, reading } from "../support/pipeline_input.ts";

const newParse = () => new Parse();

/** The message of a trade with one id, or of an aggregate. */
function trade(firstId: number, lastId = firstId, price = "61837.63"): string {
  return messageOf({ firstId, lastId, time: 1_723_161_255_342_000, price });
}

/** Ids and what is missing before them. */
function idsOf(ticks: Iterable<Tick>): [number, number][] {
  return [...ticks].map(({ id, missing }) => [id, missing]);
}

/** Everything that a run over batches shows. */
function shown(parse: Parse, batches: readonly (readonly string[])[]): Record<string, unknown> {
  const ticks = batches.flatMap((batch) => [...parse.over(reading(batch))]).map((tick) => ({ ...tick }));
  parse.end();
  return { ticks, counts: parse.counts, snapshot: parse.snapshot(), rejections: parse.takeRejections() };
}

Deno.test("Parse.over() makes one tick of every trade, with all that the message says", () => {
  const messages = [
    `{"e":"aggTrade","E":1,"s":"BTCUSDT","a":7,"p":"61837.63000000","q":"12.0041","f":3,"l":5,"T":1723161255342,"m":true,"M":true}`,
    trade(6),
  ];
  const [tick, ...others] = newParse().over(reading(messages));
  assertEquals(others.length, 1);
  const {
    symbol,
    firstId,
    id,
    time,
    price,
    decimals,
    quantityWhole,
    quantityFraction,
    buyerIsMaker,
    missing,
  } = tick!;
  assertEquals({
    symbol,
    firstId,
    id,
    time,
    price,
    decimals,
    quantityWhole,
    quantityFraction,
    buyerIsMaker,
    missing,
  }, {
    symbol: "BTCUSDT",
    firstId: 3,
    id: 5,
    time: 1_723_161_255_342_000,
    price: 6_183_763,
    decimals: 2,
    quantityWhole: 12,
    quantityFraction: 410_000,
    buyerIsMaker: true,
    missing: 0,
  });
});

Deno.test("Parse.over() drops and counts trades seen before, and marks what is missing before a trade", () => {
  const parse = newParse();
  const messages = [
    trade(100),
    trade(101),
    trade(101),
    trade(99),
    trade(105),
    trade(103, 106),
    trade(90, 106),
  ];
  assertEquals(idsOf(parse.over(reading(messages))), [[100, 0], [101, 0], [105, 3], [106, 0]]);
  assertEquals(parse.counts, { duplicates: 3, rejected: 0, passedOver: 0 });
});

Deno.test("Parse.over() keeps the price unit as fine as the finest price so far", () => {
  const prices = ["61837", "61837.5", "61837.25", "61838", "0.00000001", "1"];
  const ticks = [...newParse().over(reading(prices.map((price, at) => trade(at + 1, at + 1, price))))];
  assertEquals(ticks.map(({ price, decimals }) => [price, decimals]), [
    [61_837, 0],
    [618_375, 1],
    [6_183_725, 2],
    [6_183_800, 2],
    [1, 8],
    [100_000_000, 8],
  ]);
});

Deno.test("Parse.over() counts the unusable and passes over the rest, and goes on", () => {
  const parse = newParse();
  const messages = [
    "{broken",
    trade(1),
    `{"result":null,"id":1}`,
    trade(2),
    trade(3).replace("61837.63", "0"),
    trade(3),
  ];
  assertEquals(idsOf(parse.over(reading(messages))), [[1, 0], [2, 0], [3, 0]]);
  assertEquals(parse.counts, { duplicates: 0, rejected: 2, passedOver: 1 });
});

Deno.test("Parse.takeRejections() hands out the count since last time, with a bounded sample of the first", () => {
  const parse = newParse();
  assertEquals(parse.takeRejections(), null);
  const long = `{"e":"trade","s":"BTCUSDT","t":-1,"x":"${"y".repeat(1_000)}"}`;
  idsOf(parse.over(reading([long, "{", trade(1), "["])));
  assertEquals(parse.takeRejections(), { count: 3, reason: "trade id is -1", sample: long.slice(0, 200) });
  assertEquals(parse.takeRejections(), null);
  idsOf(parse.over(reading(["]"])));
  assertEquals(parse.takeRejections(), { count: 1, reason: "not JSON", sample: "]" });
  assertEquals(parse.counts.rejected, 4);
});

Deno.test("Parse.over() finds no gap where the id went to a marker that was no market trade", () => {
  const marker = (id: number) =>
    `{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":${id},"p":"0","q":"0","X":"NA","m":true}`;
  const parse = newParse();
  assertEquals(idsOf(parse.over(reading([trade(10), marker(11), trade(12), marker(14), trade(15)]))), [[
    10,
    0,
  ], [
    12,
    0,
  ], [15, 2]]);
  assertEquals(parse.counts.rejected, 2);
});

Deno.test("Parse.over() does not believe one wild id, and keeps taking the trades after it", () => {
  const wild = 9_007_199_254_740_991;
  const parse = newParse();
  assertEquals(idsOf(parse.over(reading([trade(100), trade(wild), trade(101), trade(102)]))), [[100, 0], [
    101,
    0,
  ], [
    102,
    0,
  ]]);
  assertEquals(parse.counts, { duplicates: 0, rejected: 1, passedOver: 0 });
  assertEquals(parse.takeRejections(), {
    count: 1,
    reason: `trade id ${wild} is far from the one before, 100, and no trade followed on it`,
    sample: trade(wild).slice(0, 200),
  });
});

Deno.test("Parse.over() believes a leap once the next trade follows on it, in a later batch too", () => {
  const ahead = newParse();
  assertEquals(idsOf(ahead.over(reading([trade(100), trade(5_000_000_000)]))), [[100, 0]]);
  assertEquals(idsOf(ahead.over(reading([trade(5_000_000_001), trade(5_000_000_002)]))), [
    [5_000_000_000, 4_999_999_899],
    [5_000_000_001, 0],
    [5_000_000_002, 0],
  ]);
  const anew = newParse();
  const messages = [trade(5_000_000_000), trade(7), trade(7), trade(4_999_999_999), trade(8), trade(9)];
  assertEquals(idsOf(anew.over(reading(messages))), [[5_000_000_000, 0], [7, -1], [8, 0], [9, 0]]);
  assertEquals(anew.counts, { duplicates: 2, rejected: 0, passedOver: 0 });
});

Deno.test("Parse.end() counts a leap that nothing followed as rejected", () => {
  const parse = newParse();
  assertEquals(idsOf(parse.over(reading([trade(100), trade(5_000_000_000)]))), [[100, 0]]);
  assertEquals(parse.counts.rejected, 0);
  parse.end();
  parse.end();
  assertEquals(parse.counts.rejected, 1);
});

Deno.test("Parse.restore() of a snapshot drops what was seen, marks what is missing and keeps the unit", () => {
  const first = newParse();
  idsOf(first.over(reading([trade(1, 1, "0.5"), trade(2, 2, "0.25")])));
  const counts = { duplicates: 0, rejected: 0, passedOver: 0 };
  assertEquals(first.snapshot(), { lastId: 2, decimals: 2, counts });
  const second = newParse();
  second.restore(first.snapshot());
  const ticks = [...second.over(reading([trade(2), trade(6, 6, "3")]))];
  assertEquals(ticks.map(({ id, missing, price, decimals }) => ({ id, missing, price, decimals })), [
    { id: 6, missing: 3, price: 300, decimals: 2 },
  ]);
  assertEquals(second.counts.duplicates, 1);
});

Deno.test("Parse.over() reads no further than it is pulled", () => {
  const parse = newParse();
  const ticks = parse.over(reading([trade(1), "{", trade(2)]));
  ticks.next();
  assertEquals(parse.counts.rejected, 0);
  ticks.return(undefined);
  assertEquals(parse.snapshot().lastId, 1);
});

/** What stands between trades: other text of every length, non-ASCII, lone surrogates, messages too long to scan. */
const between = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 2, arbitrary: fc.constantFrom("", "é", "{", "}", "\ud800", "\udc00", `"`, "💰") },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 70_000 }).map((length) => "x".repeat(length)) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 60_000, max: 70_000 }).map((length) => `{"e":"ü${"x".repeat(length)}"}`),
  },
);

const stream = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 2 }) }, { weight: 1, arbitrary: between }),
  { minLength: 1, maxLength: 200, size: "max" },
).map((parts) => {
  let id = 0;
  return parts.map((part) => typeof part === "string" ? part : trade(id += part, id, `${1 + id % 7}.${id}`));
});

Deno.test("Parse.over() finds the same in one batch as message by message, whatever stands between the trades", () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 150 }), (messages, size) => {
      const single = shown(newParse(), messages.map((message) => [message]));
      assertEquals(shown(newParse(), [messages]), single);
      const batches = [];
      for (let at = 0; at < messages.length; at += size) batches.push(messages.slice(at, at + size));
      assertEquals(shown(newParse(), batches), single);
    }),
    { numRuns: 150 },
  );
});

Deno.test("Parse.over() finds the same in one batch where the text just fills the buffer, or just does not", () => {
  const room = 64 * 1024;
  for (const odd of ["x", "é", "€", "💰", "\ud800"]) {
    for (const spare of [-3, -2, -1, 0, 1, 2, 3]) {
      const trades = [trade(1), trade(2)];
      // Behind non-ASCII text the bytes stand further on than the characters: this one reads as a trade then.
      const shifted = `${trade(3).slice(1)} `;
      const used = odd.length + 1 + trades.join("").length + shifted.length;
      const messages = [trades[0]!, `${odd}{`, shifted, trades[1]!, "y".repeat(room - used + spare)];
      assertEquals(shown(newParse(), [messages]), shown(newParse(), messages.map((message) => [message])));
    }
  }
});
