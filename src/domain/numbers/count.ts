/** Amounts as plain numbers: how many times 10^-`decimals` they are. */
import { Money } from "./money.ts";

const MOST = Number.MAX_SAFE_INTEGER;

/** How many 10^-`decimals` an amount is; NaN unless that is a whole number from zero up to 2^53 − 1. */
export function exactCount(amount: Money, decimals: number): number {
  const count = wholeCount(amount, decimals);
  return amount.eq(new Money(BigInt(count), decimals)) ? count : NaN;
}

/**
 * How many whole 10^-`decimals` an amount has, which must be zero or more: at most 2^53 − 1, even if they are more, and
 * zero if the amount has more digits than money ever has.
 */
export function wholeCount({ units, scale }: Money, decimals: number): number {
  if (units === null) return 0;
  const count = decimals >= scale
    ? units * 10n ** BigInt(decimals - scale)
    : units / 10n ** BigInt(scale - decimals);
  return Math.min(Number(count), MOST);
}
