/** Parts that are booked in one loop leave a run as if each had gone through every stage. */
import { assertEquals as assertSame, assertGreater } from "@std/assert";
import fc from "fast-check";
import { TradeBlock } from "../../src/domain/market/trade_block.ts";
import { FILL_MODELS, tradingParametersUnder } from "../../src/domain/orders/fill_model.ts";
import type { Marked } from "../../src/domain/performance/performance.ts";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { ModelRun } from "../../src/stages/model_run.ts";
import { AccountBooks } from "../../src/stages/order_stages.ts";
import { PartRuns } from "../../src/stages/part_run.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { BlockReader } from "../support/block_reader.ts";
import { KeptRun } from "../support/kept_run.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { DEFAULTS, messageOf, optionsOf, reading, tradingParametersOf } from "../support/pipeline_input.ts";
import { SeededRandom } from "../support/random.ts";
import type { Choices } from "../support/reference.ts";
import { assertEquals } from "../support/equals.ts";

const FIRST_TIME = 1_723_161_255_342_000;
const maybe = <T>(...values: readonly T[]): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...values) });

/** Choices under which an order takes many trades, and limits that end it on the way. */
const choices: fc.Arbitrary<Choices> = fc.record({
  cash: fc.constantFrom("10000", "10000", "1000.123456789", "30", "30000000000"),
  stake: fc.constantFrom("1000", "300.333", "33.3%", "100%", "20000000"),
  fee: fc.constantFrom("0.001", "0.001", "0", "0.00075", "0.0123456789123", "0.05"),
  slippage: fc.constantFrom("0", "0", "0", "12.345"),
  latency: fc.constantFrom(0, 0, 2_000_000),
  fill: fc.constantFrom("signal" as const, "next" as const),
  lot: fc.constantFrom("0.00001", "0.00001", "0.003", "0.00000001", "0.01"),
  tick: fc.constantFrom("0.01", "0.5"),
  minNotional: fc.constantFrom("5", "0"),
  maxDrawdown: fc.constantFrom("0.2", null, null, "0.001", "0.01"),
  maxDailyLoss: maybe("0.0005", "0.01"),
  onHalt: fc.constantFrom("hold" as const, "flatten" as const),
  maxPosition: maybe("1000.2", "301"),
  cooldown: maybe(1_000, 2_000_000),
  participation: fc.constantFrom("0.01", "0.01", "0.003", "0.1", "0.012345678912345678"),
  orderTtl: maybe(3_000_000),
  stopLoss: maybe("0.001", "0.02"),
  takeProfit: maybe("0.001", "0.03"),
  trailingStop: maybe("0.001", "0.0123456789123"),
}).map((made) => ({ ...DEFAULTS, short: 3, long: 12, ...made }));

/** What happens to a run after so many more trades. */
const stop = fc.record({
  after: fc.integer({ min: 1, max: 60 }),
  then: fc.constantFrom(
    ...[
      "go on",
      "go on",
      "resume",
      "resume",
      "hold",
      "flatten",
      "release",
      "release",
      "lose",
      "find",
      "find",
    ] as const,
  ),
});
type Stop = typeof stop extends fc.Arbitrary<infer T> ? T : never;

/** Prices that move one way for a while, in small volumes; gaps, pauses and finer prices are rare. */
function messagesOf(seed: number, base: number, count: number): string[] {
  const random = new SeededRandom(seed);
  let [id, time, cents, drift, places] = [1_000, FIRST_TIME, base, 0, 2];
  return Array.from({ length: count }, () => {
    if (random.whole(1, 25) === 1) drift = random.whole(-1, 1);
    if (random.whole(1, 300) === 1) places = 4;
    cents = Math.max(1, cents + Math.round(cents * (drift + random.whole(-1, 1)) / 3_000));
    id += random.whole(1, 150) === 1 ? random.whole(0, 3) : 1;
    time += random.pick([0, 40_000, 900_000, random.whole(1, 150) === 1 ? 40_000_000_000 : 100_000]);
    if (random.whole(1, 150) === 1) time -= random.pick([30_000_000, 90_000_000]);
    const quantity = random.pick(["0.00000001", "0.00123456", "0.5", "3.25", "17", "0.01"]);
    const price = (cents / 100).toFixed(places);
    return messageOf({ firstId: id, lastId: id, time, price, quantity });
  });
}

/** Everything that is left of a run; with `isQuiet` nobody sees its parts. */
function runOf(
  choices: Choices,
  messages: readonly string[],
  stops: readonly Stop[],
  { isQuiet, sizes, withModels = false }: {
    readonly isQuiet: boolean;
    readonly sizes: readonly number[];
    readonly withModels?: boolean;
  },
): { readonly left: unknown; readonly parts: number } {
  // Only a run that was never resumed has results.
  const withResults = stops.every(({ then }) => then !== "resume");
  const parameters = optionsOf(choices).parameters;
  const models = withModels
    ? FILL_MODELS.map((model) => new ModelRun(tradingParametersUnder(model, parameters)))
    : [];
  const options = { ...optionsOf(choices), withResults, isQuiet };
  const kept = new KeptRun();
  // Models are never resumed.
  let pipeline = new Pipeline({ ...options, models });
  const reader = new BlockReader(reading(messages, choices.symbol), sizes);
  const left: unknown[] = [];
  let parts = 0;
  let trades = 0;
  const see = (events: Iterable<PipelineEvent>) => {
    for (const event of events) if (event.type === "fill" && event.partial === true) parts++;
  };
  for (const { after, then } of [...stops, { after: Infinity, then: "go on" as const }]) {
    trades += after;
    see(pipeline.run(reader, trades));
    const snapshot = pipeline.snapshot();
    left.push(structuredClone(snapshot), pipeline.totals, withResults ? pipeline.results() : null);
    const time = pipeline.lastTime ?? FIRST_TIME;
    if (then === "hold" || then === "flatten") see(pipeline.halt(then, time));
    else if (then === "release") see(pipeline.release(time, { requested: time }));
    else if (then === "lose") pipeline.lost = "stale";
    else if (then === "find") pipeline.lost = null;
    else if (then === "resume") {
      kept.take(pipeline);
      pipeline = new Pipeline(options);
      pipeline.restore(kept.state, kept.closes(choices.long), kept.changes);
    }
  }
  see(pipeline.end());
  left.push(pipeline.snapshot(), pipeline.totals, withResults ? pipeline.results() : null);
  if (withResults) left.push(models.map((model) => [model.totals(), model.results()]));
  return { left, parts };
}

/** How many trades were left to runs of parts while `run` ran. */
function inRuns(run: () => void): number {
  const { over } = PartRuns.prototype;
  let trades = 0;
  PartRuns.prototype.over = function (block, from, to) {
    const end = over.call(this, block, from, to);
    trades += end - from;
    return end;
  };
  try {
    run();
  } finally {
    PartRuns.prototype.over = over;
  }
  return trades;
}

Deno.test("PartRuns leaves everything as if each part had gone through all stages, whatever ends an order", () => {
  let parts = 0;
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });
  const joined = inRuns(() =>
    fc.assert(
      fc.property(
        choices,
        fc.nat(),
        fc.constantFrom(6_183_763, 100_000, 10_000, 71),
        fc.array(stop, { maxLength: 4 }),
        sizes,
        (choices, seed, base, stops, sizes) => {
          const messages = messagesOf(seed, base, 250);
          const seen = runOf(choices, messages, stops, { isQuiet: false, sizes });
          assertEquals(runOf(choices, messages, stops, { isQuiet: true, sizes }).left, seen.left);
          parts += seen.parts;
        },
      ),
      { numRuns: fuzzCases(120, 100) },
    )
  );
  assertGreater(parts, 1_000);
  assertGreater(joined, 400);
});

Deno.test("PartRuns books most parts of large orders, in every fill model, under any limit", () => {
  const messages = messagesOf(1, 10_000, 2_000);
  const large = { ...DEFAULTS, short: 20, long: 50, stake: "9000", participation: "0.01", maxDrawdown: null };
  const limits: readonly Partial<Choices>[] = [
    {},
    { maxPosition: "9005" },
    { stake: "100%", slippage: "1.5" },
    { stopLoss: "0.001", trailingStop: "0.002", cooldown: 60_000_000 },
    { maxDrawdown: "0.002", maxDailyLoss: "0.001", onHalt: "flatten" },
    { lot: "0.00000001", latency: 2_000_000, orderTtl: 30_000_000 },
  ];
  for (const limit of limits) {
    const choices = { ...large, ...limit };
    // The first trade of a block is never one of a run of parts.
    let seen: ReturnType<typeof runOf> | null = null;
    const single = inRuns(() =>
      seen = runOf(choices, messages, [], { isQuiet: false, sizes: [1], withModels: true })
    );
    assertSame(single, 0);
    let left: unknown;
    const joined = inRuns(() =>
      left = runOf(choices, messages, [], { isQuiet: true, sizes: [500], withModels: true }).left
    );
    assertEquals(left, seen!.left);
    assertGreater(seen!.parts, 100);
    if (limit.orderTtl === undefined) assertGreater(joined, seen!.parts);
  }
});

Deno.test("PartRuns books no more parts at once than their sums in plain numbers are exact for", () => {
  const choices = {
    ...{ ...DEFAULTS, short: 2, long: 3, cash: "30000000", stake: "20000000", maxDrawdown: null },
    ...{ participation: "0.01", lot: "0.00000001" },
  };
  // It buys at the fourth trade, which has volume for all of it, and sells in parts: three are more than 2^53 units.
  const prices = ["100.00", "100.00", "100.00", "101.01", ...Array<string>(40).fill("100.07")];
  const messages = prices.map((price, trade) =>
    messageOf({
      ...{ firstId: trade + 1, lastId: trade + 1, time: FIRST_TIME + 100_000 * trade, price },
      quantity: trade < 4 ? "100000000" : "300000.000001",
    })
  );
  const seen = runOf(choices, messages, [], { isQuiet: false, sizes: [500] });
  const joined = inRuns(() =>
    assertEquals(runOf(choices, messages, [], { isQuiet: true, sizes: [500] }).left, seen.left)
  );
  assertSame([joined, seen.parts], [37, 39]);
});

/** What is left of blocks of 20 trades in each symbol: a large purchase starts at the first, and some are late. */
function leftOf(symbols: readonly string[], joinsParts: boolean): unknown {
  const parameters = tradingParametersOf({ ...DEFAULTS, participation: "0.01" });
  const books = new AccountBooks(parameters, true, { joinsParts });
  const left: unknown[] = [];
  const last = new Map<string, Marked>();
  for (const symbol of symbols) books.of(symbol);
  for (const [index, isLate] of [false, true, false, true, false].entries()) {
    for (const symbol of symbols) {
      const { account, gate, fills } = books.of(symbol);
      const block = new TradeBlock(symbol, null, 20);
      block.open(20 * index + 1, 2, isLate);
      for (let row = 0; row < 20; row++) {
        const [id, time] = [20 * index + row + 1, FIRST_TIME + 100_000 * (20 * index + row)];
        const price = 10_000 + 7 * row;
        const trade = { firstId: id, lastId: id, time, price, decimals: 2, buyerIsMaker: true };
        block.add({ ...trade, quantityWhole: index === 0 ? 12 : 3, quantityFraction: 0 }, price, 0);
      }
      if (index % 2 === 0) {
        block.signals.push({
          side: index === 0 ? "buy" : "sell",
          tradeId: 20 * index + 1,
          time: block.time[0]!,
        });
        block.signalRows.push(0);
      }
      for (const { from, to, due } of books.of(symbol).over([block])) {
        books.measured!.note(block, from, to, due?.outcomes ?? [], last.get(symbol) ?? null);
        last.set(symbol, { time: block.time[to - 1]!, price: block.price[to - 1]!, decimals: 2 });
      }
      left.push(account.snapshot(), gate.snapshot(), fills.snapshot());
    }
  }
  return [...left, books.drawdown.snapshot(), books.measured!.results()];
}

Deno.test("PartRuns takes no part that an event or a chart shows, and none of an order that may expire", () => {
  const messages = messagesOf(1, 10_000, 500);
  const choices = { ...DEFAULTS, stake: "9000", participation: "0.01" };
  const tradesIn = (orderTtl: number | null, isQuiet: boolean, withChart: boolean) =>
    inRuns(() => {
      const pipeline = new Pipeline({ ...optionsOf({ ...choices, orderTtl }), isQuiet, withChart });
      for (const _ of pipeline.run(new BlockReader(reading(messages), [500])));
    });
  assertGreater(tradesIn(null, true, false), 100);
  assertSame(tradesIn(null, true, true), 0);
  assertSame(tradesIn(null, false, false), 0);
  assertSame(tradesIn(3_600_000_000, true, false), 0);
});

Deno.test("PartRuns leaves late trades, and accounts of several symbols, to the stages", () => {
  for (const symbols of [["BTCUSDT"], ["BTCUSDT", "ETHUSDT"]]) {
    let left: unknown;
    const joined = inRuns(() => left = leftOf(symbols, true));
    assertEquals(left, leftOf(symbols, false));
    assertSame(joined > 0, symbols.length === 1);
  }
});
