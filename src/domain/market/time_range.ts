/** The part of recorded trades that a run uses. */
import { DAY, isoTime, timeIn } from "../numbers/time.ts";

/** From one time on and before another, both in µs since 1970. */
export class TimeRange {
  /** -Infinity and Infinity where the range is open. */
  readonly from: number;
  readonly to: number;

  /** The limits are strings that `timeIn` reads; null for none. */
  constructor(from: string | null, to: string | null) {
    this.from = from === null ? -Infinity : timeIn(from) ?? NaN;
    this.to = to === null ? Infinity : timeIn(to) ?? NaN;
  }

  /** Whether it has no limit. */
  get isAll(): boolean {
    return this.from === -Infinity && this.to === Infinity;
  }

  holds(time: number): boolean {
    return time >= this.from && time < this.to;
  }

  /** Such as "from 2025-01-31 on and before 2025-02-01T12:00:00Z". */
  get words(): string {
    return [
      ...(this.from === -Infinity ? [] : [`from ${timeWords(this.from)} on`]),
      ...(this.to === Infinity ? [] : [`before ${timeWords(this.to)}`]),
    ].join(" and ");
  }
}

/**
 * A time in µs since 1970 as people write it: only the date for a midnight, and no zeros after the second.
 *
 * @example
 * ```ts
 * import { timeWords } from "./time_range.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(timeWords(1735689600000000), "2025-01-01");
 * assertEquals(timeWords(1735693200500000), "2025-01-01T01:00:00.5Z");
 * ```
 */
export function timeWords(time: number): string {
  const text = isoTime(time);
  return time % DAY === 0 ? text.slice(0, "2025-01-01".length) : text.replace(/\.?0*Z$/, "Z");
}
