/**
 * Exact integer prices. Inside the stages a price is an integer count of its symbol's decimal unit: 95420.5 is 954205
 * at one decimal. The unit only gets finer; prices that are kept are then rescaled, exactly. A price that
 * would take any price of its symbol beyond 2^53 - 1 in that unit is refused.
 */
import { Money } from "./money.ts";

/** Prices and quantities with more significant decimals than this are refused. */
export const MAX_DECIMALS = 8;

/** The longest window of an average, in trades: its sum of prices is compared exactly. */
export const MAX_WINDOW = 1_000_000;

/** Quantities above this (base currency) are refused. */
export const MAX_QUANTITY = 1e15;

/** What messages say that a price, or a quantity, was expected to be. */
export const PRICE_TEXT =
  `decimal text above 0 with up to ${MAX_DECIMALS} decimals, and up to ${Number.MAX_SAFE_INTEGER} without its point`;
export const QUANTITY_TEXT =
  `decimal text above 0, up to ${MAX_QUANTITY}, with up to ${MAX_DECIMALS} decimals`;

const POWERS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000] as const;

/** 10^n for n from 0 to 8. Throws a RangeError for any other n: a result might not be exact. */
export function powerOfTen(n: number): number {
  const power = POWERS[n];
  if (power === undefined) throw new RangeError(`Cannot rescale by ${n} decimals: at most ${MAX_DECIMALS}`);
  return power;
}

/** The integer price `price` at `decimals` as an exact decimal in quote currency. */
export function priceAsMoney(price: number, decimals: number): Money {
  if (POWERS[decimals] === undefined) {
    throw new RangeError(`A price has 0 to ${MAX_DECIMALS} decimals: got ${decimals}`);
  }
  return new Money(BigInt(price), decimals);
}

/**
 * The integer price `price` at `decimals` as plain decimal text, without trailing zeros.
 *
 * @example
 * ```ts
 * import { priceText } from "./price.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(priceText(6_160_785, 2), "61607.85");
 * ```
 */
export function priceText(price: number, decimals: number): string {
  if (decimals === 0) return `${price}`;
  const digits = String(price).padStart(decimals + 1, "0");
  let end = digits.length;
  const point = end - decimals;
  while (end > point && digits[end - 1] === "0") end--;
  return end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`;
}
