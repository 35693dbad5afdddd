/**
 * The standard normal distribution, to within a few units of the last place of a double, in the tails as well.
 *
 * There is no table of coefficients to mistype: below 1 it is a series of positive terms, above a continued fraction. A
 * call takes a few microseconds, and there are few calls.
 */

/** 1 ÷ √(2π). */
const DENSITY_AT_ZERO = 0.3989422804014327;
/** Where the continued fraction takes over from the series. */
const TAIL_STARTS = 1;
/** From x = 1 on, deeper terms of the continued fraction change no bit. */
const FRACTION_DEPTH = 500;
/** Beyond this, the tail is smaller than the smallest double. */
const FARTHEST = 38.6;
/** The starting point of a quantile is right to 0.00045; each step triples the correct digits. */
const HALLEY_STEPS = 3;

/**
 * Φ(x): the probability that a standard normal variable is at most `x`. From 0 to 1; 0 for minus infinity, 1 for
 * infinity.
 *
 * For |x| < 1: ½ + φ(x) × (x + x³ ÷ 3 + x⁵ ÷ (3 × 5) + …), summed from the first term until one changes nothing (G.
 * Marsaglia, Evaluating the Normal Distribution, Journal of Statistical Software 11(4), 2004). Otherwise the tail is
 * φ(x) ÷ (x + 1 ÷ (x + 2 ÷ (x + 3 ÷ …))), evaluated from the innermost of 500 terms outwards (M. Abramowitz, I. A.
 * Stegun, Handbook of Mathematical Functions, 1964, 26.2.14).
 *
 * @example
 * ```ts
 * import { normalProbability } from "./normal_distribution.ts";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * assertEquals(normalProbability(0), 0.5);
 * assertAlmostEquals(normalProbability(1.959963984540054), 0.975, 1e-15);
 * ```
 */
export function normalProbability(x: number): number {
  if (Math.abs(x) < TAIL_STARTS) return 0.5 + centre(x);
  return x < 0 ? tail(-x) : 1 - tail(x);
}

/**
 * Φ⁻¹(p): the value that a standard normal variable stays at or below with probability `p`, from 0 to 1; minus infinity
 * for 0, infinity for 1. For a `p` near 1, give 1 − p exactly and change the sign of the result: a double near 1 has
 * lost the digits of 1 − p.
 *
 * A rational start (Abramowitz & Stegun 26.2.23), and three steps of Halley's method on Φ. Throws a RangeError for
 * anything but a probability.
 *
 * @example
 * ```ts
 * import { normalQuantile } from "./normal_distribution.ts";
 * import { assertAlmostEquals } from "@std/assert";
 * assertAlmostEquals(normalQuantile(0.975), 1.959963984540054, 1e-15);
 * ```
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`A probability is a number from 0 to 1: got ${p}`);
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p === 0) return -Infinity;
  if (p === 0.5) return 0;
  const t = Math.sqrt(-2 * Math.log(p));
  let x = (2.515517 + 0.802853 * t + 0.010328 * t * t) /
      (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t) - t;
  for (let step = 0; step < HALLEY_STEPS; step++) {
    // Of Φ(x) − p: the first derivative is φ(x), the second −x φ(x).
    const off = difference(x, p) / density(x);
    x -= off / (1 + x * off / 2);
  }
  return x;
}

/** Φ(x) − p, which loses no digits near a half. */
function difference(x: number, p: number): number {
  return Math.abs(x) < TAIL_STARTS ? centre(x) - (p - 0.5) : normalProbability(x) - p;
}

/** φ(x) = exp(−x² ÷ 2) ÷ √(2π). */
function density(x: number): number {
  // The square of a multiple of 1/16 is exact, so the exponential loses nothing however large x is.
  const coarse = Math.round(x * 16) / 16;
  return DENSITY_AT_ZERO * Math.exp(-coarse * coarse / 2) * Math.exp((coarse - x) * (coarse + x) / 2);
}

/** Φ(x) − ½, for |x| < 1. */
function centre(x: number): number {
  let sum = x;
  let term = x;
  for (let odd = 3;; odd += 2) {
    term *= x * x / odd;
    const next = sum + term;
    if (next === sum) return sum * density(x);
    sum = next;
  }
}

/** 1 − Φ(x), for x ≥ 1. */
function tail(x: number): number {
  if (x > FARTHEST) return 0;
  let below = x;
  for (let depth = FRACTION_DEPTH; depth >= 1; depth--) below = x + depth / below;
  return density(x) / below;
}
