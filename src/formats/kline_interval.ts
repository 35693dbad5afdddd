/** The intervals of klines. */
import { DAY, HOUR } from "../domain/numbers/time.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const WEEK = 7 * DAY;
/** The shortest and the longest month. */
const SHORT_MONTH = 28 * DAY, LONG_MONTH = 31 * DAY;

/** The intervals of fixed length that start at multiples of it since 1970, as time bars do: µs, by Binance's names. */
const LENGTHS: Readonly<Record<string, number>> = {
  "1s": SECOND,
  "1m": MINUTE,
  "3m": 3 * MINUTE,
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "30m": 30 * MINUTE,
  "1h": HOUR,
  "2h": 2 * HOUR,
  "4h": 4 * HOUR,
  "6h": 6 * HOUR,
  "8h": 8 * HOUR,
  "12h": 12 * HOUR,
  "1d": DAY,
  "3d": 3 * DAY,
};
const NAMES = new Map(Object.entries(LENGTHS).map(([name, length]) => [length, name]));

/** What a kline is expected to cover. */
export const INTERVALS_TEXT: string = Object.keys(LENGTHS).join(", ");

/** Binance's name of an interval, such as "15m"; its seconds if Binance has no such interval. */
export function intervalName(length: number): string {
  const known = NAMES.get(length);
  if (known !== undefined) return known;
  if (length === WEEK) return "1w";
  return length >= SHORT_MONTH && length <= LONG_MONTH && length % DAY === 0 ? "1M" : `${length / SECOND}s`;
}

/**
 * The length of the interval from `start` to `end`, all in µs; or, in words, why its klines cannot be read: bars have
 * one length and start at multiples of it since 1970, and these klines cannot make such bars.
 *
 * @example
 * ```ts
 * import { intervalOf } from "./kline_interval.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(intervalOf(1735689600000000, 1735689660000000), 60000000);
 * assertEquals(typeof intervalOf(1735516800000000, 1736121600000000), "string");
 * ```
 */
export function intervalOf(start: number, end: number): number | string {
  const length = end - start;
  const name = intervalName(length);
  if (NAMES.has(length)) {
    return start % length === 0
      ? length
      : `the kline covers ${name}, but does not start at a multiple of ${name} since 1970`;
  }
  if (length <= 0) return "the kline ends before it starts";
  // Weeks start on Mondays, and 1970 started on a Thursday.
  return name === "1w" || name === "1M"
    ? `the kline covers ${name}, and no bars of one length start on those days`
    : `the kline covers ${name}`;
}
