/** How much of a profit remains out of sample: on trades that had no part in the choice. */
import type { Money } from "../numbers/money.ts";

/** A profit, and how long it took to earn. */
export interface Earned {
  /** Quote currency. */
  readonly profit: Money;
  /** From the first trade to the last, µs; the sum for several windows. */
  readonly span: number;
}

/**
 * Walk-forward efficiency: annualised profit out of sample ÷ annualised profit in sample, a fraction. Null without a
 * profit in sample, or if either took no time. R. Pardo, The Evaluation and Optimization of Trading Strategies, 2nd
 * edition 2008, chapter 11, which calls a strategy robust at one half or more.
 *
 * @example
 * ```ts
 * import { walkForwardEfficiency } from "./walk_forward_efficiency.ts";
 * import { Money } from "../numbers/money.ts";
 * import { assertEquals } from "@std/assert";
 * const inSample = { profit: new Money(300), span: 3_000_000 };
 * const outOfSample = { profit: new Money(60), span: 1_000_000 };
 * assertEquals(walkForwardEfficiency(inSample, outOfSample)?.toFixed(), "0.6");
 * ```
 */
export function walkForwardEfficiency(inSample: Earned, outOfSample: Earned): Money | null {
  if (inSample.profit.lte(0) || !(inSample.span > 0) || !(outOfSample.span > 0)) return null;
  // The length of a year cancels out, and one division rounds once.
  return outOfSample.profit.times(inSample.span).div(inSample.profit.times(outOfSample.span));
}
