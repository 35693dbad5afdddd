/** A run as its journal has it, for tests of states and pages. */
import { isoTime } from "../../src/domain/numbers/time.ts";
import type { KeptRun } from "../../src/domain/run/run_status.ts";

export const SECOND = 1_000_000;
export const STARTED = 1_723_161_255_342_123;

/** A run that has bought and is running; its last heartbeat came 100 s after its start. */
export function kept(over: Partial<KeptRun> = {}): KeptRun {
  return {
    journal: "a.db",
    run: 2,
    symbol: "BTCUSDT",
    started: STARTED,
    resumed: null,
    stopped: null,
    lastAlive: STARTED + 100 * SECOND,
    pid: 77,
    connection: {
      event: { type: "connected", time: isoTime(STARTED), endpoint: "ws://h", attempt: 1 },
      since: STARTED + SECOND,
    },
    trades: 500,
    throughput: { tradesPerSecond: 5, lagMs: 12 },
    last: { price: "101.5", time: STARTED + 99 * SECOND },
    startCash: "10000",
    account: { cash: "8999", fees: "1.5", realized: "-0.5" },
    position: { quantity: "10", cost: "1000.5" },
    halt: null,
    awaitsRules: false,
    requests: [],
    counts: { signals: 3, fills: 3, refusals: 0, gaps: 0 },
    lastFills: [],
    lastRefusals: [],
    lastGaps: [],
    checked: { from: 1, to: 9, isCut: false },
    ...over,
  };
}
