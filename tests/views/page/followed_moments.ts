/** The results of polling a made-up journal. */
import type { FollowedEvent, FollowedMoment } from "../../../src/domain/run/followed_moment.ts";
import type { RunStatus } from "../../../src/domain/run/run_status.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";

const TIME = 1_723_161_255_342_123;

/** A status with these fields. */
export function status(over: Partial<RunStatus> = {}): RunStatus {
  return {
    type: "status",
    time: isoTime(TIME),
    ...{ journal: "a.db", run: 1, symbol: "BTCUSDT", state: "running", started: isoTime(TIME) },
    ...{ resumed: null, stopped: null, stopReason: null, lastHeartbeat: isoTime(TIME), ageMs: 0, pid: 1 },
    ...{ connected: true, connectionSince: isoTime(TIME), endpoint: "ws://h", reason: null },
    ...{ halted: false, halt: null, requests: [], awaitsRules: false, trades: 1, tradesPerSecond: 1 },
    ...{ lagMs: 1, price: "100", priceTime: isoTime(TIME), startCash: "1000", cash: "1000", position: "0" },
    ...{ cost: "0", averageCost: null, equity: "1000", fees: "0", realized: "0", unrealized: "0" },
    ...{ signals: 0, fills: 0, refusals: 0, gaps: 0, lastFills: [], lastRefusals: [], lastGaps: [] },
    checked: { from: 1, to: 1, isCut: false },
    ...over,
  };
}

/** A status after the trade with this number, a second after the one before. */
export function statusAt(trade: number): RunStatus {
  const time = isoTime(TIME + trade * 1_000_000);
  return status({ time, trades: trade, price: String(100 + trade), priceTime: time });
}

/** An event in the entry `seq`. */
export function event(seq: number, over: Partial<FollowedEvent["event"]> = {}): FollowedEvent {
  const connected = { type: "connected", time: isoTime(TIME), endpoint: "ws://h", attempt: seq } as const;
  return { run: 1, seq, time: TIME, event: { ...connected, ...over } as FollowedEvent["event"] };
}

/** A moment at which the journal has been read up to the entry `seq`. */
export function moment(seq: number, over: Partial<FollowedMoment> = {}): FollowedMoment {
  return {
    status: statusAt(seq),
    figures: { averages: { shortAverage: "1.5" }, drawdown: "0.1", drawdownLimit: "0.2", heartbeat: null },
    problem: null,
    events: [],
    isBehind: false,
    place: { seq, hash: "" },
    isReplaced: false,
    ...over,
  };
}
