import { assert, assertGreater } from "@std/assert";
import fc from "fast-check";
import {
  type DrawdownPeriod,
  DrawdownPeriods,
  type Fall,
  type MarkedBooks,
  MAX_PERIODS,
  periodOf,
  worth,
} from "../../../src/domain/performance/drawdown_periods.ts";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import {
  deepestOf,
  type EquityPoint,
  isPeriod,
  longestOf,
  periodsOf,
  type PlainPeriod,
  wrongInDeepest,
} from "../../support/drawdown_reference.ts";
import { Exact } from "../../support/exact.ts";
import { pointsOf, restlessRun, type Run, run, stepsOf } from "../drawdown_run.ts";
import { assertEquals } from "../../support/equals.ts";

function plainOf({ peak, amount, from, to, recovered }: DrawdownPeriod): PlainPeriod {
  return { peak: plain(peak), amount: plain(amount), from, to, recovered };
}

/**
 * Compares after every fifth trade, which must change nothing, and at the end. Returns the number of periods.
 */
function compare(made: Run): number {
  const points: EquityPoint[] = [];
  let periods = periodsOf(Exact.of(made.cash), points);
  let at = 0;
  for (const step of stepsOf(made)) {
    points.push(...pointsOf(step));
    if (++at % 5 !== 0 && at < made.moves.length) continue;
    const { drawdown, time } = step;
    periods = periodsOf(Exact.of(made.cash), points);
    const worst = deepestOf(periods);
    const found = drawdown.worstFall();
    if (worst === null || found === null) assertEquals(found, worst as null);
    // The worst fall does not show whether it has recovered.
    else assert(isPeriod(plainOf(found), { ...worst, recovered: null }), JSON.stringify(plainOf(found)));
    for (const now of [time, time + 5]) {
      assertEquals(drawdown.longestUnderWater(now), longestOf(periods, now));
    }
    assertEquals(wrongInDeepest(drawdown.deepestPeriods().map(plainOf), periods, 10), null);
  }
  return periods.length;
}

Deno.test("Drawdown finds the worst fall, the longest and the deepest periods, as a list of all equity shows them", () => {
  let several = 0;
  fc.assert(
    fc.property(run, (made) => {
      if (compare(made) > 1) several++;
    }),
    { numRuns: 3_000 },
  );
  assertGreater(several, 400);
});

Deno.test("Drawdown finds the same falls as a list when equity returns to its peak and its trough over and over", () => {
  let many = 0;
  fc.assert(
    fc.property(restlessRun, (made) => {
      if (compare(made) > 10) many++;
    }),
    { numRuns: 1_800 },
  );
  // Otherwise the limit of ten would not have been reached.
  assertGreater(many, 10);
});

/** Books without a position. */
const cash = (amount: number): MarkedBooks => (
  { cash: new Money(amount), position: new Money(0), price: 1, decimals: 0 }
);

/** A fall from 1000 by `amount`, from one time to another. */
const fallOf = (amount: number, from: number, to: number): Fall => (
  { peak: cash(1_000), trough: cash(1_000 - amount), from, to }
);

/** Periods one after the other, each 10 µs from peak to peak, of these depths in thousandths. */
function periodsOfDepths(...depths: readonly number[]): DrawdownPeriods {
  const periods = new DrawdownPeriods();
  depths.forEach((depth, at) => {
    periods.atPeak(10 * at);
    periods.take(depth / 1_000, fallOf(depth, 10 * at, 10 * at + 5));
  });
  periods.atPeak(10 * depths.length);
  return periods;
}

Deno.test("DrawdownPeriods.deepest() keeps the ten deepest, deepest first, in whatever order they come", () => {
  assertEquals(MAX_PERIODS, 10);
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 30 }), (depths) => {
      const found = periodsOfDepths(...depths).deepest();
      const expected = depths
        .map((depth, at) => ({ amount: depth, from: 10 * at, to: 10 * at + 5, recovered: 10 * at + 10 }))
        .sort((one, other) => other.amount - one.amount)
        .slice(0, 10);
      assertEquals(
        found.map(({ peak: _, amount, ...times }) => ({ amount: amount.toNumber(), ...times })),
        expected,
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("DrawdownPeriods.deepest() includes the current period, which may replace one and be replaced later", () => {
  const periods = periodsOfDepths(10, 20, 30, 40, 50, 60, 70, 80, 90, 100);
  const amounts = () => periods.deepest().map(({ amount }) => amount.toNumber());
  periods.take(0.005, fallOf(5, 100, 101));
  assertEquals(amounts(), [100, 90, 80, 70, 60, 50, 40, 30, 20, 10]);
  periods.take(0.055, fallOf(55, 100, 102));
  assertEquals(amounts(), [100, 90, 80, 70, 60, 55, 50, 40, 30, 20]);
  assertEquals(periods.deepest()[5]?.recovered, null);
  assertEquals(amounts().length, 10);
  periods.atPeak(103);
  assertEquals(periods.deepest()[5]?.recovered, 103);
});

Deno.test("DrawdownPeriods.longest() is the longest time back to a peak, or from the last one until now", () => {
  const periods = new DrawdownPeriods();
  assertEquals([periods.longest(50), periods.isBelow], [null, false]);
  periods.atPeak(100);
  periods.atPeak(110);
  assertEquals([periods.longest(150), periods.peakTime, periods.isBelow], [null, 110, false]);
  periods.take(0.1, fallOf(100, 110, 115));
  assertEquals([periods.longest(115), periods.longest(140), periods.isBelow], [5, 30, true]);
  periods.atPeak(140);
  periods.take(0.5, fallOf(500, 140, 141));
  assertEquals([periods.longest(150), periods.longest(175)], [30, 35]);
});

Deno.test("DrawdownPeriods.deepens() is true for a fall that may be the deepest of the current period", () => {
  const periods = new DrawdownPeriods();
  periods.atPeak(0);
  assertEquals([0, 1e-9].map((depth) => periods.deepens(depth)), [false, true]);
  periods.take(0.3, fallOf(300, 0, 1));
  assertEquals([0.2, 0.3, 0.4].map((depth) => periods.deepens(depth)), [false, true, true]);
  periods.atPeak(2);
  assertEquals(periods.deepens(0.1), true);
});

Deno.test("DrawdownPeriods.take() and deepest() distinguish depths that are the same in doubles", () => {
  const near = (amount: string, to: number): Fall => ({
    peak: { ...cash(0), cash: new Money("98765432109") },
    trough: { ...cash(0), cash: new Money("98765432109").minus(amount) },
    from: 0,
    to,
  });
  const periods = new DrawdownPeriods();
  periods.atPeak(0);
  periods.take(1e-9, near("98.76543211", 1));
  // Deeper, less deep and as deep, all of the same depth in doubles.
  periods.take(1e-9, near("98.76543212", 2));
  periods.take(1e-9, near("98.7654321", 3));
  periods.take(1e-9, near("98.76543212", 4));
  periods.atPeak(5);
  periods.take(1e-9, near("98.76543213", 6));
  periods.atPeak(7);
  const found = periods.deepest().map(({ amount, to }) => [plain(amount), to]);
  assertEquals(found, [["98.76543213", 6], ["98.76543212", 2]]);
});

Deno.test("worth() and periodOf() compute equity exactly, at any price unit", () => {
  const books = { cash: new Money("0.1"), position: new Money("0.3"), price: 12_345_678, decimals: 7 };
  assertEquals(plain(worth(books)), "0.47037034");
  const fall = { peak: books, trough: { ...books, price: 2, decimals: 8 }, from: 5, to: 6 };
  const expected = { peak: "0.47037034", amount: "0.370370334", from: 5, to: 6, recovered: 9 };
  assertEquals(plainOf(periodOf(fall, 9)), expected);
  assertEquals(periodOf(fall).recovered, null);
});
