/** The moments of returns, from which the statistics of a Sharpe ratio are made. */

/** Moments of the returns of one configuration; plain values, so that they can be sent from worker to worker. */
export interface ReturnMoments {
  /** How many returns there are. */
  readonly count: number;
  /** Their mean, a fraction per period; 0 without any. */
  readonly mean: number;
  /**
   * Mean ÷ sample standard deviation (n − 1), per period, not annualised; null for fewer than two returns or when they
   * do not deviate.
   */
  readonly sharpe: number | null;
  /** 0 for the normal distribution; null where there is no Sharpe ratio. */
  readonly skewness: number | null;
  /** 3 for the normal distribution, not the excess over it; null where there is no Sharpe ratio. */
  readonly kurtosis: number | null;
}

/** A deviation below a few roundings of a double near 1 counts as zero, as in `sampled_ratios.ts`. */
const RESOLUTION = 1e-15;

/**
 * The moments in one pass, return by return in order, as central sums M₂, M₃, M₄ of the distances from the running mean
 * (P. Pébay, Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments,
 * Sandia Report SAND2008-6212, 2008, equations 3.1). Skewness = √n × M₃ ÷ M₂^1.5 and kurtosis = n × M₄ ÷ M₂², both of
 * the population. It adds, multiplies, divides and takes square roots of doubles in the order below. IEEE 754 defines
 * each result to the last bit.
 *
 * @example
 * ```ts
 * import { returnMoments } from "./return_moments.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(returnMoments([-1, 1, -1, 1]), {
 *   count: 4,
 *   mean: 0,
 *   sharpe: 0,
 *   skewness: 0,
 *   kurtosis: 1,
 * });
 * ```
 */
export function returnMoments(returns: ArrayLike<number>): ReturnMoments {
  const count = returns.length;
  let mean = 0, squares = 0, cubes = 0, fourths = 0;
  for (let before = 0; before < count; before++) {
    const n = before + 1;
    const distance = returns[before]! - mean;
    const share = distance / n;
    const term = distance * share * before;
    mean += share;
    fourths += term * share * share * (n * n - 3 * n + 3) + 6 * share * share * squares - 4 * share * cubes;
    cubes += term * share * (n - 2) - 3 * share * squares;
    squares += term;
  }
  const deviation = count < 2 ? 0 : Math.sqrt(squares / (count - 1));
  if (deviation < RESOLUTION) return { count, mean, sharpe: null, skewness: null, kurtosis: null };
  return {
    count,
    mean,
    sharpe: mean / deviation,
    skewness: Math.sqrt(count) * cubes / (squares * Math.sqrt(squares)),
    kurtosis: count * fourths / (squares * squares),
  };
}
