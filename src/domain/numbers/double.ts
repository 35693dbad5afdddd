/**
 * Exact amounts as binary64, rounded once to the nearest double (half to even), and doubles as decimal text. What is
 * rounded does not depend on the unit that an amount is counted in, so a finer unit changes no bit of a result.
 */
import { powerOfTen } from "./price.ts";

/** Bits of a quotient that decide how it is rounded: the 53 of a double, and more than one after them. */
const QUOTIENT_BITS = 64;

/** The text of a double has this many decimals, like that of an average. */
const DECIMALS = 8;
/** A double halfway between two such decimals is an odd multiple of 2^-9: 10^8 has eight factors of two. */
const HALVES = 512;

/**
 * The double nearest to an integer count of 10^-decimals quote currency, up to 2^53 - 1 and 0 to 8 decimals: IEEE 754
 * divides two exact doubles with a single rounding.
 *
 * @example
 * ```ts
 * import { nearestDouble } from "./double.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals([nearestDouble(954_205, 1), nearestDouble(95_420_500, 3)], [95_420.5, 95_420.5]);
 * ```
 */
export function nearestDouble(count: number, decimals: number): number {
  return count / powerOfTen(decimals);
}

/** The double nearest to `numerator ÷ denominator`: a numerator of 0 or more, a denominator above 0. */
export function nearestRatio(numerator: bigint, denominator: bigint): number {
  if (numerator <= Number.MAX_SAFE_INTEGER && denominator <= Number.MAX_SAFE_INTEGER) {
    return Number(numerator) / Number(denominator);
  }
  if (numerator === 0n) return 0;
  const shift = Math.max(0, QUOTIENT_BITS + bitsOf(denominator) - bitsOf(numerator));
  const scaled = numerator << BigInt(shift);
  const quotient = scaled / denominator;
  // The last bit stands for everything below it, so that the conversion rounds as the ratio itself would be.
  const sticky = quotient * denominator === scaled ? quotient : quotient | 1n;
  return Number(sticky) / 2 ** shift;
}

function bitsOf(value: bigint): number {
  return value.toString(16).length * 4;
}

/**
 * A double as decimal text with 8 decimals, half to even, without trailing zeros. It is rounded as the exact binary
 * number that it is, not as the shortest text for it. Its magnitude is below 10^21.
 *
 * @example
 * ```ts
 * import { doubleText } from "./double.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals([doubleText(0.1 + 0.2), doubleText(-1e-9)], ["0.3", "0"]);
 * ```
 */
export function doubleText(value: number): string {
  let text = value.toFixed(DECIMALS);
  // toFixed is exact, but takes the larger of two decimals that are equally near.
  if (isOdd(value * HALVES) && "13579".includes(text.at(-1)!)) text = towardsZero(text);
  const trimmed = text.replace(/\.?0+$/, "");
  return trimmed === "-0" ? "0" : trimmed;
}

function isOdd(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value % 2) === 1;
}

/** The text whose last digit is one less in magnitude; that digit is odd. */
function towardsZero(text: string): string {
  return `${text.slice(0, -1)}${Number(text.at(-1)) - 1}`;
}
