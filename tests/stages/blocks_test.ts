/** A run is the same to the last digit, however its trades are cut into blocks. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assertGreater } from "@std/assert";
import fc from "fast-check";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { FILL_MODELS, tradingParametersUnder } from "../../src/domain/orders/fill_model.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { ModelRun } from "../../src/stages/model_run.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { BlockReader } from "../support/block_reader.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { guardedScenario } from "../support/guarded_scenario.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { RECORDING } from "../support/layouts.ts";
import { SeededRandom } from "../support/random.ts";
import { scenario } from "../support/scenario.ts";
import { walk } from "../support/trade_files.ts";
import { assertEquals } from "../support/equals.ts";

/**
 * How a run is cut: the most trades in a block, after how many trades it is stopped each time, and the sizes
 * of blocks that the reader makes.
 */
interface Cut {
  readonly rows: number;
  readonly stops: readonly number[];
  readonly sizes?: readonly number[];
}

/** Everything that can be seen of a run over these messages, all of which are available from the start. */
function runOf(choices: Choices, messages: readonly string[], cut: Cut): Record<string, unknown> {
  const { rows, stops, sizes } = cut;
  const options = optionsOf(choices);
  const models = FILL_MODELS.filter((model) => model !== "configured")
    .map((model) => new ModelRun(tradingParametersUnder(model, options.parameters)));
  const pipeline = new Pipeline({ ...options, blockRows: rows, withResults: true, models });
  const batch = reading(messages, choices.symbol);
  const reader = sizes === undefined ? batch : new BlockReader(batch, sizes);
  const events: PipelineEvent[] = [];
  const taken: number[] = [];
  let trades = 0;
  for (const stop of [...stops, Infinity]) {
    trades += stop;
    events.push(...pipeline.run(reader, trades));
    if (stop !== Infinity) taken.push(pipeline.trades);
  }
  events.push(...pipeline.end());
  return {
    events,
    taken,
    snapshot: pipeline.snapshot(),
    closes: pipeline.memory.closes,
    totals: pipeline.totals,
    results: pipeline.results(),
    models: models.map((model) => [pipeline.totalsOf(model), model.results()]),
    rejections: pipeline.takeRejections(),
  };
}

const stops = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 5 });
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
const rows = fc.oneof(fc.constantFrom(2, 7, 4096), fc.integer({ min: 2, max: 60 }));

Deno.test("Pipeline gives the same whatever the blocks are, over gaps, duplicates, noise and finer prices", () => {
  let fills = 0;
  fc.assert(
    fc.property(scenario, rows, stops, sizes, ({ choices, messages }, rows, stops, sizes) => {
      const single = runOf(choices, messages, { rows: 1, stops });
      assertEquals(runOf(choices, messages, { rows, stops }), single);
      assertEquals(runOf(choices, messages, { rows, stops, sizes }), single);
      fills += (single["totals"] as Pipeline["totals"]).fills;
    }),
    { numRuns: fuzzCases(120, 100) },
  );
  assertGreater(fills, 150);
});

Deno.test("Pipeline gives the same whatever the blocks are, under every limit", () => {
  let events = 0;
  fc.assert(
    fc.property(guardedScenario, rows, stops, sizes, ({ choices, messages }, rows, stops, sizes) => {
      const single = runOf(choices, messages, { rows: 1, stops });
      assertEquals(runOf(choices, messages, { rows, stops }), single);
      assertEquals(runOf(choices, messages, { rows, stops, sizes }), single);
      events += (single["events"] as readonly PipelineEvent[]).length;
    }),
    { numRuns: fuzzCases(140, 100) },
  );
  assertGreater(events, 750);
});

Deno.test("Pipeline gives the same over blocks of 1, 7 and 4096 trades, even if positions are held for long", () => {
  const messages = walk(8, 12_000).map((trade) => messageOf(trade));
  const limits: readonly Partial<Choices>[] = [
    {},
    { short: 100, long: 400, maxDrawdown: null },
    { short: 100, long: 400, maxDrawdown: "0.001", maxDailyLoss: "0.001", onHalt: "flatten" },
    { bars: "10s", short: 3, long: 10, maxDrawdown: null, latency: 2_000_000, stopLoss: "0.002" },
    { short: 50, long: 900, latency: 3_000_000, participation: "0.1", orderTtl: 60_000_000 },
    { short: 50, long: 900, stopLoss: "0.0005", takeProfit: "0.001", maxDrawdown: "0.9", fee: "0" },
    { short: 50, long: 900, trailingStop: "0.0007", maxDrawdown: "0.0101", fee: "0" },
  ];
  for (const limit of limits) {
    const choices = { ...DEFAULTS, ...limit };
    const single = runOf(choices, messages, { rows: 1, stops: [1, 5_000] });
    for (const rows of [7, 4096]) {
      assertEquals(runOf(choices, messages, { rows, stops: [1, 5_000] }), single);
      assertEquals(runOf(choices, messages, { rows: 4096, stops: [1, 5_000], sizes: [rows] }), single);
    }
    assertGreater((single["totals"] as Pipeline["totals"]).fills, 0);
  }
});

Deno.test("Pipeline treats blocks of trades that had to wait like the same trades one by one", () => {
  const trades = walk(9, 300);
  const messages = trades.map((trade) => messageOf(trade));
  const start = trades[0]!.time;
  const runs = [[1], [7], [300]].map((sizes) => {
    const pipeline = new Pipeline(optionsOf({ ...DEFAULTS, short: 1, long: 3 }));
    const batch = new FrameBatch(new BinanceMessageReader("BTCUSDT"));
    const events: PipelineEvent[] = [];
    // The first arrive so early that they are late after the wait, the next wait only briefly, the last not
    // at all.
    for (const [at, receivedAt] of [1, 60, 90].entries()) {
      const some = messages.slice(at * 100, at * 100 + 100);
      const reader = new BlockReader(batch.open(some, start + receivedAt * 1_000_000), sizes);
      pipeline.waitsOf()[0]!.note({ until: start + 80_000_000, hold: 30_000_000 });
      events.push(...pipeline.run(reader));
    }
    return [events, pipeline.snapshot()];
  });
  assertGreater((runs[0]![0] as PipelineEvent[]).length, 50);
  for (const run of runs) assertEquals(run, runs[0]);
});

Deno.test("Pipeline gives the same whatever the blocks are, even if some trades of a recording had to wait and others not", () => {
  const trades = walk(10, 400);
  const start = trades[0]!.time;
  const arrivals = new SeededRandom(4);
  // In no order: some arrive so early that they are late after the wait, some wait only briefly, some arrive
  // after it.
  const lines = trades.map((trade) => `${start + arrivals.whole(1, 100) * 1_000_000} ${messageOf(trade)}\n`);
  const bytes = new TextEncoder().encode(lines.join(""));
  const runs = [1, 2, 7, 4096].map((rows) => {
    const pipeline = new Pipeline({ ...optionsOf({ ...DEFAULTS, short: 1, long: 3 }), blockRows: rows });
    pipeline.waitsOf()[0]!.note({ until: start + 80_000_000, hold: 30_000_000 });
    const reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), true);
    const origin = { name: "a.txt", layout: RECORDING };
    const run = (trades: ChunkReader | BlockReader) => [...pipeline.run(trades)];
    const chunk = reader.open({ origin, bytes, start: 0, end: bytes.length });
    return [run(rows === 7 ? new BlockReader(chunk, [5, 50]) : chunk), pipeline.snapshot()];
  });
  assertGreater((runs[0]![0] as PipelineEvent[]).length, 50);
  for (const run of runs) assertEquals(run, runs[0]);
});
