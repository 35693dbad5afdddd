import { assert, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { inFormOf } from "../../src/stages/pipeline_snapshot.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import { type Choices, computeReference, type PlainTrade, type Reference } from "../support/reference.ts";
import { scenario } from "../support/scenario.ts";
import { assertEquals } from "../support/equals.ts";

const batchSizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 });

/** The trades up to the `count`th that is not a duplicate. */
function upTo(trades: readonly PlainTrade[], count: number): PlainTrade[] {
  let last = -1;
  let left = count;
  return trades.filter(({ lastId }) => {
    if (left === 0) return false;
    if (lastId > last) {
      last = lastId;
      left--;
    }
    return true;
  });
}

/** All events of a run over batches, to the end of the input. */
function eventsOf(pipeline: Pipeline, batches: Iterable<readonly string[]>): PipelineEvent[] {
  const events: PipelineEvent[] = [];
  for (const batch of batches) events.push(...pipeline.run(reading(batch)));
  events.push(...pipeline.end());
  return events;
}

/** `messages` in batches of the sizes given, in turn. */
function* cut(messages: readonly string[], sizes: readonly number[]): Generator<readonly string[]> {
  for (let at = 0, turn = 0; at < messages.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield messages.slice(at, at + size);
    at += size;
  }
}

/** The totals of a pipeline that the reference has too. */
function referencePart({ totals }: Pipeline): Reference["totals"] {
  const { trades, signals, fills, refusals, duplicates, outOfOrder, gaps } = totals;
  const { cash, position, equity, fees, realized, maxDrawdown } = totals;
  return {
    ...{ trades, signals, fills, refusals, duplicates, outOfOrder, gaps },
    ...{ cash, position, equity, fees, realized, maxDrawdown },
  };
}

/** Trades one id and one millisecond apart, at these prices. */
function tradesAt(...prices: readonly number[]): PlainTrade[] {
  return prices.map((price, at) => ({
    firstId: 100 + at,
    lastId: 100 + at,
    time: 1_723_161_255_342_000 + at * 1_000,
    price: String(price),
  }));
}

const messagesAt = (...prices: readonly number[]) => tradesAt(...prices).map((trade) => messageOf(trade));

/** Windows of one and two trades: it buys at every rise and sells at every fall. */
const NERVOUS: Choices = { ...DEFAULTS, short: 1, long: 2 };

Deno.test("Pipeline equals the naive reference, event for event, whatever the trades and the options", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(scenario, batchSizes, (made, sizes) => {
      const pipeline = new Pipeline(optionsOf(made.choices));
      const events = eventsOf(pipeline, cut(made.messages, sizes));
      const expected = computeReference(made.trades, made.choices);
      assertEquals(events, expected.events);
      assertEquals(referencePart(pipeline), expected.totals);
      for (const event of events) {
        const kind = event.type === "refusal" ? event.reason : event.type;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }),
    { numRuns: 350 },
  );
  // Otherwise the runs would have missed something that can happen.
  const kinds = [
    "gap",
    "signal",
    "fill",
    "expired",
    "halt",
    "halted",
    "no-position",
    "lot",
    "funds",
    "min-notional",
  ];
  assertEquals([...seen.keys()].sort(), kinds.sort());
  for (const [kind, count] of seen) assertGreater(count, 20, kind);
});

Deno.test("Pipeline gives the same events and totals however its messages are cut into batches", () => {
  fc.assert(
    fc.property(scenario, batchSizes, ({ choices, messages }, sizes) => {
      const whole = new Pipeline(optionsOf(choices));
      const parts = new Pipeline(optionsOf(choices));
      assertEquals(eventsOf(parts, cut(messages, sizes)), eventsOf(whole, [messages]));
      assertEquals(parts.totals, whole.totals);
      assertEquals(parts.takeRejections(), whole.takeRejections());
    }),
    { numRuns: 200 },
  );
});

/** Mostly consecutive trades; also repeated, missing, wild and restarting ids, wild times, and other text. */
const unruly = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant(1) },
      { weight: 2, arbitrary: fc.constantFrom(0, 3, 2_000_000_000, -20) },
    ),
    fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, {
      weight: 1,
      arbitrary: fc.constantFrom(90_000, -90_000),
    }),
    fc.integer({ min: 90, max: 110 }),
    fc.oneof({ weight: 15, arbitrary: fc.constant(null) }, {
      weight: 1,
      arbitrary: fc.constantFrom("{", "é"),
    }),
  ),
  { minLength: 1, maxLength: 120, size: "max" },
).map((steps) => {
  let [id, second] = [4_000_000_000, 1_723_161_255];
  return steps.map(([ids, seconds, price, junk]) => {
    if (junk !== null) return junk;
    id += ids;
    second += seconds;
    const [time, text] = [second * 1_000_000, `${price}`];
    const message = messageOf({ firstId: id, lastId: id, time, price: text });
    // The next trade continues from where this one left normal ids and times.
    if (Math.abs(seconds) > 1) second -= seconds;
    if (ids > 3) id -= ids;
    return message;
  });
});

Deno.test("Pipeline.run() gives the same events where one reader has all batches as where its stages end at each", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(unruly, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (messages, sizes) => {
      const apart = new Pipeline(optionsOf(NERVOUS));
      const together = new Pipeline(optionsOf(NERVOUS));
      const reader = reading([]);
      for (const batch of cut(messages, sizes)) {
        const events = [...together.run(reader.open(batch))];
        const endless = Object.defineProperty(reading(batch), "isAtEnd", { value: false });
        assertEquals(events, [...apart.run(endless)]);
        assertEquals(together.snapshot(), apart.snapshot());
        for (const { type } of events) seen.add(type);
      }
      assertEquals([...together.end()], [...apart.end()]);
      assertEquals(together.totals, apart.totals);
      assertEquals(together.takeRejections(), apart.takeRejections());
    }),
    { numRuns: 150 },
  );
  for (const type of ["gap", "reset", "signal", "fill"]) assert(seen.has(type), type);
});

Deno.test("Pipeline events up to a message do not depend on the messages after it", () => {
  fc.assert(
    fc.property(scenario, fc.nat(), ({ choices, messages }, at) => {
      const count = at % (messages.length + 1);
      const whole = [...new Pipeline(optionsOf(choices)).run(reading(messages))];
      const prefix = [...new Pipeline(optionsOf(choices)).run(reading(messages.slice(0, count)))];
      assertEquals(prefix, whole.slice(0, prefix.length));
    }),
    { numRuns: 200 },
  );
});

Deno.test("Pipeline decides the same if no snapshot will be taken, and then refuses one", () => {
  const messages = messagesAt(10, 11, 9, 12, 8, 8, 13);
  const whole = new Pipeline(optionsOf(NERVOUS));
  const transient = new Pipeline({ ...optionsOf(NERVOUS), isTransient: true });
  const events = [...whole.run(reading(messages))];
  assertEquals([...transient.run(reading(messages))], events);
  assertEquals(events.some(({ type }) => type === "fill"), true);
  assertEquals(transient.totals, whole.totals);
  assertThrows(() => transient.snapshot(), TypeError, "without snapshots");
});

Deno.test("Pipeline stops after exactly the trades asked for, in the middle of a batch or not", () => {
  fc.assert(
    fc.property(scenario, batchSizes, fc.integer({ min: 1, max: 130 }), (made, sizes, stopAfter) => {
      const pipeline = new Pipeline(optionsOf(made.choices, stopAfter));
      const events = eventsOf(pipeline, cut(made.messages, sizes));
      const expected = computeReference(upTo(made.trades, stopAfter), made.choices);
      assertEquals(events, expected.events);
      const { duplicates: _, ...totals } = expected.totals;
      const { duplicates: __, ...found } = referencePart(pipeline);
      assertEquals(found, totals);
      assertEquals(pipeline.done, totals.trades === stopAfter);
    }),
    { numRuns: 200 },
  );
});

Deno.test("Pipeline.run() yields nothing once it is done, and counts nothing", () => {
  const pipeline = new Pipeline(optionsOf(NERVOUS, 2));
  const events = [...pipeline.run(reading(messagesAt(10, 11, 9, 12)))];
  assertEquals(events.map(({ type }) => type), ["signal", "fill"]);
  assert(pipeline.done);
  const before = pipeline.totals;
  assertEquals([...pipeline.run(reading(messagesAt(10, 11, 9, 12, 5, 13)))], []);
  assertEquals(pipeline.totals, before);
  assertEquals(pipeline.totals.trades, 2);
});

Deno.test("Pipeline.run() reads no further than it is pulled: a fill is booked before the next trade", () => {
  const pipeline = new Pipeline(optionsOf(NERVOUS));
  const run = pipeline.run(reading(messagesAt(10, 11, 9, 12)));
  assertEquals(run.next().value?.type, "signal");
  assertEquals(run.next().value?.type, "fill");
  assertEquals(pipeline.current.trades, 2);
  assertEquals(pipeline.totals.position, "90.90909");
});

Deno.test("Pipeline.current is the trade of the event just emitted, the trade it stopped at, or the last one", () => {
  const pipeline = new Pipeline(optionsOf(NERVOUS));
  const trades = tradesAt(10, 11, 12, 13, 9, 8);
  const reader = reading(trades.map((trade) => messageOf(trade)));
  const seen: [what: string, time: number | null, price: string | undefined][] = [];
  const note = (what: string) => {
    const { lastTime, price } = pipeline.current;
    seen.push([what, lastTime, price?.toFixed()]);
  };
  for (const { type } of pipeline.run(reader, 4)) note(type);
  note("stop");
  for (const { type } of pipeline.run(reader)) {
    note(type);
    if (pipeline.trades === 5) break;
  }
  assertEquals(seen, [
    ["signal", trades[1]!.time, "11"],
    ["fill", trades[1]!.time, "11"],
    ["stop", trades[3]!.time, "13"],
    ["signal", trades[4]!.time, "9"],
  ]);
  assertEquals(pipeline.lastTime, trades[4]!.time);
});

Deno.test("Pipeline.lastId and ahead are those of the event just emitted, in the middle of a block too", () => {
  const prices = [10, 11, 12, 13, 9, 8, 9, 10, 11, 12, 13, 9, 8, 9];
  const pipeline = new Pipeline(optionsOf(NERVOUS));
  const seen: number[] = [];
  for (const event of pipeline.run(reading(messagesAt(...prices)))) {
    if (event.type !== "fill") continue;
    seen.push(pipeline.ahead);
    assertEquals(pipeline.lastId, event.tradeId);
    assertEquals(pipeline.lastId + pipeline.ahead, 100 + prices.length - 1);
  }
  assertEquals(seen, [12, 9, 7, 2, 0]);
  assertEquals([pipeline.ahead, pipeline.lastId], [0, 113]);
});

Deno.test("Pipeline.run() yields gap, signal, halt and the outcomes of orders, in this order", () => {
  const pipeline = new Pipeline(optionsOf({ ...NERVOUS, stake: "10000", fee: "0" }));
  const events = [...pipeline.run(reading(messagesAt(10, 11, 8)))];
  assertEquals(events.map(({ type }) => type), ["signal", "fill", "signal", "halt", "fill"]);
  const after = messageOf({ firstId: 110, lastId: 110, time: 1_723_161_255_400_000, price: "9" });
  const [gap, ...rest] = pipeline.run(reading([after]));
  assertEquals(gap, {
    type: "gap",
    time: "2024-08-08T23:54:15.400000Z",
    symbol: "BTCUSDT",
    fromId: 103,
    toId: 109,
    missing: 7,
    filled: 0,
  });
  assertEquals(rest, []);
});

Deno.test("Pipeline reports ids that start over, starts the averages again and keeps position and cash", () => {
  const pipeline = new Pipeline({ ...optionsOf(NERVOUS), isQuiet: false });
  const at = (id: number, seconds: number, price: string) =>
    messageOf({ firstId: id, lastId: id, time: 1_723_161_255_342_000 + seconds * 1_000_000, price });
  const before = [...pipeline.run(reading([at(5_000_000_000, 0, "10"), at(5_000_000_001, 1, "11")]))];
  assertEquals(before.map(({ type }) => type), ["signal", "fill"]);
  const { cash, position } = pipeline.totals;
  const old = pipeline.snapshot();
  // The averages do not know the price before the reset, so the first price after it is no change.
  const events = [...pipeline.run(reading([7, 8, 9, 10, 11].map((id) => at(id, id, "1"))))];
  assertEquals(events, [{
    type: "reset",
    time: "2024-08-08T23:54:22.342000Z",
    symbol: "BTCUSDT",
    fromId: 7,
    lastId: 5_000_000_001,
  }]);
  assertEquals([pipeline.totals.cash, pipeline.totals.position], [cash, position]);
  assertEquals([pipeline.totals.resets, pipeline.totals.gaps, pipeline.trades], [1, 0, 7]);
  assertEquals(pipeline.memory.closes.values, [1, 1]);
  assertEquals(old.crossover, pipeline.snapshot().crossover);
});

Deno.test("Pipeline refuses every order while disconnected, and trades again afterwards", () => {
  const pipeline = new Pipeline(optionsOf(NERVOUS));
  pipeline.lost = "disconnected";
  const [, refused] = pipeline.run(reading(messagesAt(10, 11)));
  assertEquals(refused, {
    type: "refusal",
    time: "2024-08-08T23:54:15.343000Z",
    symbol: "BTCUSDT",
    side: "buy",
    reason: "disconnected",
    limit: "connected",
    value: "disconnected",
    tradeId: 101,
  });
  pipeline.lost = null;
  const events = [...pipeline.run(reading(messagesAt(10, 11, 9, 12).slice(2)))];
  assertEquals(events.map(({ type }) => type), ["signal", "refusal", "signal", "fill"]);
});

Deno.test("Pipeline.end() lets the orders that still wait expire, once, at the last trade's time", () => {
  const pipeline = new Pipeline(optionsOf({ ...NERVOUS, latency: 10_000 }));
  const run = [...pipeline.run(reading(messagesAt(10, 11, 9)))];
  assertEquals(run.map(({ type }) => type), ["signal", "signal"]);
  const time = "2024-08-08T23:54:15.344000Z";
  assertEquals([...pipeline.end()], [
    { type: "expired", time, symbol: "BTCUSDT", side: "buy", signalTradeId: 101 },
    { type: "expired", time, symbol: "BTCUSDT", side: "sell", signalTradeId: 102 },
  ]);
  assertEquals([...pipeline.end()], []);
});

Deno.test("Pipeline.current is the state of the run, before the first trade too", () => {
  const pipeline = new Pipeline(optionsOf(NERVOUS));
  const { trades, lastTime, price, stance, halt } = pipeline.current;
  assertEquals({ trades, lastTime, price, stance, halt }, {
    trades: 0,
    lastTime: null,
    price: null,
    stance: "flat",
    halt: null,
  });
  assertEquals(pipeline.current.readings.values(), null);
  assertEquals(pipeline.totals.firstTime, null);
  assertEquals(pipeline.totals.equity, "10000");
  assertEquals([...pipeline.end()], []);
  pipeline.run(reading(messagesAt(10, 11))).toArray();
  const current = pipeline.current;
  assertEquals(current.price?.toString(), "11");
  assertEquals(current.readings.values()?.["longAverage"], "10.5");
  assertEquals(current.stance, "long");
  assertEquals(current.equity.toString(), current.cash.plus(current.position.times(11)).toString());
  assertEquals(pipeline.totals.firstTime, "2024-08-08T23:54:15.342000Z");
  assertEquals(pipeline.totals.lastTime, "2024-08-08T23:54:15.343000Z");
});

Deno.test("Pipeline.takeRejections() returns what was unusable once, with the first reason and sample", () => {
  const pipeline = new Pipeline(optionsOf(NERVOUS));
  pipeline.run(reading(["{broken", ...messagesAt(10), "x".repeat(500)])).toArray();
  assertEquals(pipeline.takeRejections(), { count: 2, reason: "not JSON", sample: "{broken" });
  assertEquals(pipeline.takeRejections(), null);
  assertEquals(pipeline.totals.rejected, 2);
  assertEquals(pipeline.totals.trades, 1);
});

Deno.test("Pipeline.restore() takes a snapshot of an older version, and inFormOf() gives one of that form", () => {
  const pipeline = new Pipeline(optionsOf(NERVOUS));
  const at = (id: number): string =>
    messageOf({ firstId: id, lastId: id, time: 1_723_161_255_342_000, price: "1" });
  for (const _ of pipeline.run(reading([10, 11, 14, 12, 14].map(at))));
  const present = pipeline.snapshot();
  const { seen, counts, ...parse } = present.parse;
  assertEquals([seen?.holes, counts.outOfOrder, counts.duplicates], [[12, 13], 1, 1]);
  const { outOfOrder: _, resets: __, ...oldCounts } = counts;
  const older = { ...present, parse: { ...parse, counts: oldCounts } };
  assertEquals(inFormOf(older, present), {
    ...older,
    parse: { ...parse, counts: { ...oldCounts, duplicates: 2 } },
  });
  assertEquals(inFormOf(present, present), present);
  const restored = new Pipeline(optionsOf(NERVOUS));
  restored.restore(older, pipeline.memory.closes);
  // It says nothing about holes: every id up to the last was seen.
  for (const _ of restored.run(reading([12, 9, 15].map(at))));
  assertEquals([restored.totals.duplicates, restored.totals.outOfOrder, restored.trades], [3, 0, 4]);
});
