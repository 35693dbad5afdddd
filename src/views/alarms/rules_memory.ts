/** What the alarm rules remember of a journal across restarts. */
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import { isoTime, timeIn } from "../../domain/numbers/time.ts";
import { type DayFigures, emptyDay } from "./day_figures.ts";

/** The most characters of the reason for a disconnection that are remembered. */
export const LONGEST_REASON = 200;

/** Small, and stored as JSON. Times in µs since 1970. */
export interface RulesMemory {
  /** The hash of the journal's first entry, which no other journal has; empty before it was read. */
  readonly origin: string;
  /** The run of the last event, and its entry; 0 before the first. */
  readonly run: number;
  readonly seq: number;
  /** When the run was disconnected, and the entry that recorded it; null if it is connected. */
  readonly down:
    | {
      readonly seq: number;
      readonly time: number;
      readonly reason: string | null;
      readonly isSaid: boolean;
    }
    | null;
  /** When it was stopped; null if it was not, or was resumed since. */
  readonly stopped: number | null;
  /** The last heartbeat of a process that died; null if it is alive. */
  readonly dead: number | null;
  readonly isUnreadable: boolean;
  /** How often the journal was unreadable for long enough to cause an alarm. */
  readonly outages: number;
  /**
   * Whether the alarm that the process died, or that the journal is unreadable, was about to be sent when this was
   * saved: the service may have it or not.
   */
  readonly isDeathUnsaid: boolean;
  readonly isOutageUnsaid: boolean;
  /** Whether the run was halted before it was watched, and no alarm has been sent for that. */
  readonly isHaltUnsaid: boolean;
  readonly day: DayFigures;
}

/**
 * Returns the memory for a journal that is watched for the first time. The events of `moment` are still to be taken.
 * The past causes no alarms, except a halt, a disconnection or a death that still lasts. `now` in µs since 1970.
 */
export function firstMemory(moment: FollowedMoment, origin: string, now: number): RulesMemory {
  const { status, place } = moment;
  const seq = (moment.events[0]?.seq ?? (place?.seq ?? 0) + 1) - 1;
  const none = {
    down: null,
    stopped: null,
    dead: null,
    isUnreadable: false,
    outages: 0,
    isDeathUnsaid: false,
    isOutageUnsaid: false,
    isHaltUnsaid: false,
  };
  // A journal that is read from its start needs no memory of what came before.
  if (status === null || seq === 0) return { origin, run: 0, seq, ...none, day: emptyDay(now, null) };
  const { run, state, connected, halted } = status;
  const since = timeIn(status.connectionSince) ?? now;
  return {
    origin,
    run,
    seq,
    ...none,
    down: state === "running" && !connected
      ? { seq, time: since, reason: status.reason?.slice(0, LONGEST_REASON) ?? null, isSaid: false }
      : null,
    stopped: status.stopped === null ? null : timeIn(status.stopped),
    isHaltUnsaid: halted,
    day: emptyDay(now, status.equity),
  };
}

const AMOUNT = /^-?\d{1,120}(\.\d{1,120})?$/;
const ORIGIN = /^([0-9a-f]{64})?$/;
/** What was written; null for anything else. */
export function memoryIn(value: unknown): RulesMemory | null {
  const memory = fieldsOf(value);
  const { origin, run, seq, stopped, dead, isUnreadable, outages, isHaltUnsaid } = memory;
  // Before these existed, nothing was saved when an alarm was about to be sent.
  const { isDeathUnsaid = false, isOutageUnsaid = false } = memory;
  const down = downIn(memory["down"]);
  const day = dayIn(memory["day"]);
  if (typeof origin !== "string" || !ORIGIN.test(origin) || !isCount(run) || !isCount(seq)) return null;
  if (!isCount(outages)) return null;
  if (down === undefined || day === null || !isTimeOrNull(stopped) || !isTimeOrNull(dead)) return null;
  if (typeof isUnreadable !== "boolean" || typeof isHaltUnsaid !== "boolean") return null;
  if (typeof isDeathUnsaid !== "boolean" || typeof isOutageUnsaid !== "boolean") return null;
  const unsaid = { isHaltUnsaid, isDeathUnsaid, isOutageUnsaid };
  return { origin, run, seq, down, stopped, dead, isUnreadable, outages, ...unsaid, day };
}

/** Undefined for what cannot be read. */
function downIn(value: unknown): RulesMemory["down"] | undefined {
  if (value === null) return null;
  const { seq, time, reason, isSaid } = fieldsOf(value);
  if (!isCount(seq) || !isTime(time) || typeof isSaid !== "boolean") return undefined;
  if (reason !== null && (typeof reason !== "string" || reason.length > LONGEST_REASON)) return undefined;
  return { seq, time, reason, isSaid };
}

function dayIn(value: unknown): DayFigures | null {
  const { date, since, buys, sells, refusals, halts, realized, fees, equity } = fieldsOf(value);
  if (typeof date !== "string" || !isTime(since)) return null;
  const start = timeIn(date);
  if (start === null || isoTime(start).slice(0, 10) !== date) return null;
  if (!isCount(buys) || !isCount(sells) || !isCount(refusals) || !isCount(halts)) return null;
  if (!isAmount(realized) || !isAmount(fees) || equity !== null && !isAmount(equity)) return null;
  return { date, since, buys, sells, refusals, halts, realized, fees, equity };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

/** Between the years 1970 and 2254, which is when times can be written. */
function isTime(value: unknown): value is number {
  return isCount(value) && timeIn(isoTime(value)) !== null;
}

function isTimeOrNull(value: unknown): value is number | null {
  return value === null || isTime(value);
}

function isAmount(value: unknown): value is string {
  return typeof value === "string" && AMOUNT.test(value);
}
