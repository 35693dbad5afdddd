/** Reads times as files write them: numbers of a unit since 1970, with decimals or without, and ISO 8601. */
import type { TimeUnit } from "../domain/market/own_columns.ts";
import {
  DAY,
  LEAST_MICROSECONDS,
  LEAST_MILLISECONDS,
  LEAST_NANOSECONDS,
  LEAST_SECONDS,
} from "../domain/numbers/time.ts";

const NUMBER = /^(\d{1,19})(?:\.(\d+))?$/;
/** BitMEX writes `D` between date and time, Python a space. Without an offset a time is UTC. */
const ISO =
  /^(\d{4}-\d\d-\d\d)[TtD ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)? ?(?:[Zz]|UTC|([+-])(\d\d)(?::?(\d\d))?)?$/;
/** How many decimals of the unit a microsecond takes: below 0 where the unit is finer. */
const SHIFT = { s: 6, ms: 3, us: 0, ns: -3 } as const;
/** The length in µs of each unit that is a microsecond or longer. */
const SCALE: Readonly<Partial<Record<TimeUnit, number>>> = { s: 1e6, ms: 1e3, us: 1 };
/** A double holds every whole number with this many digits. */
const USUAL_DIGITS = 15;
const ZERO = 48, NINE = 57;
const MINUTE = 60_000_000;

/** The date that was read last, and when it starts: most times are of the same day as the one before. */
let lastDate = "";
let lastStart = 0;

/** What messages say that a time was expected to be. */
export function timeExpected(unit: TimeUnit | null): string {
  switch (unit) {
    case "iso":
      return "a time such as 2025-01-01T00:00:00.250Z, UTC unless it has an offset";
    case null:
      return "s, ms, µs or ns since 1970, from 1973 on, so that the size shows the unit (else give --time-unit), or a " +
        "time such as 2025-01-01T00:00:00.250Z";
    default:
      return `a number of ${unit === "us" ? "µs" : unit} since 1970, above 0 and before the year 2255`;
  }
}

/**
 * The time in a text, in µs since 1970; null if that is not a time. What is finer than a microsecond is dropped, never
 * rounded. Without a unit, the size of a number shows it; a number too small for that is not a time.
 *
 * @example
 * ```ts
 * import { timeIn } from "./time_text.ts";
 * import { assertEquals } from "@std/assert";
 * for (const text of ["1735689600.25", "1735689600250", "2025-01-01 00:00:00.25", "2025-01-01T01:00:00.25+01:00"]) {
 *   assertEquals(timeIn(text, null), 1735689600250000);
 * }
 * assertEquals(timeIn("1735689600", "ms"), 1735689600000);
 * ```
 */
export function timeIn(text: string, unit: TimeUnit | null): number | null {
  // Most times are a whole number that a double holds, and not finer than a microsecond.
  const usual = text.length <= USUAL_DIGITS ? wholeIn(text) : -1;
  const scale = usual < 0 ? undefined : SCALE[unit ?? unitOf(usual) ?? "iso"];
  if (scale !== undefined) {
    const time = usual * scale;
    return time > 0 && time <= Number.MAX_SAFE_INTEGER ? time : null;
  }
  if (unit === "iso") return isoIn(text);
  const [found, whole = "", fraction = ""] = NUMBER.exec(text) ?? [];
  if (found === undefined) return unit === null ? isoIn(text) : null;
  const known = unit ?? unitOf(Number(whole));
  if (known === null) return null;
  const shift = SHIFT[known];
  const digits = shift < 0 ? whole.slice(0, shift) : whole + fraction.slice(0, shift).padEnd(shift, "0");
  const time = Number(digits);
  return time > 0 && time <= Number.MAX_SAFE_INTEGER ? time : null;
}

/** The whole number that a text of digits is; -1 for any other text. */
export function wholeIn(text: string): number {
  let whole = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return -1;
    whole = whole * 10 + (code - ZERO);
  }
  return text === "" ? -1 : whole;
}

/**
 * The unit that the size of a number shows; null for one that may be in seconds or milliseconds of a clock that starts
 * at 0.
 */
function unitOf(stamp: number): keyof typeof SHIFT | null {
  if (stamp >= LEAST_NANOSECONDS) return "ns";
  if (stamp >= LEAST_MICROSECONDS) return "us";
  if (stamp >= LEAST_MILLISECONDS) return "ms";
  return stamp >= LEAST_SECONDS ? "s" : null;
}

function isoIn(text: string): number | null {
  const [found, date = "", hour, minute, second = "0", fraction = "", sign, ...offset] = ISO.exec(text) ?? [];
  if (found === undefined) return null;
  if (date !== lastDate) {
    const start = Date.parse(`${date}T00:00:00Z`);
    // Engines differ in whether the 30th of February is an error or the first of March.
    if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(date)) return null;
    lastDate = date;
    lastStart = start * 1000;
  }
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  const [offHours, offMinutes] = [Number(offset[0] ?? 0), Number(offset[1] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59 || offHours > 23 || offMinutes > 59) return null;
  const ofDay = (hours * 60 + minutes) * MINUTE + seconds * 1_000_000 +
    Number(fraction.slice(0, 6).padEnd(6, "0"));
  const ahead = (offHours * 60 + offMinutes) * (sign === "-" ? -MINUTE : MINUTE);
  const time = lastStart + ofDay - ahead;
  return time > 0 && time <= Number.MAX_SAFE_INTEGER - DAY ? time : null;
}
