import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { sharpe } from "../../../src/domain/performance/sampled_ratios.ts";
import { returnMoments } from "../../../src/domain/overfitting/return_moments.ts";

/** The portfolio's 24 monthly returns in C. R. Bacon 2008, in percent, as PerformanceAnalytics has them. */
// deno-fmt-ignore
const BACON = [
  0.3, 2.6, 1.1, -1.0, 1.5, 2.5, 1.6, 6.7, -1.4, 4.0, -0.5, 8.1,
  4.0, -3.7, -6.1, 1.7, -4.9, -2.2, 7.0, 5.8, -6.5, 2.4, -0.5, -0.9,
];

/** The moments by their definitions, each sum for itself. */
function reference(returns: readonly number[]) {
  const n = returns.length;
  const mean = returns.reduce((sum, value) => sum + value, 0) / n;
  const central = (power: number) => returns.reduce((sum, value) => sum + (value - mean) ** power, 0);
  return {
    sharpe: mean / Math.sqrt(central(2) / (n - 1)),
    skewness: central(3) / n / (central(2) / n) ** 1.5,
    kurtosis: central(4) / n / (central(2) / n) ** 2,
  };
}

Deno.test("returnMoments() gives published skewness and kurtosis", () => {
  // C. R. Bacon 2008, chapter 4, as PerformanceAnalytics repeats it: -0.08, and 2.43 by moments.
  const { count, skewness, kurtosis } = returnMoments(BACON.map((percent) => percent / 100));
  assertEquals([count, skewness?.toFixed(2), kurtosis?.toFixed(2)], [24, "-0.08", "2.43"]);
});

Deno.test("returnMoments() agrees with the definitions, and its Sharpe ratio with that of the metrics", () => {
  const returns = fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 2, maxLength: 60 });
  fc.assert(fc.property(returns, (points) => {
    const values = points.map((point) => point / 100_000);
    const moments = returnMoments(values);
    const expected = reference(values);
    if (moments.sharpe === null) {
      assertEquals(sharpe(values, 1), null);
      return;
    }
    assertAlmostEquals(moments.sharpe, sharpe(values, 1)!, 1e-11 * Math.max(1, Math.abs(expected.sharpe)));
    assertAlmostEquals(moments.skewness!, expected.skewness, 1e-9);
    assertAlmostEquals(moments.kurtosis!, expected.kurtosis, 1e-9 * expected.kurtosis);
  }));
});

Deno.test("returnMoments() loses no digits to a large mean", () => {
  const shifted = BACON.map((percent) => percent + 1e6);
  const [plain, moved] = [returnMoments(BACON), returnMoments(shifted)];
  assertAlmostEquals(moved.skewness!, plain.skewness!, 1e-7);
  assertAlmostEquals(moved.kurtosis!, plain.kurtosis!, 1e-7);
});

Deno.test("returnMoments() has no ratio where returns do not deviate", () => {
  for (const returns of [[], [0.1], [0, 0, 0], Array(100).fill(0.001)]) {
    const { sharpe, skewness, kurtosis } = returnMoments(returns);
    assertEquals([sharpe, skewness, kurtosis], [null, null, null]);
  }
  assertEquals(returnMoments([]).mean, 0);
  assert(Object.values(returnMoments([0.1, -0.1])).every(Number.isFinite));
});
