/** Time of day as the stages know it: whole microseconds since 1970 (UTC), from the trades themselves. */

const THRESHOLD_MICROSECONDS = 1e14;

/**
 * Microseconds from an exchange's time stamp, which is in milliseconds or, from 10^14 on, in microseconds
 * already (10^14 ms would be the year 5138). Both are exact.
 */
export function microseconds(stamp: number): number {
  return stamp >= THRESHOLD_MICROSECONDS ? stamp : stamp * 1000;
}

/** The second written last, since most times share theirs with the one before. */
let shownSecond = NaN;
let shownText = "";

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
  const second = Math.floor(time / 1e6);
  if (second !== shownSecond) {
    shownSecond = second;
    shownText = new Date(second * 1000).toISOString().slice(0, -"000Z".length);
  }
  return `${shownText}${String(time - second * 1e6).padStart(6, "0")}Z`;
}
