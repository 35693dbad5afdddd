/** Doubles of exact amounts, by way of decimal text: a second opinion on how the program rounds. */
import { Exact } from "../../support/exact.ts";

/** The double nearest to an amount: that of its text. */
export function doubleOf(amount: Exact): number {
  return Number(amount.toString());
}

/** The double nearest to the mean of some amounts: 40 digits decide how it is rounded. */
export function meanOf(amounts: readonly Exact[]): number {
  const sum = amounts.reduce((sum, amount) => sum.plus(amount), new Exact(0n));
  return nearestOf(sum, new Exact(BigInt(amounts.length)));
}

/** The double nearest to the ratio of two amounts, the second above 0. */
export function nearestOf(numerator: Exact, denominator: Exact): number {
  return doubleOf(numerator.ratio(denominator, 60));
}
