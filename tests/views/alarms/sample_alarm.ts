/** Alarms, statuses and events to test with. */
import type { FollowedEvent, FollowedMoment, JournalEvent } from "../../../src/domain/run/followed_moment.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import { type KeptRun, statusOf } from "../../../src/domain/run/run_status.ts";
import type { Alarm } from "../../../src/views/alarms/alarm.ts";

/** 2026-12-01 10:00, µs since 1970. */
export const NOON: number = Date.UTC(2026, 11, 1, 10) * 1000;
/** A second, µs. */
export const SECOND = 1_000_000;

export const ALARM: Alarm = {
  key: "0123456789ab-1-20-halt",
  kind: "halt",
  urgency: "urgent",
  journal: "data/penstock.db",
  run: 1,
  entry: 20,
  time: "2026-12-01T10:00:00.000000Z",
  symbol: "BTCUSDT",
  title: "BTCUSDT: halted, max-drawdown",
  text: "run 1 in data/penstock.db has been halted",
  event: null,
};

/** An event of run 1 as a journal's reader returns it, `seconds` after 10:00. */
export function event(seq: number, seconds: number, fields: object, run = 1): FollowedEvent {
  const time = NOON + seconds * SECOND;
  return { run, seq, time, event: { time: isoTime(time), ...fields } as unknown as JournalEvent };
}

export const STARTED = { type: "started", version: "1" };
export const RESUMED = { type: "resumed" };
export const STOPPED = { type: "stopped", reason: "asked to" };
export const CONNECTED = { type: "connected", endpoint: "wss://h", attempt: 1 };
export const LOST = { type: "disconnected", reason: "closed", retryInMs: 100 };
export const HALT = {
  type: "halt",
  symbol: "BTCUSDT",
  reason: "max-drawdown",
  limit: "0.2",
  value: "0.21",
  tradeId: 7,
  action: "hold",
};
export const RELEASED = {
  type: "released",
  symbol: "BTCUSDT",
  reason: "max-drawdown",
  tradeId: 9,
  text: "checked",
};
export const BUY = {
  type: "fill",
  symbol: "BTCUSDT",
  side: "buy",
  price: "60003.85",
  quantity: "0.01666",
  fee: "1",
  cash: "8999.34",
  position: "0.01666",
  tradeId: 5,
  signalTradeId: 5,
};
export const SELL = { ...BUY, side: "sell", cash: "10012.3", position: "0", realized: "12.3", tradeId: 6 };
export const REFUSAL = { ...HALT, type: "refusal", side: "buy", reason: "max-orders" };

const KEPT: KeptRun = {
  journal: "data/penstock.db",
  run: 1,
  symbol: "BTCUSDT",
  awaitsRules: false,
  started: NOON,
  resumed: null,
  stopped: null,
  lastAlive: NOON,
  pid: 7,
  connection: { event: { ...CONNECTED, time: isoTime(NOON) } as never, since: NOON },
  trades: 10,
  throughput: null,
  last: { price: "60000", time: NOON },
  startCash: "10000",
  account: { cash: "10000", fees: "0", realized: "0" },
  position: { quantity: "0", cost: "0" },
  halt: null,
  requests: [],
  counts: { signals: 0, fills: 0, refusals: 0, gaps: 0 },
  lastFills: [],
  lastRefusals: [],
  lastGaps: [],
  checked: { from: 1, to: 1, isCut: false },
};

/** A poll of a run that is well, `seconds` after 10:00, but for `changes`. */
export function moment(
  seconds: number,
  changes: Partial<KeptRun> = {},
  more: Partial<FollowedMoment> = {},
): FollowedMoment {
  const now = NOON + seconds * SECOND;
  const status = statusOf({ ...KEPT, lastAlive: now, ...changes }, now);
  const rest = { problem: null, events: [], isBehind: false, isReplaced: false } as const;
  return { status, ...rest, place: { seq: 1, hash: "ab".repeat(32) }, ...more } as FollowedMoment;
}

/** A poll of a journal that cannot be read. */
export function unreadable(problem: string): FollowedMoment {
  return moment(0, {}, { status: null, problem });
}
