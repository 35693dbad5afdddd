/** Time as the stages know it: whole microseconds since 1970 (UTC), from the trades themselves. */

/** From this value on, a stamp is in microseconds; in milliseconds it would be the year 5138. */
export const LEAST_MICROSECONDS = 1e14;
/** From this value on, it is in milliseconds; in seconds it would be the year 5138. */
export const LEAST_MILLISECONDS = 1e11;
/** From this value (1973) on, it is in seconds. Smaller values count milliseconds, as clocks that start at 0 do. */
export const LEAST_SECONDS = 1e8;
/** From this value on, a stamp is in nanoseconds, more than a number holds exactly. */
export const LEAST_NANOSECONDS = 1e17;

/**
 * Microseconds from an exchange's time stamp in seconds, milliseconds or microseconds: its size shows which.
 * All are exact until the year 2255. For nanoseconds, see `microsecondsIn`.
 *
 * @example
 * ```ts
 * import { microseconds } from "./time.ts";
 * import { assertEquals } from "@std/assert";
 * for (const stamp of [1735689600, 1735689600000, 1735689600000000]) {
 *   assertEquals(microseconds(stamp), 1735689600000000);
 * }
 * ```
 */
export function microseconds(stamp: number): number {
  if (stamp >= LEAST_MICROSECONDS) return stamp;
  return stamp >= LEAST_MILLISECONDS || stamp < LEAST_SECONDS ? stamp * 1000 : stamp * 1_000_000;
}

const NANOSECONDS = /^[1-9]\d{17,18}$/;

/**
 * Microseconds from the decimal text of a time stamp in nanoseconds, which has had 18 or 19 digits since
 * 1973. The last three are dropped, never rounded. Null for any other text, and beyond the year 2255.
 */
export function microsecondsIn(text: string): number | null {
  if (!NANOSECONDS.test(text)) return null;
  const time = Number(text.slice(0, -3));
  return Number.isSafeInteger(time) ? time : null;
}

/** From the start of the year 2255, a time in µs is not always exact. */
const LATEST_TIME = Date.UTC(2255, 0, 1) * 1000;
/** An hour and a day, µs. */
export const HOUR = 3_600_000_000;
export const DAY = 86_400_000_000;
const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, "0"));

/** The day that was formatted last: most times are of the same day as the one before. */
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

const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Microseconds since 1970 from a date or a time as ISO 8601 writes them, to the microsecond. Without an offset it is
 * UTC, and a date is its midnight. Null for any other text, for a day or hour that does not exist, and outside of the
 * years 1970 to 2254.
 *
 * @example
 * ```ts
 * import { timeIn } from "./time.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(timeIn("2025-01-01"), 1735689600000000);
 * assertEquals(timeIn("2025-01-01T01:30:00.25+01:00"), 1735691400250000);
 * assertEquals(timeIn("2025-02-30"), null);
 * ```
 */
export function timeIn(text: string): number | null {
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] =
    ISO_TIME.exec(text) ?? [];
  if (year === undefined) return null;
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const milliseconds = Date.parse(`${wall}Z`);
  // Date.parse moves the 30th of February to March, and 24:00 to the next day.
  if (!(milliseconds >= 0) || !new Date(milliseconds).toISOString().startsWith(wall)) return null;
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  const offset = (sign === "-" ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * (HOUR / 60));
  const time = milliseconds * 1000 + Number(fraction.padEnd(6, "0")) - offset;
  return time >= 0 && time < LATEST_TIME ? time : null;
}

/** A time that goes back by more than this is a mistake, µs. */
const STEP_BACK = 60_000_000;

/**
 * Whether `length` µs have passed from `since` to `now`, both µs since 1970. True as well if `now` is more
 * than a minute before `since`: then `since` was a mistake, and that time may never come.
 */
export function hasPassed(length: number, since: number, now: number): boolean {
  const elapsed = now - since;
  return elapsed >= length || elapsed < -STEP_BACK;
}

/** When the UTC day that follows `time` (µs since 1970) starts. */
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
