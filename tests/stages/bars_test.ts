/** Runs that trade on bars against the naive reference, however they are cut, stopped and resumed. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assertGreater } from "@std/assert";
import fc from "fast-check";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { BlockReader } from "../support/block_reader.ts";
import { guardedScenario } from "../support/guarded_scenario.ts";
import { KeptRun } from "../support/kept_run.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { scenario } from "../support/scenario.ts";
import { walk } from "../support/trade_files.ts";
import { assertEquals } from "../support/equals.ts";

const SHORT = fc.constantFrom(...[
  "1ms",
  "7ms",
  "7ms",
  "100ms",
  "1t",
  "2t",
  "3t",
  "0.0015v",
  "0.002v",
  "1q",
  "60q",
  "0.00000001q",
]);
const LONG = fc.constantFrom(...[
  "1s",
  "1s",
  "1m",
  "4h",
  "1d",
  "1t",
  "2t",
  "4t",
  "3v",
  "0.5v",
  "100q",
  "2500q",
]);

interface Cut {
  readonly rows: number;
  readonly sizes?: readonly number[];
  /** The messages before which the run is stopped and resumed. */
  readonly restarts?: readonly number[];
}

/** All that a run over these messages decides and counts. */
function runOf(choices: Choices, messages: readonly string[], { rows, sizes, restarts = [] }: Cut) {
  const options = { ...optionsOf(choices), blockRows: rows };
  const kept = new KeptRun();
  const events: PipelineEvent[] = [];
  let pipeline = new Pipeline(options);
  let from = 0;
  for (const to of [...restarts, messages.length]) {
    if (from > 0) {
      kept.take(pipeline);
      pipeline = new Pipeline(options);
      pipeline.restore(kept.state, kept.closes(choices.long), kept.changes);
      assertEquals(JSON.parse(JSON.stringify(pipeline.snapshot())), kept.state);
    }
    const batch = reading(messages.slice(from, to), choices.symbol);
    events.push(...pipeline.run(sizes === undefined ? batch : new BlockReader(batch, sizes)));
    from = to;
  }
  events.push(...pipeline.end());
  return { events, totals: pipeline.totals, snapshot: pipeline.snapshot(), closes: pipeline.memory.closes };
}

/** Checks a run with bars in every way; returns its events. */
function assertSame(
  choices: Choices,
  messages: readonly string[],
  trades: readonly PlainTrade[],
  { rows, sizes, restarts }: Required<Cut>,
): PipelineEvent[] {
  const one = runOf(choices, messages, { rows: 1 });
  const expected = computeReference(trades, choices);
  assertEquals(one.events, expected.events);
  assertEquals({ ...one.totals, ...expected.totals }, one.totals);
  assertEquals(runOf(choices, messages, { rows }), one);
  assertEquals(runOf(choices, messages, { rows, sizes }), one);
  const { events, totals } = runOf(choices, messages, { rows, sizes, restarts });
  assertEquals([events, totals], [one.events, one.totals]);
  return one.events;
}

const cut = fc.record({
  rows: fc.constantFrom(2, 7, 4096),
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
  restarts: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 })
    .map((places) => places.sort((one, other) => one - other)),
});

Deno.test("Pipeline with bars equals the naive reference over gaps, noise and finer prices, cut and resumed anywhere", () => {
  const fills = new Map<string, number>();
  let all = 0;
  let together = 0;
  fc.assert(
    fc.property(scenario, SHORT, cut, ({ choices, trades, messages }, bars, cut) => {
      const restarts = cut.restarts.filter((place) => place < messages.length);
      const events = assertSame({ ...choices, bars }, messages, trades, { ...cut, restarts });
      const filled = events.filter(({ type }) => type === "fill").length;
      const unit = bars.replace(/^[0-9.]+/, "");
      fills.set(unit, (fills.get(unit) ?? 0) + filled);
      all += filled;
      const signals = events.filter((event) => event.type === "signal").map(({ tradeId }) => tradeId);
      together += signals.length - new Set(signals).size;
    }),
    { numRuns: 400 },
  );
  assertEquals([...fills.keys()].sort(), ["ms", "q", "t", "v"]);
  for (const [unit, count] of fills) assertGreater(count, 5, unit);
  assertGreater(all, 300);
  // Otherwise no flat bar would have given a signal after another one at the same trade.
  assertGreater(together, 5);
});

Deno.test("Pipeline with bars equals the naive reference under every limit, over days that pass between trades", () => {
  let fills = 0;
  fc.assert(
    fc.property(guardedScenario, LONG, cut, ({ choices, trades, messages }, bars, cut) => {
      const restarts = cut.restarts.filter((place) => place < messages.length);
      const events = assertSame({ ...choices, bars }, messages, trades, { ...cut, restarts });
      fills += events.filter(({ type }) => type === "fill").length;
    }),
    { numRuns: 300 },
  );
  assertGreater(fills, 200);
});

Deno.test("Pipeline with bars decides by what has arrived so far: the events of every prefix are those of the whole", () => {
  fc.assert(
    fc.property(scenario, SHORT, fc.nat(), ({ choices, messages }, bars, cut) => {
      const options = { ...optionsOf({ ...choices, bars }) };
      const reader = (some: readonly string[]) => reading(some, choices.symbol);
      const whole = [...new Pipeline(options).run(reader(messages))];
      const prefix = [...new Pipeline(options).run(reader(messages.slice(0, cut % (messages.length + 1))))];
      assertEquals(prefix, whole.slice(0, prefix.length));
    }),
    { numRuns: 300 },
  );
});

Deno.test("Pipeline with bars stops at its number of trades, with its bar open, and continues from there", () => {
  const messages = walk(3, 400).map((trade) => messageOf(trade));
  const choices = { ...DEFAULTS, bars: "7t", short: 2, long: 4 };
  const reader = (some: readonly string[]) => new FrameBatch(new BinanceMessageReader("BTCUSDT")).open(some);
  const stopped = new Pipeline(optionsOf(choices, 100));
  const events = [...stopped.run(reader(messages))];
  assertEquals([stopped.trades, stopped.totals.bars, stopped.snapshot().bars?.open?.trades], [100, 14, 2]);
  const kept = new KeptRun();
  kept.take(stopped);
  const resumed = new Pipeline(optionsOf(choices));
  resumed.restore(kept.state, kept.closes(choices.long), kept.changes);
  events.push(...resumed.run(reader(messages.slice(100))));
  assertEquals(events, [...new Pipeline(optionsOf(choices)).run(reader(messages))]);
  assertEquals("bars" in new Pipeline(optionsOf(DEFAULTS)).totals, false);
});
