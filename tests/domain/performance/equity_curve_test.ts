import { assert, assertLess, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import {
  EquityCurve,
  MAX_POINTS,
  type SampledEquity,
  type Sampling,
} from "../../../src/domain/performance/equity_curve.ts";
import { assertEquals } from "../../support/equals.ts";

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 2024-02-28T00:00:00Z, the start of a day. */
const START = 1_709_078_400_000_000;
const CASH = 10_000;

/** A trade: its time, and equity after it. */
type Trade = readonly [time: number, equity: number];

/** Feeds the trades as a caller does: `mark` with the equity before a trade, only when due. */
function curveOf(trades: readonly Trade[]): SampledEquity & { readonly marks: number } {
  const curve = new EquityCurve();
  let equity = CASH;
  let marks = 0;
  for (const [time, next] of trades) {
    if (time >= curve.due) {
      curve.mark(time, equity);
      marks++;
    }
    equity = next;
  }
  return { ...curve.finish(trades.at(-1)?.[0] ?? 0, equity), marks };
}

Deno.test("EquityCurve samples every minute, and carries equity over minutes without trades", () => {
  const { sampling, returns } = curveOf([
    [START + 10, 10_000],
    [START + MINUTE - 1, 10_100],
    [START + MINUTE, 10_200], // exactly at the minute: belongs to the next one
    [START + 4 * MINUTE + 5, 5_100],
    [START + 4 * MINUTE + 9, 10_710],
  ]);
  // Samples: 10000 at the first trade, 10100 at 1:00, 10200 at 2:00, 3:00 and 4:00, and 10710 at the end.
  assertEquals(sampling, "1m");
  assertEquals(returns, [0.01, 100 / 10_100, 0, 0, 0.05]);
});

Deno.test("EquityCurve takes the coarsest period that has thirty returns", () => {
  const every = (step: number, count: number) =>
    curveOf(Array.from({ length: count }, (_, i): Trade => [START + 1 + i * step, CASH + i])).sampling;
  // Trades that span n hours, from 1 µs past the hour on, make n + 1 returns: the first and the last are
  // shorter.
  assertEquals(every(HOUR, 30), "1h");
  assertEquals(every(HOUR, 29), "1m");
  assertEquals(every(DAY, 30), "1d");
  assertEquals(every(DAY, 29), "1h");
  // Two returns by the minute need one whole minute between the trades.
  assertEquals(every(MINUTE, 2), "1m");
  assertEquals(every(MINUTE / 4, 3), null);
  assertEquals(curveOf([[START, CASH]]).sampling, null);
});

Deno.test("EquityCurve is empty before the first trade", () => {
  const curve = new EquityCurve();
  assertEquals(curve.due, -Infinity);
  assertEquals(curve.finish(START, CASH), { sampling: null, returns: [], points: [] });
});

Deno.test("EquityCurve has the first and the last point when no time passes, and when time goes back", () => {
  const first = { time: START, equity: CASH };
  assertEquals(curveOf([[START, 9_000], [START, 9_500]]).points, [first, { time: START, equity: 9_500 }]);
  assertEquals(curveOf([[START, 9_000], [START - DAY, 9_500]]).points, [first, {
    time: START,
    equity: 9_500,
  }]);
  // A trade at the time of a point comes after the equity of that point.
  assertEquals(curveOf([[START, 9_000], [START + 1_000, 8_000]]).points, [
    first,
    { time: START + 1_000, equity: 8_000 },
  ]);
});

Deno.test("EquityCurve does bounded work when time jumps by centuries, and keeps a hundred years", () => {
  const { sampling, returns, points, marks } = curveOf([
    [0, 11_000],
    [9e15, 12_000],
    [5, 13_000],
    [9e15 + 1, 14_000],
    [6, 15_000],
  ]);
  assertEquals([sampling, returns.length], ["1d", 36_525]);
  assertEquals([returns[0], returns[1], returns.at(-1)], [0.1, 0, 4_000 / 11_000]);
  assertLessOrEqual(points.length, MAX_POINTS);
  assertLess(1_000, points.length);
  assertEquals(points[0], { time: 0, equity: CASH });
  assertEquals(points.at(-1)!.equity, 15_000);
  assertEquals(marks, 2);
});

Deno.test("EquityCurve needs few marks for a million trades", () => {
  const curve = new EquityCurve();
  let marks = 0;
  for (let i = 0; i < 1_000_000; i++) {
    const time = START + i * 5_000;
    if (time < curve.due) continue;
    curve.mark(time, CASH + i % 7);
    marks++;
  }
  // About a thousand marks each time that the spacing doubles.
  assertLess(marks, 15_000);
});

/**
 * Compares two curves and reports only the first difference: a whole diff of thousands of points would take
 * too long to shrink.
 */
function assertSame(found: SampledEquity, expected: SampledEquity): void {
  assertEquals(found.sampling, expected.sampling);
  for (const part of ["returns", "points"] as const) {
    const texts = [found, expected].map((curve) => curve[part].map((item) => JSON.stringify(item)));
    const at = texts[0]!.findIndex((text, index) => text !== texts[1]![index]);
    if (at >= 0) assertEquals([part, at, texts[0]![at]], [part, at, texts[1]![at]]);
    assertEquals(texts[0]!.length, texts[1]!.length, part);
  }
}

const steps: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(1_500) },
  { weight: 6, arbitrary: fc.nat(100_000) },
  { weight: 6, arbitrary: fc.nat(2 * MINUTE) },
  { weight: 2, arbitrary: fc.nat(2 * HOUR) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1_000, MINUTE, HOUR, DAY) },
  { weight: 1, arbitrary: fc.nat(3 * DAY) },
  { weight: 2, arbitrary: fc.integer({ min: -2 * MINUTE, max: -1 }) },
);

/** Lists of trades over less than a minute, over hours and over months. */
const trades: fc.Arbitrary<Trade[]> = fc.tuple(
  fc.nat(DAY),
  fc.constantFrom(0.001, 1, 20),
  fc.array(fc.tuple(steps, fc.integer({ min: 8_000, max: 12_000 })), {
    minLength: 1,
    maxLength: 120,
    size: "max",
  }),
).map(([offset, stretch, list]) => {
  let time = START + offset;
  return list.map(([step, equity], index): Trade => [
    time += index === 0 ? 0 : Math.round(step * stretch),
    equity,
  ]);
});

/**
 * Every multiple of `period` from the first trade to the latest, with the equity before it, by the list.
 */
function grid(list: readonly Trade[], period: number): [time: number, equity: number][] {
  const latest = Math.max(...list.map(([time]) => time));
  const found: [number, number][] = [];
  let index = 0;
  for (let time = (Math.floor(list[0]![0] / period) + 1) * period; time <= latest; time += period) {
    while (list[index]![0] < time) index++;
    found.push([time, index === 0 ? CASH : list[index - 1]![1]]);
  }
  return found;
}

function naive(list: readonly Trade[]): SampledEquity {
  const latest = Math.max(...list.map(([time]) => time));
  const [lastTime, lastEquity] = list.at(-1)!;
  let sampling: Sampling | null = null;
  let returns: number[] = [];
  for (const [name, period, least] of [["1d", DAY, 30], ["1h", HOUR, 30], ["1m", MINUTE, 2]] as const) {
    const samples = [CASH, ...grid(list, period).map(([, equity]) => equity), lastEquity];
    if (samples.length <= least) continue;
    sampling = name;
    returns = samples.slice(1).map((equity, i) => (equity - samples[i]!) / samples[i]!);
    break;
  }
  let spacing = 1_000;
  const multiples = () => Math.floor(latest / spacing) - Math.floor(list[0]![0] / spacing);
  while (multiples() > 1_998) spacing *= 2;
  const points = [[list[0]![0], CASH], ...grid(list, spacing)].map(([time, equity]) => ({
    time: time!,
    equity: equity!,
  }));
  const before = points.at(-1)!.time;
  if (points.length > 1 && before >= lastTime) points.pop();
  points.push({ time: Math.max(before, lastTime), equity: lastEquity });
  return { sampling, returns, points };
}

Deno.test("EquityCurve agrees with a list of all trades at any time", () => {
  const seen = new Set<Sampling | null>();
  fc.assert(
    fc.property(trades, fc.array(fc.nat(119), { maxLength: 3 }), (list, stops) => {
      const expected = naive(list);
      seen.add(expected.sampling);
      assertSame(curveOf(list), expected);
      // Marked at every trade, and finished in between, as after a chunk of input.
      const curve = new EquityCurve();
      let equity = CASH;
      for (const [index, [time, next]] of list.entries()) {
        curve.mark(time, equity);
        equity = next;
        if (stops.includes(index)) assertSame(curve.finish(time, equity), naive(list.slice(0, index + 1)));
      }
      assertSame(curve.finish(list.at(-1)![0], equity), expected);
    }),
    { numRuns: 250 },
  );
  assertEquals([...seen].sort(), ["1d", "1h", "1m", null]);
});

Deno.test("EquityCurve never has too many points, rises in time, and keeps both ends; its returns compound", () => {
  fc.assert(
    fc.property(trades, fc.integer({ min: 1, max: 40_000 }), (list, faster) => {
      const from = list[0]![0];
      const stretched = list.map((
        [time, equity],
      ): Trade => [from + Math.round((time - from) / faster), equity]);
      const { points, returns, sampling } = curveOf(stretched);
      assertLessOrEqual(points.length, MAX_POINTS);
      assertEquals(points[0], { time: from, equity: CASH });
      const [lastTime, lastEquity] = stretched.at(-1)!;
      assertEquals(points.at(-1)!.equity, lastEquity);
      assertLessOrEqual(lastTime, points.at(-1)!.time);
      for (let i = 1; i < points.length; i++) {
        assert(points[i]!.time > points[i - 1]!.time || points.length === 2);
      }
      assertLessOrEqual(returns.length, 31 * 60 + 1);
      if (sampling === null) return;
      const whole = returns.reduce((product, value) => product * (1 + value), 1);
      assertLess(Math.abs(whole - lastEquity / CASH), 1e-9);
    }),
    { numRuns: 250 },
  );
});

Deno.test("EquityCurve doubles its spacing when there is no room for the last point", () => {
  const pointsAt = (time: number) => curveOf([[START, CASH], [START + time, CASH]]).points;
  // The first trade, 1,998 whole milliseconds and the last trade; then every second millisecond instead.
  const full = pointsAt(1_998_001);
  assertEquals([full.length, full[1]!.time], [2_000, START + 1_000]);
  const thinned = pointsAt(1_999_001);
  assertEquals([thinned.length, thinned[1]!.time], [1_001, START + 2_000]);
});

Deno.test("EquityCurve has between one and two thousand points once there is enough time", () => {
  for (const span of [2_000, 3_000, 86_400_000, 86_400_001]) {
    const list = Array.from({ length: 4_001 }, (_, i): Trade => [START + Math.round(i / 4 * span), CASH + i]);
    const { points } = curveOf(list);
    assertLess(999, points.length);
    assertLessOrEqual(points.length, MAX_POINTS);
  }
});
