import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import type { Block } from "../../src/domain/market/block.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Parse } from "../../src/stages/parse.ts";
import { messageOf, reading } from "../support/pipeline_input.ts";
import { ticksIn } from "../support/blocks.ts";
import { MESSAGES } from "../support/layouts.ts";
import { assertEquals } from "../support/equals.ts";
import { ANY_CHARACTER } from "../support/any_character.ts";

const newParse = () => new Parse();

const TIME = 1_723_161_255_342_000;
const SECOND = 1_000_000, HOUR = 3_600 * SECOND, DAY = 24 * HOUR, YEAR = 366 * DAY;

/** The message of a trade with one id, or of an aggregate. */
function trade(firstId: number, lastId = firstId, price = "61837.63", time = TIME): string {
  return messageOf({ firstId, lastId, time, price });
}

/** The message of a trade with one id, this many seconds after the first. */
function tradeAt(seconds: number, id: number): string {
  return trade(id, id, "61837.63", TIME + seconds * SECOND);
}

/** A reader that reads these messages as the lines of a file. */
function lines(messages: readonly string[], strict = true): ChunkReader {
  const bytes = new TextEncoder().encode(messages.join("\n"));
  const origin = { name: "trades.jsonl", layout: MESSAGES };
  return new ChunkReader(new BinanceMessageReader("BTCUSDT"), strict).open({
    origin,
    bytes,
    start: 0,
    end: bytes.length,
  });
}

/** All counts, if only `counts` are not zero. */
function counted(some: Partial<Parse["counts"]>): Parse["counts"] {
  return { duplicates: 0, rejected: 0, passedOver: 0, outOfOrder: 0, resets: 0, ...some };
}

/** The ids, and how many trades are missing before each. */
function idsOf(blocks: Iterable<Block>): [number, number][] {
  return [...ticksIn(blocks)].map(({ id, missing }) => [id, missing]);
}

/** The results of reading these batches. */
function shown(parse: Parse, batches: readonly (readonly string[])[]): Record<string, unknown> {
  const ticks = batches.flatMap((batch) => [...ticksIn(parse.over(reading(batch)))]);
  parse.end();
  return { ticks, counts: parse.counts, snapshot: parse.snapshot(), rejections: parse.takeRejections() };
}

Deno.test("Parse.over() makes one tick of every trade, with everything in the message", () => {
  const messages = [
    `{"e":"aggTrade","E":1,"s":"BTCUSDT","a":7,"p":"61837.63000000","q":"12.0041","f":3,"l":5,"T":1723161255342,"m":true,"M":true}`,
    trade(6),
  ];
  const [tick, ...others] = ticksIn(newParse().over(reading(messages)));
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
  assertEquals(parse.counts, counted({ duplicates: 2, outOfOrder: 1 }));
});

Deno.test("Parse.over() keeps the price unit as fine as the finest price so far", () => {
  const prices = ["61837", "61837.5", "61837.25", "61838", "0.00000001", "1"];
  const ticks = [
    ...ticksIn(newParse().over(reading(prices.map((price, at) => trade(at + 1, at + 1, price))))),
  ];
  assertEquals(ticks.map(({ price, decimals }) => [price, decimals]), [
    [61_837, 0],
    [618_375, 1],
    [6_183_725, 2],
    [6_183_800, 2],
    [1, 8],
    [100_000_000, 8],
  ]);
});

Deno.test("Parse.over() counts unusable messages, skips foreign ones, and continues", () => {
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
  assertEquals(parse.counts, counted({ rejected: 2, passedOver: 1 }));
});

Deno.test("Parse.takeRejections() returns the count since the last call, with a bounded sample of the first", () => {
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

Deno.test("Parse.over() finds no gap if a marker that is not a market trade used the id", () => {
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

Deno.test("Parse.over() rejects a single wild id, and still reads the trades after it", () => {
  const wild = 9_007_199_254_740_991;
  const parse = newParse();
  assertEquals(idsOf(parse.over(reading([trade(100), trade(wild), trade(101), trade(102)]))), [[100, 0], [
    101,
    0,
  ], [
    102,
    0,
  ]]);
  assertEquals(parse.counts, counted({ rejected: 1 }));
  assertEquals(parse.takeRejections(), {
    count: 1,
    reason: `trade id ${wild} is far from the one before, 100, and no trade followed it`,
    sample: trade(wild).slice(0, 200),
  });
});

Deno.test("Parse.over() accepts a jump once the next trade follows it, even in a later batch", () => {
  const ahead = newParse();
  assertEquals(idsOf(ahead.over(reading([trade(100), trade(5_000_000_000)]))), [[100, 0]]);
  assertEquals(idsOf(ahead.over(reading([trade(5_000_000_001), trade(5_000_000_002)]))), [
    [5_000_000_000, 4_999_999_899],
    [5_000_000_001, 0],
    [5_000_000_002, 0],
  ]);
});

Deno.test("Parse.over() finds a reset once five trades in a row have ids that start over", () => {
  for (const start of [1, 90, 101]) {
    const parse = newParse();
    const old = Array.from({ length: 200 }, (_, at) => tradeAt(at, 100 + at));
    const fresh = Array.from({ length: 5 }, (_, at) => tradeAt(300 + at, start + at));
    idsOf(parse.over(reading(old)));
    assertEquals(idsOf(parse.over(reading(fresh.slice(0, 4)))), []);
    // Until the reset is confirmed, they count as trades of the old sequence.
    assertEquals(parse.counts.duplicates + parse.counts.outOfOrder, 4);
    assertEquals(idsOf(parse.over(reading([fresh[3]!, fresh[4]!, tradeAt(310, start + 5)]))), [
      [start, -1],
      ...[1, 2, 3, 4, 5].map((more): [number, number] => [start + more, 0]),
    ]);
    assertEquals([parse.lastIdBeforeReset, parse.lastId], [299, start + 5]);
    assertEquals(parse.counts, counted({ duplicates: 1, resets: 1 }));
    assertEquals(parse.snapshot().seen, {
      first: start,
      last: start + 5,
      holes: [],
      latest: TIME + 310 * SECOND,
    });
  }
});

Deno.test("Parse.over() finds a reset even if its ids have holes and repeat", () => {
  const parse = newParse();
  idsOf(parse.over(reading([tradeAt(0, 99), tradeAt(1, 100)])));
  const unusable = tradeAt(11, 9).replace("61837.63", "0");
  const fresh = [[10, 6], [10, 6], [12, 8], [13, 10], [14, 11], [15, 12], [16, 13]] as const;
  const messages = fresh.map(([seconds, id]) => tradeAt(seconds, id));
  assertEquals(idsOf(parse.over(reading(messages.toSpliced(3, 0, unusable)))), [
    [6, -1],
    [8, 1],
    [10, 0],
    [11, 0],
    [12, 0],
    [13, 0],
  ]);
  assertEquals(parse.counts, counted({ duplicates: 1, rejected: 1, resets: 1 }));
  assertEquals(parse.snapshot().seen?.holes, [7, 7]);
});

Deno.test("Parse.over() finds no reset in late or repeated trades, however many", () => {
  const parse = newParse();
  const old = Array.from({ length: 100 }, (_, at) => tradeAt(at, 100 + at));
  idsOf(parse.over(reading([...old, tradeAt(300, 400)])));
  const early = Array.from({ length: 50 }, (_, at) => tradeAt(at - 60, 40 + at));
  const between = Array.from({ length: 50 }, (_, at) => tradeAt(101 + at, 201 + at));
  assertEquals(idsOf(parse.over(reading([...old, ...early, ...between, tradeAt(300, 400)]))), []);
  assertEquals(parse.counts, counted({ duplicates: 101, outOfOrder: 100 }));
  // Four later than all others, after which the old sequence continues.
  const few = [1, 2, 3, 4].map((id) => tradeAt(301 + id, id));
  assertEquals(idsOf(parse.over(reading([...few, tradeAt(310, 401)]))), [[401, 0]]);
  assertEquals(parse.counts, counted({ duplicates: 101, outOfOrder: 104 }));
  idsOf(parse.over(reading(few.slice(0, 2).map((_, at) => tradeAt(400 + at, at)))));
  parse.end();
  assertEquals(parse.counts, counted({ duplicates: 101, outOfOrder: 106 }));
});

Deno.test("Parse.takeStrays() returns trades out of order, separately from unusable messages", () => {
  const parse = newParse();
  idsOf(parse.over(reading([tradeAt(0, 100), tradeAt(5, 105), "{", tradeAt(2, 102), tradeAt(3, 103)])));
  assertEquals(parse.takeStrays(), {
    count: 2,
    reason: "trade 102 is out of order: trade 105 came before it",
    sample: tradeAt(2, 102).slice(0, 200),
  });
  assertEquals([parse.takeStrays(), parse.takeRejections()?.count], [null, 1]);
});

Deno.test("Parse.over() stops at a row out of order in a file, names it, and mentions --sort", () => {
  const parse = newParse();
  const messages = [tradeAt(0, 100), tradeAt(5, 105), tradeAt(2, 102)];
  const ticks = ticksIn(parse.over(lines(messages)));
  assertEquals([ticks.next().value?.id, ticks.next().value?.id], [100, 105]);
  const { message } = assertThrows(() => ticks.next(), UnusableInput);
  assertStringIncludes(message, "trades.jsonl:3: trade 102 is out of order: trade 105 came before it");
  assertStringIncludes(message, "--sort reads files, members of archives and rows in the order of their ids");
  const lenient = newParse();
  assertEquals(idsOf(lenient.over(lines(messages, false))), [[100, 0], [105, 4]]);
  assertEquals(lenient.counts, counted({ outOfOrder: 1 }));
});

Deno.test("Parse.over() finds a reset even after mistaken times", () => {
  const parse = newParse();
  const far = 200 * YEAR / SECOND;
  const there = [tradeAt(0, 99), tradeAt(1, 100), tradeAt(far, 101), tradeAt(far, 102)];
  const back = [tradeAt(2, 103), tradeAt(3, 104)];
  const again = [1, 2, 3, 4, 5].map((id) => tradeAt(id + 3, id));
  assertEquals(
    idsOf(parse.over(lines([...there, ...back, ...again]))).map(([id]) => id),
    [99, 100, 101, 102, 103, 104, 1, 2, 3, 4, 5],
  );
  assertEquals(parse.counts, counted({ resets: 1 }));
});

Deno.test("Parse.over() finds no hole if an unusable message has the ids", () => {
  const parse = newParse();
  const unusable = (first: number, last = first) => trade(first, last).replace("61837.63", "0");
  const messages = [trade(1), unusable(2), trade(3), unusable(4, 9), trade(10), trade(12), unusable(11)];
  assertEquals(idsOf(parse.over(reading(messages))), [[1, 0], [3, 0], [10, 0], [12, 1]]);
  assertEquals(parse.counts, counted({ rejected: 3 }));
});

Deno.test("Parse.over() counts a usable copy of an unusable message as out of order, not as seen, once a later trade came", () => {
  const unusable = trade(2).replace("61837.63", "0");
  const parse = newParse();
  assertEquals(idsOf(parse.over(reading([trade(1), unusable, trade(3), trade(2), trade(1)]))), [[1, 0], [
    3,
    0,
  ]]);
  assertEquals(parse.counts, counted({ rejected: 1, outOfOrder: 1, duplicates: 1 }));
  assertStringIncludes(parse.takeStrays()!.reason, "trade 2 is out of order: trade 3 came before it");
  const resumed = newParse();
  resumed.restore(JSON.parse(JSON.stringify(parse.snapshot())), TIME);
  assertEquals(idsOf(resumed.over(reading([trade(2), trade(4)]))), [[4, 0]]);
  assertEquals(resumed.counts, counted({ rejected: 1, outOfOrder: 2, duplicates: 1 }));
});

/** The result of reading a file of trades at these times (µs after the first), with consecutive ids. */
function ofTimes(times: readonly number[], strict = false): { ids: number[]; rejected: number } {
  const parse = newParse();
  const messages = times.map((time, at) => trade(at, at, "61837.63", TIME + time));
  const ids = [...ticksIn(parse.over(lines(messages, strict)))].map(({ id }) => id);
  parse.end();
  ids.push(...[...ticksIn(parse.over(lines([])))].map(({ id }) => id));
  assertEquals(parse.counts.outOfOrder, 0);
  return { ids, rejected: parse.counts.rejected };
}

Deno.test("Parse.over() accepts a wild time in a file only once the next trade confirms it", () => {
  const far = 200 * YEAR;
  assertEquals(ofTimes([0, SECOND, far, 2 * SECOND, 3 * SECOND]), { ids: [0, 1, 3, 4], rejected: 1 });
  assertEquals(ofTimes([0, SECOND, -2 * DAY, 2 * SECOND, 3 * SECOND]), { ids: [0, 1, 3, 4], rejected: 1 });
  assertEquals(ofTimes([0, SECOND, far, far + 1, far + 2]), { ids: [0, 1, 2, 3, 4], rejected: 0 });
  assertEquals(ofTimes([0, SECOND, -2 * DAY, 1 - 2 * DAY]), { ids: [0, 1, 2, 3], rejected: 0 });
  assertEquals(ofTimes([0, SECOND, 2 * DAY, 2 * SECOND, 3 * SECOND]), { ids: [0, 1, 3, 4], rejected: 1 });
  // A day is not far, and a market may trade less often than daily.
  assertEquals(ofTimes([0, DAY, 0, DAY]), { ids: [0, 1, 2, 3], rejected: 0 });
  assertEquals(ofTimes([0, 2 * DAY, 9 * DAY, 99 * DAY, YEAR]), { ids: [0, 1, 2, 3, 4], rejected: 0 });
  assertEquals(ofTimes([0, SECOND, 9 * DAY]), { ids: [0, 1, 2], rejected: 0 });
  // A wild time at the start, two that differ, and one at the end.
  assertEquals(ofTimes([far, 0, SECOND]), { ids: [1, 2], rejected: 1 });
  assertEquals(ofTimes([0, far, SECOND, 2 * SECOND]), { ids: [0, 2, 3], rejected: 1 });
  assertEquals(ofTimes([0, SECOND, far, far / 2, 2 * SECOND]), { ids: [0, 1, 4], rejected: 2 });
  assertEquals(ofTimes([0, SECOND, far]), { ids: [0, 1], rejected: 1 });
  assertEquals(ofTimes([far]), { ids: [0], rejected: 0 });
});

Deno.test("Parse.over() stops at a wild time in a file, and names its line", () => {
  const { message } = assertThrows(() => ofTimes([0, SECOND, 200 * YEAR, 2 * SECOND], true), UnusableInput);
  assertStringIncludes(message, "trades.jsonl:3: the time of trade 2, 2225-");
  assertStringIncludes(message, "and the next trade did not confirm it");
});

Deno.test("Parse.over() yields the first line of a file before it reports an error in the second", () => {
  const ticks = ticksIn(newParse().over(lines([trade(1), "{broken"])));
  assertEquals(ticks.next().value?.id, 1);
  assertThrows(() => ticks.next(), UnusableInput, "trades.jsonl:2:");
  const backwards = ticksIn(newParse().over(lines([trade(5), trade(4)])));
  assertEquals(backwards.next().value?.id, 5);
  assertThrows(() => backwards.next(), UnusableInput, "trades.jsonl:2: trade 4 is out of order");
});

Deno.test("Parse.over() holds a live trade whose time is far from its arrival and from the trade before", () => {
  const parse = newParse();
  let id = 0;
  const take = (time: number, receivedAt: number): number[] => {
    const message = trade(id, id, "61837.63", TIME + time);
    id++;
    return [
      ...ticksIn(
        parse.over(new FrameBatch(new BinanceMessageReader("BTCUSDT")).open([message], TIME + receivedAt)),
      ),
    ].map(({ id }) => id);
  };
  assertEquals(take(0, SECOND), [0]);
  assertEquals(take(200 * YEAR, 2 * SECOND), []);
  assertEquals(take(3 * SECOND, 3 * SECOND), [2]);
  assertEquals(parse.counts, counted({ rejected: 1 }));
  assertStringIncludes(parse.takeRejections()!.reason, "the time of trade 1, 2225-");
  // A time of tomorrow is rejected too, even if another follows.
  assertEquals([take(DAY, 4 * SECOND), take(4 * SECOND, 5 * SECOND)], [[], [4]]);
  // After a pause the time is near the arrival; a clock that is always wrong is not a wild time.
  assertEquals(take(5 * HOUR, 5 * HOUR + SECOND), [5]);
  assertEquals([take(5 * HOUR + SECOND, 9 * HOUR), take(8 * HOUR, 12 * HOUR)], [[6], []]);
  assertEquals(take(11 * HOUR, 15 * HOUR), [7, 8]);
  assertEquals(parse.counts, counted({ rejected: 2 }));
});

Deno.test("Parse.over() marks a hole correctly even if the trade after it has a wild time", () => {
  const messages = [trade(1), trade(2), trade(5, 5, "1", TIME + 200 * YEAR), trade(6), trade(7)];
  const ticks = [...ticksIn(newParse().over(lines(messages, false)))];
  // From 3 on: trade 5 is unusable.
  assertEquals(ticks.map(({ id, missing }) => [id, missing]), [[1, 0], [2, 0], [6, 3], [7, 0]]);
});

Deno.test("Parse.end() counts a jump that nothing follows as rejected", () => {
  const parse = newParse();
  assertEquals(idsOf(parse.over(reading([trade(100), trade(5_000_000_000)]))), [[100, 0]]);
  assertEquals(parse.counts.rejected, 0);
  parse.end();
  parse.end();
  assertEquals(parse.counts.rejected, 1);
});

Deno.test("Parse.restore() continues from a snapshot: drops what was seen, marks what is missing and keeps the unit", () => {
  const first = newParse();
  idsOf(first.over(reading([trade(1, 1, "0.5"), trade(2, 2, "0.25")])));
  const seen = { first: 1, last: 2, holes: [], latest: TIME };
  assertEquals(first.snapshot(), { lastId: 2, decimals: 2, counts: counted({}), seen });
  const second = newParse();
  second.restore(first.snapshot(), TIME);
  const ticks = [...ticksIn(second.over(reading([trade(2), trade(6, 6, "3")])))];
  assertEquals(ticks.map(({ id, missing, price, decimals }) => ({ id, missing, price, decimals })), [
    { id: 6, missing: 3, price: 300, decimals: 2 },
  ]);
  assertEquals(second.counts.duplicates, 1);
});

Deno.test("Parse.over() reads no further than it is pulled", () => {
  const parse = newParse();
  const blocks = parse.over(reading([trade(1), "{", trade(2)]));
  assertEquals(blocks.next().value?.size, 1);
  assertEquals(parse.counts.rejected, 0);
  blocks.return(undefined);
  assertEquals(parse.snapshot().lastId, 1);
});

Deno.test("Parse.over() reads nothing beyond a block without readsAhead, whatever the lines are like", () => {
  const ordinary = (from: number) => Array.from({ length: 20 }, (_, at) => trade(from + at));
  // A line that starts with a space is in no block of the reader.
  const messages = [
    ...[...ordinary(1), ` ${trade(21)}`, ` ${trade(22)}`, `{"result":null,"id":1}`, ...ordinary(23)],
    ...[` ${trade(43)}`, "", trade(44), trade(46), trade(46), ` ${trade(47)}`],
  ];
  const lineOf = (id: number) => messages.findIndex((message) => message.includes(`"t":${id},`)) + 1;
  const reader = lines(messages);
  const sizes: number[] = [];
  for (const { size, id } of new Parse(false, { readsAhead: false }).over(reader)) {
    sizes.push(size);
    // The first trade of a file waits for the second.
    if (id[size - 1]! > 1) assertEquals(reader.line, lineOf(id[size - 1]!));
  }
  assertEquals(sizes, [1, 1, 18, 1, 1, 1, 19, 1, 1, 1, 1]);
});

/** Text between trades: of any length, non-ASCII, lone surrogates, messages too long to scan. */
const between = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: ANY_CHARACTER, maxLength: 20 }) },
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

Deno.test("Parse.over() reads the same in one batch as message by message, whatever is between the trades", () => {
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

Deno.test("FrameBatch.isAtEnd is true only where next() returns null, and after the last trade", () => {
  fc.assert(
    fc.property(stream, (messages) => {
      const batch = reading(messages);
      for (;;) {
        const { isAtEnd } = batch;
        const read = batch.next();
        if (isAtEnd) assertEquals(read, null);
        if (read === null) break;
      }
    }),
    { numRuns: 150 },
  );
  const batch = reading([trade(1), trade(2)]);
  assertEquals([batch.next(), batch.isAtEnd], ["trade", false]);
  assertEquals([batch.next(), batch.isAtEnd], ["trade", true]);
});

Deno.test("Parse.over() reads the same in one batch if the text just fills the buffer, or just does not", () => {
  const room = 64 * 1024;
  for (const odd of ["x", "é", "€", "💰", "\ud800"]) {
    for (const spare of [-3, -2, -1, 0, 1, 2, 3]) {
      const trades = [trade(1), trade(2)];
      // After non-ASCII text, byte offsets exceed character offsets. At the character offset, this is a trade.
      const shifted = `${trade(3).slice(1)} `;
      const used = odd.length + 1 + trades.join("").length + shifted.length;
      const messages = [trades[0]!, `${odd}{`, shifted, trades[1]!, "y".repeat(room - used + spare)];
      assertEquals(shown(newParse(), [messages]), shown(newParse(), messages.map((message) => [message])));
    }
  }
});
