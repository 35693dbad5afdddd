import { assert, assertGreater, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { DrawdownPeriod } from "../../../src/domain/performance/drawdown_periods.ts";
import type { PipelineEvent } from "../../../src/domain/run/event.ts";
import type { Metrics } from "../../../src/domain/performance/metrics.ts";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import { Pipeline } from "../../../src/stages/pipeline.ts";
import { type PlainPeriod, wrongInDeepest } from "../../support/drawdown_reference.ts";
import { computeReferencePerformance, number, ROUGH } from "../../support/performance_reference.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../../support/pipeline_input.ts";
import type { Choices, PlainTrade } from "../../support/reference.ts";
import { assertEquals } from "../../support/equals.ts";

/** Trades, the choices they run under, and the sizes of their batches. */
interface Scenario {
  readonly choices: Choices;
  readonly trades: readonly PlainTrade[];
  readonly sizes: readonly number[];
}

/** Metrics that are shown with six significant digits. */
const SAMPLED: readonly string[] = ["annualizedVolatility", "sharpe", "sortino"];

const SECOND = 1_000_000, HOUR = 3600 * SECOND;

const choices: fc.Arbitrary<Choices> = fc.record({
  short: fc.integer({ min: 1, max: 3 }),
  more: fc.integer({ min: 1, max: 4 }),
  cash: fc.constantFrom("10000", "10000", "777.123456789"),
  stake: fc.constantFrom("1000", "1000", "100000", "33.3333"),
  fee: fc.constantFrom("0.001", "0", "0.00075", "0.01"),
  slippage: fc.constantFrom("0", "0", "2.5"),
  latency: fc.constantFrom(0, 0, SECOND),
  minNotional: fc.constantFrom("5", "999"),
  maxDrawdown: fc.constantFrom("0.2", null, "0.05"),
}).map(({ short, more, ...rest }) => ({ ...DEFAULTS, short, long: short + more, ...rest }));

/** Trades seconds, minutes or hours apart, so that every sampling occurs, with some gaps and duplicates. */
const trades: fc.Arbitrary<PlainTrade[]> = fc.record({
  apart: fc.constantFrom(SECOND / 10, 30 * SECOND, HOUR / 4, HOUR / 3, HOUR / 2, 10 * HOUR, 10 * HOUR),
  // Minutes are sampled between a day and thirty hours: some runs aim there, so that chance does not leave
  // those out.
  span: fc.constantFrom(null, null, null, null, 27 * HOUR),
  steps: fc.array(
    fc.record({
      idStep: fc.oneof({ weight: 30, arbitrary: fc.constant(1) }, {
        weight: 1,
        arbitrary: fc.constantFrom(-2, 0, 5),
      }),
      later: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 200 }) }, {
        weight: 1,
        arbitrary: fc.constantFrom(0, 100),
      }),
      level: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 960, max: 1040 }) }, {
        weight: 1,
        arbitrary: fc.integer({ min: 100, max: 3_000 }),
      }),
    }),
    { minLength: 1, maxLength: 130, size: "max" },
  ),
}).map(({ apart: usual, span, steps }) => {
  const apart = span === null ? usual : span / steps.length;
  let id = 500;
  let last = id;
  let time = 1_723_161_255_342_000;
  return steps.map(({ idStep, later, level }) => {
    id = last + idStep;
    last = Math.max(last, id);
    time += Math.round(apart * later / 100);
    return { firstId: id, lastId: id, time, price: (level / 10).toFixed(1) };
  });
});

const scenario: fc.Arbitrary<Scenario> = fc.record({
  choices,
  trades,
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
});

/** Runs all trades in batches of these sizes, in turn; returns the pipeline and its events. */
function runOf(
  { choices, trades, sizes }: Scenario,
  more: { readonly isQuiet?: boolean } = {},
): { pipeline: Pipeline; events: PipelineEvent[] } {
  const pipeline = new Pipeline({ ...optionsOf(choices), withResults: true, ...more });
  const events: PipelineEvent[] = [];
  const messages = trades.map((trade) => messageOf(trade));
  for (let at = 0, turn = 0; at < messages.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    events.push(...pipeline.run(reading(messages.slice(at, at + size))));
    at += size;
  }
  events.push(...pipeline.end());
  return { pipeline, events };
}

function plainOf({ peak, amount, from, to, recovered }: DrawdownPeriod): PlainPeriod {
  return { peak: plain(peak), amount: plain(amount), from, to, recovered };
}

/**
 * Whether two figures differ by no more than the last digit shown, or than the error of doubles of that size.
 */
function isNear(found: string | null, expected: number | null, tolerance = 1e-9): boolean {
  if (found === null || expected === null) return found === expected;
  // A year that grows like one wild day is beyond all doubles.
  if (!Number.isFinite(expected)) return Number(found) === expected;
  return Math.abs(Number(found) - expected) <= 1.1e-8 + tolerance * Math.abs(expected);
}

Deno.test("Pipeline.results() equal those of a reference that keeps every trade's equity and every fill", () => {
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const kinds = [...["1d", "1h", "1m", "null"].map((sampling) => `sampling ${sampling}`), ...ROUGH];
  fc.assert(
    fc.property(scenario, (made) => {
      const { metrics, equityCurve, drawdownPeriods } = runOf(made).pipeline.results();
      const expected = computeReferencePerformance(made.trades, made.choices);
      const { maxDrawdown, ...others } = metrics;
      const exact: Partial<Metrics> = { ...others };
      for (const name of ROUGH) {
        assert(
          isNear(metrics[name], expected.rough[name], SAMPLED.includes(name) ? 5.1e-6 : 1e-9),
          `${name}: ${metrics[name]}, ${expected.rough[name]}`,
        );
        delete (exact as Record<string, unknown>)[name];
        if (metrics[name] !== null) count(name);
      }
      assertEquals(exact, expected.exact as Partial<Metrics>);

      const { worst, periods, first, last } = expected;
      assertEquals(maxDrawdown === null, worst === null);
      if (maxDrawdown !== null && worst !== null) {
        const { fraction, amount, from, to, lengthMs } = maxDrawdown;
        assertEquals(fraction, worst.amount.ratio(worst.peak, 8).toString());
        assertEquals(amount, worst.amount.toString());
        if (drawdownPeriods.length === 0) {
          assertEquals([from, to, lengthMs, metrics.longestUnderWaterMs], [null, null, null, null]);
        } else {
          assertEquals(from, isoTime(worst.from));
          const trough = worst.troughs.find((time) => isoTime(time) === to);
          assertEquals(
            lengthMs,
            trough === undefined ? "one of the troughs" : (trough - worst.from) / 1000,
          );
        }
      }
      assertEquals(wrongInDeepest(drawdownPeriods.map(plainOf), periods, 10), null);

      const [start, end] = [equityCurve[0]!, equityCurve.at(-1)!];
      assertEquals([start.time, end.time], [first.time, last.time]);
      assertEquals(start.equity, number(first.equity));
      assertLess(Math.abs(end.equity / number(last.equity) - 1), 1e-12);
      assertLess(equityCurve.length, 2_001);
      for (const { time } of equityCurve) assert(time >= first.time && time <= last.time);
      count(`sampling ${metrics.sampling}`);
    }),
    { numRuns: 400, endOnFailure: true },
  );
  for (const kind of kinds) assertGreater(seen.get(kind) ?? 0, 10, kind);
});

/** Results as text, with their decimals. */
function shown(pipeline: Pipeline): string {
  return JSON.stringify(
    [pipeline.totals, pipeline.results()],
    (_, value) => value instanceof Money ? plain(value) : value,
  );
}

Deno.test("Pipeline.results() are the same for any batches, and whenever they are asked for", () => {
  fc.assert(
    fc.property(scenario, (made) => {
      const expected = shown(runOf({ ...made, sizes: [1_000] }).pipeline);
      const { pipeline } = runOf(made);
      assertEquals(shown(pipeline), expected);
      const asked = new Pipeline({ ...optionsOf(made.choices), withResults: true });
      const messages = made.trades.map((trade) => messageOf(trade));
      for (let at = 0, turn = 0; at < messages.length; turn++) {
        const size = made.sizes[turn % made.sizes.length]!;
        asked.run(reading(messages.slice(at, at + size))).toArray();
        asked.results();
        at += size;
      }
      asked.end().toArray();
      assertEquals(shown(asked), expected);
    }),
    { numRuns: 60 },
  );
});

Deno.test("Pipeline that is quiet emits only gaps, halts and expired orders, with the same results", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(scenario, (made) => {
      const full = runOf(made);
      const quiet = runOf(made, { isQuiet: true });
      const printed = full.events.filter(({ type }) => ["gap", "halt", "expired"].includes(type));
      assertEquals(quiet.events, printed);
      assertEquals(shown(quiet.pipeline), shown(full.pipeline));
      for (const { type } of printed) seen.add(type);
    }),
    { numRuns: 150 },
  );
  assertEquals([...seen].sort(), ["expired", "gap", "halt"]);
});

Deno.test("Pipeline.results() do not change the run: events and totals are the same without them", () => {
  fc.assert(
    fc.property(scenario, (made) => {
      const { pipeline, events } = runOf(made);
      const without = new Pipeline(optionsOf(made.choices));
      const messages = made.trades.map((trade) => messageOf(trade));
      assertEquals([...without.run(reading(messages)), ...without.end()], events);
      assertEquals(without.totals, pipeline.totals);
    }),
    { numRuns: 80 },
  );
});

Deno.test("Pipeline.results() before the first trade have no curve, no periods and no ratios", () => {
  const { metrics, equityCurve, drawdownPeriods } = new Pipeline({
    ...optionsOf(DEFAULTS),
    withResults: true,
  }).results();
  assertEquals([equityCurve, drawdownPeriods], [[], []]);
  const { netProfit, roundTrips, maxDrawdown, sharpe, buyAndHoldReturn, timeInMarket, sampling } = metrics;
  assertEquals({ netProfit, roundTrips, maxDrawdown, sharpe, buyAndHoldReturn, timeInMarket, sampling }, {
    netProfit: "0",
    roundTrips: 0,
    maxDrawdown: null,
    sharpe: null,
    buyAndHoldReturn: null,
    timeInMarket: null,
    sampling: null,
  });
});

Deno.test("Pipeline.results() throws if the pipeline was made without results", () => {
  assertThrows(() => new Pipeline(optionsOf(DEFAULTS)).results(), TypeError, "without results");
});
