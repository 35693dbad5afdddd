/** Fill models after one pipeline give the results of separate pipelines, to the last digit. */
import { assertGreater } from "@std/assert";
import fc from "fast-check";
import type { Chunk } from "../../src/formats/trade_file.ts";
import type { ArrivedRules } from "../../src/domain/market/instrument.ts";
import { backfilledText } from "../../src/domain/market/backfilled_trades.ts";
import { Money, plain } from "../../src/domain/numbers/money.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording/recording_note.ts";
import { ModelRun } from "../../src/stages/model_run.ts";
import type { EngineEvent, EngineState } from "../../src/stages/engine.ts";
import { AppliedRecording, eventsIn } from "../support/applied.ts";
import { DEFAULTS, messageOf, optionsOf, tradingParametersOf } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { RECORDING } from "../support/layouts.ts";
import { assertEquals } from "../support/equals.ts";

const TIME = 1_723_161_255_342_000;
const SECOND = 1_000_000;

const maybe = <T>(...values: readonly T[]): fc.Arbitrary<T | null> =>
  fc.oneof(fc.constant(null), fc.constantFrom(...values));

/** Choices in which fill models may differ, and others. */
const choices: fc.Arbitrary<Choices> = fc.record({
  stake: fc.constantFrom("1000", "25%", "100%"),
  fee: fc.constantFrom("0.001", "0", "0.01"),
  slippage: fc.constantFrom("0", "2", "50"),
  latency: fc.constantFrom(0, 0, SECOND, 5 * SECOND),
  fill: fc.constantFrom("signal" as const, "next" as const),
  maxDrawdown: fc.constantFrom("0.2", null, "0.01"),
  maxDailyLoss: maybe("0.01"),
  onHalt: fc.constantFrom("hold" as const, "flatten" as const),
  participation: maybe("0.1", "0.5"),
  orderTtl: maybe(0, 3 * SECOND),
  stopLoss: maybe("0.01"),
  trailingStop: maybe("0.015"),
  maxOrders: maybe({ count: 2, within: 10_000 }),
}).map((made) => ({ ...DEFAULTS, short: 2, long: 4, ...made }));

/** What a recording may have: mostly trades, now and then after a gap or with an id seen before. */
const step = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      price: fc.integer({ min: 950, max: 1_050 }),
      idStep: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 0, 3),
      quantity: fc.constantFrom("0.5", "3", "100"),
      seconds: fc.constantFrom(0, 1, 3, 40_000),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom("connected" as const, "disconnected" as const, "stale" as const) },
  { weight: 1, arbitrary: fc.constantFrom("hold" as const, "flatten" as const, "released" as const) },
  { weight: 1, arbitrary: fc.constantFrom("rules-awaited" as const, "rules" as const, "waited" as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      late: fc.array(fc.integer({ min: 900, max: 1_100 }), { minLength: 1, maxLength: 3 }),
    }),
  },
);

/** Rules other than those of the choices. */
const ARRIVED = {
  rules: {
    ...{ lot: "0.25", tick: "0.5", minQuantity: null, maxQuantity: "2" },
    ...{ minNotional: "200", maxNotional: null },
  },
  instrument: { sources: {}, exchangeInfo: null },
} as unknown as ArrivedRules;

/** The lines of a recording with these steps. */
function linesOf(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): string[] {
  let id = 0;
  let time = TIME;
  const note = (printed: RecordingNote) => noteText(printed);
  return steps.flatMap((made): string[] => {
    if (made === "connected") return [note({ event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 })];
    if (made === "disconnected" || made === "stale") {
      const reason = made === "stale" ? "no data for 15 s" : "the connection was lost";
      return [note({ event: "disconnected", reason, retryInMs: 1 })];
    }
    if (made === "hold" || made === "flatten") return [note({ event: "halt", action: made })];
    if (made === "released") return [note({ event: "released", requested: time })];
    if (made === "rules-awaited") return [note({ event: made })];
    if (made === "rules") return [note({ event: made, ...ARRIVED })];
    // The next trades have waited too long: they are late.
    if (made === "waited") return [note({ event: made, until: time + SECOND, hold: 0 })];
    if ("late" in made) {
      const trades = made.late.map((price) => ({
        ...{ firstId: ++id, lastId: id, price: String(price), quantity: "1", time, buyerIsMaker: true },
      }));
      return [
        note({ event: "late", trades: backfilledText(trades) }),
        note({ event: "settled", filled: trades.length }),
      ];
    }
    id += made.idStep;
    time += made.seconds * SECOND;
    const { price, quantity } = made;
    return [messageOf({ firstId: id, lastId: id, time, price: String(price), quantity })];
  });
}

function chunkOf(lines: readonly string[]): Chunk {
  const heading = noteText({ event: "recording", version: 1, symbol: DEFAULTS.symbol });
  const text = [heading, ...lines].map((line) => `${TIME} ${line}\n`).join("");
  const bytes = new TextEncoder().encode(text);
  return { origin: { name: "a.txt", layout: RECORDING }, bytes, start: 0, end: bytes.length };
}

/** Runs a pipeline with `models` beside it to the end of the recording. */
function runOf(
  lines: readonly string[],
  choices: Choices,
  stopAfter: number | null,
  models: readonly ModelRun[] = [],
): { readonly state: EngineState; readonly events: readonly EngineEvent[] } {
  const run = new AppliedRecording({ ...optionsOf(choices, stopAfter), withResults: true, models });
  const events = [...eventsIn(run.run(chunkOf(lines))), ...run.engine.end()];
  return { state: run.state, events };
}

/** Results as text, with their decimals. */
function shown(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, part) => part instanceof Money ? plain(part) : part));
}

Deno.test("ModelRun gives the results of a separate pipeline, and does not change the one that it follows", () => {
  const seen = { fills: 0, halts: 0, refusals: 0 };
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 250, size: "max" }),
      choices,
      fc.array(choices, { minLength: 1, maxLength: 2 }),
      fc.constantFrom(null, null, 40),
      (steps, main, others, stopAfter) => {
        const lines = linesOf(steps);
        const models = others.map((choices) => new ModelRun(tradingParametersOf(choices)));
        const { state, events } = runOf(lines, main, stopAfter, models);
        const alone = runOf(lines, main, stopAfter);
        assertEquals(events, alone.events);
        assertEquals([state.totals, shown(state.results())], [
          alone.state.totals,
          shown(alone.state.results()),
        ]);
        for (const [at, model] of models.entries()) {
          const { state: own } = runOf(lines, others[at]!, stopAfter);
          assertEquals(state.totalsOf(model), own.totals);
          assertEquals(shown(model.results()), shown(own.results()));
          assertEquals([...model.refused], [...own.refused]);
          seen.fills += own.totals.fills;
          seen.refusals += own.totals.refusals;
          if (own.totals.halt !== null) seen.halts++;
        }
      },
    ),
    { numRuns: 80 },
  );
  for (const [what, count] of Object.entries(seen)) assertGreater(count, 20, what);
});
