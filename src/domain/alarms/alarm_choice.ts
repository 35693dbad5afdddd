/** Which events cause alarms, as `--notify-on` takes them. */
import { durationText, millisecondsIn } from "../numbers/duration.ts";

/** The events that cause alarms. */
export interface AlarmChoice {
  /** Halts and their ends. */
  readonly halt: boolean;
  /** Disconnections that last longer than this, ms, and their ends; null for none. */
  readonly disconnected: number | null;
  /** Runs that stop, die, hang or cannot be read, and their recovery. */
  readonly stopped: boolean;
  readonly fill: boolean;
  /** The figures of a day, at its end (UTC). */
  readonly daily: boolean;
}

/** The default of the option. */
export const USUAL_ALARMS = "halt,disconnected>5m,stopped";

const NAMES = ["halt", "disconnected", "stopped", "fill", "daily"] as const;
const LEAST_MS = 1_000;
const MOST_MS = 7 * 86_400_000;

/**
 * The choice in a list such as `halt,disconnected>5m`; otherwise what was expected, as a clause after "expected".
 *
 * @example
 * ```ts
 * import { alarmChoiceIn } from "./alarm_choice.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(alarmChoiceIn("halt,disconnected>90s"), {
 *   halt: true,
 *   disconnected: 90_000,
 *   stopped: false,
 *   fill: false,
 *   daily: false,
 * });
 * assertEquals(alarmChoiceIn("halt,halt"), "halt once");
 * ```
 */
export function alarmChoiceIn(text: string): AlarmChoice | string {
  const chosen = new Map<string, number>();
  for (const word of text.split(",")) {
    const [name = "", limit = null, more] = word.split(">");
    if (!NAMES.some((known) => known === name) || more !== undefined) {
      return `${NAMES.join(", ")}, separated by commas; disconnected>5m for disconnections that last longer`;
    }
    if (chosen.has(name)) return `${name} once`;
    if (limit !== null && name !== "disconnected") {
      return `${name} without a time: only disconnected takes one`;
    }
    const ms = limit === null ? 0 : millisecondsIn(limit);
    if (ms === null || limit !== null && (ms < LEAST_MS || ms > MOST_MS)) {
      return `disconnected> with a duration from ${durationText(LEAST_MS)} to ${durationText(MOST_MS)}, ` +
        "such as disconnected>5m";
    }
    chosen.set(name, ms);
  }
  const has = (name: (typeof NAMES)[number]) => chosen.has(name);
  return {
    halt: has("halt"),
    disconnected: chosen.get("disconnected") ?? null,
    stopped: has("stopped"),
    fill: has("fill"),
    daily: has("daily"),
  };
}
