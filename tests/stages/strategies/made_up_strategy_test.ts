/** A strategy other than the built-in one, through the whole engine, its journal and the views. */
import { assert, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { configure } from "../../../src/config/config.ts";
import { settleInstrument } from "../../../src/config/instrument_settlement.ts";
import type { PipelineEvent, SignalEvent } from "../../../src/domain/run/event.ts";
import { Engine } from "../../../src/stages/engine.ts";
import { Pipeline } from "../../../src/stages/pipeline.ts";
import type { PipelineOptions } from "../../../src/stages/pipeline_options.ts";
import { Journal } from "../../../src/stores/journal/journal.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { RunJournal } from "../../../src/stores/journal/run_journal.ts";
import { signalText } from "../../../src/views/terminal/fill_line.ts";
import { statusLine } from "../../../src/views/terminal/status_line.ts";
import { inFolder, TIME } from "../../stores/sample_journal.ts";
import { KeptRun } from "../../support/kept_run.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../../support/pipeline_input.ts";
import type { Choices } from "../../support/reference.ts";
import { scenario } from "../../support/scenario.ts";
import { walk } from "../../support/trade_files.ts";
import { Climb } from "./made_up_strategy.ts";
import { testStrategy } from "./strategy_contract.ts";
import { assertEquals } from "../../support/equals.ts";

testStrategy("a made-up strategy", () => new Climb(4));

const WINDOW = 6;
const OPTIONS = { ...DEFAULTS, long: WINDOW, maxDrawdown: null };

function optionsWith(choices: Choices): PipelineOptions {
  return { ...optionsOf(choices), strategy: () => new Climb(choices.long) };
}

Deno.test("Pipeline continues with a made-up strategy as if it had never stopped, wherever it was cut", () => {
  let fills = 0;
  fc.assert(
    fc.property(
      scenario,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      ({ choices, messages }, lengths) => {
        const whole = new Pipeline(optionsWith(choices));
        const expected: PipelineEvent[] = [...whole.run(reading(messages)), ...whole.end()];
        const kept = new KeptRun();
        const events: PipelineEvent[] = [];
        let pipeline = new Pipeline(optionsWith(choices));
        let at = 0;
        for (const length of lengths) {
          events.push(...pipeline.run(reading(messages.slice(at, at + length))));
          at += length;
          kept.take(pipeline);
          pipeline = new Pipeline(optionsWith(choices));
          pipeline.restore(kept.state, kept.closes(choices.long), kept.changes);
        }
        events.push(...pipeline.run(reading(messages.slice(at))), ...pipeline.end());
        assertEquals(events, expected);
        assertEquals(pipeline.totals, whole.totals);
        assertEquals(pipeline.current.readings.values(), whole.current.readings.values());
        fills += events.filter(({ type }) => type === "fill").length;
      },
    ),
    { numRuns: 200 },
  );
  assertGreater(fills, 150);
});

/** What one process that keeps the run in the journal at `path` decides, up to the trade with the id `last`. */
async function process(path: string, last: number, options = optionsWith(OPTIONS)): Promise<PipelineEvent[]> {
  const engine = new Engine(options);
  await using journal = new RunJournal(
    await Journal.open(path, { now: () => 0, remembers: WINDOW }),
    engine,
    "BTCUSDT",
  );
  const instrument = { sources: settleInstrument(configure({}), null).sources, exchangeInfo: null };
  const shown = { symbol: "BTCUSDT", long: WINDOW };
  await journal.start({
    time: TIME,
    version: "1",
    options: shown,
    market: "binance",
    instrument,
    isNew: false,
  });
  const events: PipelineEvent[] = [];
  const rest = TRADES.filter(({ lastId }) => lastId > engine.state.lastId && lastId <= last);
  for (let at = 0; at < rest.length; at += 25) {
    const messages = rest.slice(at, at + 25).map((trade) => messageOf(trade));
    const some = [...engine.apply({ event: "frames", trades: reading(messages) })] as PipelineEvent[];
    await journal.keep(some);
    await journal.checkpoint(TIME + at);
    events.push(...some);
  }
  await journal.stop(TIME, "asked to");
  return events;
}

const TRADES = walk(5, 900);

Deno.test("a journal keeps what a made-up strategy remembers, and a resumed run decides like one that never stopped", async () => {
  await inFolder(async (folder) => {
    const ids = TRADES.map(({ lastId }) => lastId);
    const whole = await process(`${folder}/whole.db`, ids.at(-1)!);
    const events: PipelineEvent[] = [];
    for (const at of [137, 138, 400, 899]) events.push(...await process(`${folder}/parts.db`, ids[at]!));
    assertEquals(events, whole);
    assertGreater(events.filter(({ type }) => type === "fill").length, 100);
    // A run cannot be resumed without the strategy's state, nor with another strategy.
    const crossover = optionsOf({ ...OPTIONS, short: 2 });
    const { message } = await assertRejects(() => process(`${folder}/parts.db`, 0, crossover), JournalError);
    assertStringIncludes(message, "is not one that a run can have (strategy is");
  });
});

Deno.test("events and views show a made-up strategy's values under its own names", () => {
  const pipeline = new Pipeline(optionsWith(OPTIONS));
  const events = [...pipeline.run(reading(TRADES.map((trade) => messageOf(trade))))];
  const signal = events.find(({ type }) => type === "signal") as SignalEvent & {
    rises: string;
    mean: string;
  };
  assertEquals([typeof signal.rises, typeof signal.mean, signal.shortAverage], [
    "string",
    "string",
    undefined,
  ]);
  assertStringIncludes(signalText(signal), `(rises ${Number(signal.rises).toFixed(2)}, mean `);
  const line = statusLine(pipeline.current, {
    symbol: "BTCUSDT",
    connected: true,
    tradesPerSecond: 1,
    lagMs: 1,
  }, 200);
  const mean = pipeline.current.readings.values()!["mean"]!;
  assert(
    line.includes(`climb ${pipeline.current.readings.values()!["rises"]}`) && line.includes(mean.slice(0, 8)),
    line,
  );
});
