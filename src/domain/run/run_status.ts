/** The state of a run, computed from its journal: the figures that `penstock status` shows. */
import type {
  ConnectedEvent,
  DisconnectedEvent,
  FillEvent,
  GapEvent,
  HaltEvent,
  RefusalEvent,
} from "./event.ts";
import { averageCostText, Money, plain } from "../numbers/money.ts";
import type { RunRequest } from "./run_request.ts";
import { isoTime, timeIn } from "../numbers/time.ts";

/** What a journal holds about one run. Times in µs since 1970; amounts as decimal text, in quote currency. */
export interface KeptRun {
  readonly journal: string;
  readonly run: number;
  readonly symbol: string;
  /** The strategy and its options, in words; absent if the journal does not say. */
  readonly strategy?: string;
  /** What the exchange calls its assets; absent if the journal does not say. */
  readonly assets?: { readonly base: string; readonly quote: string };
  /** When the run started, and when the current process resumed it, if it did; by the wall clock. */
  readonly started: number;
  readonly resumed: number | null;
  /** When and why it was stopped; null if the journal has something later. */
  readonly stopped: { readonly time: number; readonly reason: string } | null;
  /** When a live process last wrote something, by the wall clock. */
  readonly lastAlive: number;
  /** The process that wrote it; null if it wrote no heartbeat. */
  readonly pid: number | null;
  /**
   * The current process's last event about the connection, and since when that state has lasted; null for none.
   */
  readonly connection: { readonly event: ConnectedEvent | DisconnectedEvent; readonly since: number } | null;
  readonly trades: number;
  /** The bars that it trades on; absent if every trade is one. */
  readonly bars?: BarsStatus;
  /** As last measured; null if it never was. */
  readonly throughput: { readonly tradesPerSecond: number; readonly lagMs: number | null } | null;
  /** The last trade that is known, with its own time; null before the first. */
  readonly last: { readonly price: string; readonly time: number } | null;
  readonly startCash: string;
  readonly account: { readonly cash: string; readonly fees: string; readonly realized: string };
  /** In base currency, and what it cost with its fees. */
  readonly position: { readonly quantity: string; readonly cost: string };
  /** The halt in force; null without one. */
  readonly halt: HaltEvent | null;
  /** Whether no order is placed because the exchange has not sent the instrument's lot and tick yet. */
  readonly awaitsRules: boolean;
  /** Requests that are not handled yet, oldest first. */
  readonly requests: readonly (RunRequest & { readonly time: number })[];
  readonly counts: Readonly<Record<"signals" | "fills" | "refusals" | "gaps", number>>;
  /** The last few, oldest first. */
  readonly lastFills: readonly FillEvent[];
  readonly lastRefusals: readonly RefusalEvent[];
  readonly lastGaps: readonly GapEvent[];
  /**
   * The entries that were checked one after the other: those from the last checkpoint on, or fewer (`isCut`)
   * if that is too far back. Older entries that are shown were each checked against their neighbours.
   */
  readonly checked: { readonly from: number; readonly to: number; readonly isCut: boolean };
}

/** The bars of a run at its last checkpoint. */
export interface BarsStatus {
  /** When they close, as `--bars` takes it. */
  readonly size: string;
  readonly closed: number;
  /** The one that is open: prices, volume (base) and value (quote) as decimal text; null between two bars. */
  readonly open:
    | Readonly<Record<"openTime" | "open" | "high" | "low" | "close" | "volume" | "value", string>> & {
      readonly trades: number;
    }
    | null;
}

/** The part that a health check needs. */
export type KeptPulse = Pick<KeptRun, "journal" | "run" | "stopped" | "lastAlive" | "halt">;

/** Whether a process is running: `silent` if it has not stopped, but its heartbeat has. */
export type RunState = "running" | "silent" | "stopped";

/**
 * The status for people and programs: an event of type `status` with more in it than the status events of a
 * run. Times are ISO 8601 UTC with microseconds, amounts decimal text; what does not exist is null.
 */
export interface RunStatus extends
  Pick<
    KeptRun,
    | "journal"
    | "run"
    | "symbol"
    | "strategy"
    | "assets"
    | "pid"
    | "trades"
    | "bars"
    | "halt"
    | "awaitsRules"
    | "lastFills"
    | "lastRefusals"
    | "lastGaps"
    | "checked"
  > {
  readonly type: "status";
  /** Now. */
  readonly time: string;
  readonly state: RunState;
  readonly started: string;
  readonly resumed: string | null;
  readonly stopped: string | null;
  readonly stopReason: string | null;
  readonly lastHeartbeat: string;
  /** How long ago that was; below zero if the clock has been set back. */
  readonly ageMs: number;
  readonly connected: boolean;
  /** Since when it has been connected, or disconnected. */
  readonly connectionSince: string;
  readonly endpoint: string | null;
  /** Why it is disconnected. */
  readonly reason: string | null;
  readonly halted: boolean;
  /**
   * Halts and releases that were filed and are not handled yet, oldest first: a stopped run handles them when it
   * starts.
   */
  readonly requests: readonly (RunRequest & { readonly time: string })[];
  /** 0 unless the run is running. */
  readonly tradesPerSecond: number;
  readonly lagMs: number | null;
  readonly price: string | null;
  readonly priceTime: string | null;
  readonly startCash: string;
  readonly cash: string;
  readonly position: string;
  /** What the position cost, fees included, and the same per unit, to 8 decimals. */
  readonly cost: string;
  readonly averageCost: string | null;
  /** Cash and the position at the last price. */
  readonly equity: string;
  readonly fees: string;
  readonly realized: string;
  /** The position at the last price less its cost, without the fee of selling it. */
  readonly unrealized: string;
  readonly signals: number;
  readonly fills: number;
  readonly refusals: number;
  readonly gaps: number;
}

/** A run is silent after this long without a heartbeat, ms: at least six of them are missing. */
export const SILENT_MS = 30_000;

/** The part of a status that a health check needs. */
export type Pulse = Pick<
  RunStatus,
  "journal" | "run" | "state" | "ageMs" | "lastHeartbeat" | "stopped" | "stopReason" | "halt"
>;

/** Whether a run is alive, and whether it is halted, at `now` (µs since 1970, by the wall clock). */
export function pulseOf({ journal, run, stopped, lastAlive, halt }: KeptPulse, now: number): Pulse {
  const ageMs = Math.round((now - lastAlive) / 1000);
  return {
    journal,
    run,
    state: stopped !== null ? "stopped" : ageMs > SILENT_MS ? "silent" : "running",
    stopped: timeOrNull(stopped?.time ?? null),
    stopReason: stopped?.reason ?? null,
    lastHeartbeat: isoTime(lastAlive),
    ageMs,
    halt,
  };
}

/** The status of a run at `now` (µs since 1970, by the wall clock). */
export function statusOf(kept: KeptRun, now: number): RunStatus {
  const { connection, throughput, last, account, counts } = kept;
  const { state, stopped, stopReason, lastHeartbeat, ageMs } = pulseOf(kept, now);
  const isConnected = state === "running" && connection?.event.type === "connected";
  const quantity = new Money(kept.position.quantity);
  const cost = new Money(kept.position.cost);
  const value = quantity.times(last?.price ?? 0);
  return {
    type: "status",
    time: isoTime(now),
    journal: kept.journal,
    run: kept.run,
    symbol: kept.symbol,
    ...(kept.strategy === undefined ? {} : { strategy: kept.strategy }),
    ...(kept.assets === undefined ? {} : { assets: kept.assets }),
    state,
    started: isoTime(kept.started),
    resumed: timeOrNull(kept.resumed),
    stopped,
    stopReason,
    lastHeartbeat,
    ageMs,
    pid: kept.pid,
    connected: isConnected,
    connectionSince: isoTime(isConnected ? connection.since : disconnectedSince(kept, state)),
    endpoint: connection?.event.type === "connected" ? connection.event.endpoint : null,
    reason: connection?.event.type === "disconnected" ? connection.event.reason : null,
    halted: kept.halt !== null,
    halt: kept.halt,
    requests: kept.requests.map((request) => ({ ...request, time: isoTime(request.time) })),
    awaitsRules: kept.awaitsRules,
    trades: kept.trades,
    ...(kept.bars === undefined ? {} : { bars: kept.bars }),
    tradesPerSecond: state === "running" ? throughput?.tradesPerSecond ?? 0 : 0,
    lagMs: throughput?.lagMs ?? null,
    price: last?.price ?? null,
    priceTime: timeOrNull(last?.time ?? null),
    startCash: kept.startCash,
    cash: account.cash,
    position: kept.position.quantity,
    cost: kept.position.cost,
    averageCost: quantity.isZero() ? null : averageCostText(cost, quantity),
    equity: plain(value.plus(account.cash)),
    fees: account.fees,
    realized: account.realized,
    unrealized: plain(value.minus(cost)),
    ...counts,
    lastFills: kept.lastFills,
    lastRefusals: kept.lastRefusals,
    lastGaps: kept.lastGaps,
    checked: kept.checked,
  };
}

/**
 * The status that `statusOf` would give `ms` (a whole number) later if the run wrote nothing meanwhile: for a view that
 * continues without the journal.
 */
export function statusLater(status: RunStatus, ms: number): RunStatus {
  const time = isoTime(timeIn(status.time)! + ms * 1000);
  const ageMs = status.ageMs + ms;
  if (status.state !== "running" || ageMs <= SILENT_MS) return { ...status, time, ageMs };
  return {
    ...status,
    time,
    ageMs,
    state: "silent",
    connected: false,
    connectionSince: status.connected ? status.lastHeartbeat : status.connectionSince,
    tradesPerSecond: 0,
  };
}

/** The result of a health check: a line when the run is alive, otherwise what is wrong. */
export interface Health {
  readonly isAlive: boolean;
  readonly text: string;
}

/**
 * Whether the last heartbeat is younger than `maxAgeMs`. A run that was stopped is not alive, nor is one
 * whose heartbeat is more than `maxAgeMs` in the future: then the clock proves nothing.
 */
export function healthOf(pulse: Pulse, maxAgeMs: number): Health {
  const { journal, run, state, ageMs, lastHeartbeat } = pulse;
  const which = `run ${run} in ${journal}`;
  if (state === "stopped") {
    return {
      isAlive: false,
      text: `${which} was stopped at ${pulse.stopped} (${stopText(pulse.stopReason)}): it is not running. ` +
        "Start it again to resume it",
    };
  }
  const limit = `${maxAgeMs / 1000} s`;
  if (ageMs < -maxAgeMs) {
    return {
      isAlive: false,
      text: `the last heartbeat of ${which}, at ${lastHeartbeat}, is ${-ageMs / 1000} s ahead of this ` +
        "clock: the clock was set back, or the clocks differ. Until the next heartbeat it is unknown whether the run is alive",
    };
  }
  if (ageMs < maxAgeMs) {
    return { isAlive: true, text: `${which} is alive: its last heartbeat is ${ageMs / 1000} s old` };
  }
  return {
    isAlive: false,
    text: `the last heartbeat of ${which}, at ${lastHeartbeat}, is ${ageMs / 1000} s old, limit ${limit}: ` +
      "its process was killed, failed, hangs, or cannot write",
  };
}

/** Why a run stopped, as the end of a sentence. Journals hold "asked to" for a stop by a signal and by `--for`. */
export function stopText(reason: string | null): string {
  return reason === null || reason === "asked to" ? "on request" : reason;
}

/** A sentence about a halted run, with how to end the halt; null for a run that is not halted. */
export function haltSentence({ journal, run, halt }: Pick<Pulse, "journal" | "run" | "halt">): string | null {
  if (halt === null) return null;
  const { reason, value, limit, tradeId, time, action, text } = halt;
  const why = reason === "manual"
    ? `by hand${text === undefined ? "" : ` (${text})`}`
    : `${reason} ${value} reached the limit ${limit} at trade ${tradeId}`;
  const what = action === "flatten" ? "it trades nothing" : "it buys nothing";
  const also = reason === "max-daily-loss" ? ", or the next UTC day does" : "";
  return `run ${run} in ${journal} has been halted since ${time}, ${why}: ${what} until ` +
    `"penstock release ${journal} --reason TEXT" ends the halt${also}`;
}

/** When a run was disconnected; for a process that is gone, when it last wrote something. */
function disconnectedSince(
  { started, resumed, stopped, lastAlive, connection }: KeptRun,
  state: RunState,
): number {
  if (stopped !== null) return stopped.time;
  if (connection === null) return resumed ?? started;
  return state === "silent" && connection.event.type === "connected" ? lastAlive : connection.since;
}

function timeOrNull(time: number | null): string | null {
  return time === null ? null : isoTime(time);
}
