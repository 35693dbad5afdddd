/** Time of day as the stages know it: whole microseconds since 1970 (UTC), from the trades themselves. */

const THRESHOLD_MICROSECONDS = 1e14;

/**
 * Microseconds from an exchange's time stamp, which is in milliseconds or, from 10^14 on, in microseconds
 * already (10^14 ms would be the year 5138). Both are exact until the year 2255.
 */
export function microseconds(stamp: number): number {
  return stamp >= THRESHOLD_MICROSECONDS ? stamp : stamp * 1000;
}

const DAY = 86_400_000_000;
const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, "0"));

/** The day written last, since most times share theirs with the one before. */
let shownDay = NaN;
let shownDate = "";

/**
 * ISO 8601 UTC with microseconds.
 *
 * @example
 * ```ts
 * import { isoTime } from "./time.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(isoTime(1723161255342123), "2024-08-08T23:54:15.342123Z");
 * ```
 */
export function isoTime(time: number): string {
  const day = Math.floor(time / DAY);
  if (day !== shownDay) {
    shownDay = day;
    shownDate = new Date(day * (DAY / 1000)).toISOString().split("T")[0]!;
  }
  const ofDay = time - day * DAY;
  const seconds = Math.floor(ofDay / 1e6);
  const minutes = Math.floor(seconds / 60);
  const hour = TWO_DIGITS[Math.floor(minutes / 60)]!;
  const minute = TWO_DIGITS[minutes % 60]!;
  const second = TWO_DIGITS[seconds % 60]!;
  const micros = String(ofDay - seconds * 1e6).padStart(6, "0");
  return `${shownDate}T${hour}:${minute}:${second}.${micros}Z`;
}

/** When the UTC day that follows `time` (µs since 1970) begins. */
export function nextDay(time: number): number {
  return (Math.floor(time / DAY) + 1) * DAY;
}

/**
 * A length of time in µs as decimal text in ms, exactly.
 *
 * @example
 * ```ts
 * import { millisecondsText } from "./time.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(millisecondsText(5_000_250), "5000.25");
 * ```
 */
export function millisecondsText(length: number): string {
  return `${length / 1000}`;
}
