/** Durations as people write them: `250ms`, `30s`, `5m`, `24h`, `30d`. */
import { Money } from "./money.ts";

const DAY = 86_400_000;
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY,
};

/**
 * The whole milliseconds in a text such as `1.5s`, or a bare number of milliseconds; null if it is neither.
 *
 * @example
 * ```ts
 * import { millisecondsIn } from "./duration.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(millisecondsIn("1.5s"), 1500);
 * assertEquals(millisecondsIn("a while"), null);
 * ```
 */
export function millisecondsIn(text: string): number | null {
  const [, digits, unit] = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d|)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const value = new Money(digits).times(UNITS[unit ?? ""] ?? 1);
  return value.decimal.isInteger() ? value.toNumber() : null;
}

/** A duration in a sentence or a table: `250 ms`, `30 s`. */
export function durationWords(milliseconds: number): string {
  return durationText(milliseconds).replace(/(?=[a-z])/, " ");
}

/** A duration in the largest unit that shows it whole, as an option takes it; one day is 24h. */
export function durationText(milliseconds: number): string {
  if (milliseconds > DAY && milliseconds % DAY === 0) return `${milliseconds / DAY}d`;
  for (const unit of ["h", "m", "s"]) {
    const size = UNITS[unit]!;
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}
