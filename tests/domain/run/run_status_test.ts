import { assertEquals } from "@std/assert";
import type { HaltEvent } from "../../../src/domain/run/event.ts";
import {
  haltSentence,
  healthOf,
  type KeptRun,
  statusLater,
  statusOf,
} from "../../../src/domain/run/run_status.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import { kept, SECOND, STARTED } from "../../support/sample_run.ts";

/** The status of a run this many seconds after its last heartbeat. */
function after(seconds: number, over: Partial<KeptRun> = {}) {
  const run = kept(over);
  return statusOf(run, run.lastAlive + seconds * SECOND);
}

Deno.test("statusOf() marks the position at the last price, so that realized and unrealized profit explain equity", () => {
  const { equity, unrealized, realized, averageCost, startCash, cash, position } = after(3);
  assertEquals({ equity, unrealized, realized, averageCost }, {
    equity: "10014",
    unrealized: "14.5",
    realized: "-0.5",
    averageCost: "100.05",
  });
  assertEquals([startCash, cash, position], ["10000", "8999", "10"]);
});

Deno.test("statusOf() has no average cost without a position, and no price before the first trade", () => {
  const status = after(3, {
    last: null,
    throughput: null,
    trades: 0,
    pid: null,
    account: { cash: "10000", fees: "0", realized: "0" },
    position: { quantity: "0", cost: "0" },
  });
  const { equity, unrealized, averageCost, price, priceTime, lagMs, tradesPerSecond } = status;
  assertEquals([equity, unrealized, tradesPerSecond], ["10000", "0", 0]);
  assertEquals([averageCost, price, priceTime, lagMs], [null, null, null, null]);
});

Deno.test("statusOf() shows a run as running, as silent after half a minute, or as stopped", () => {
  const states = [0, 30, 30.001, 3_600].map((seconds) => after(seconds));
  assertEquals(states.map(({ state }) => state), ["running", "running", "silent", "silent"]);
  assertEquals(states.map(({ ageMs }) => ageMs), [0, 30_000, 30_001, 3_600_000]);
  assertEquals(states.map(({ tradesPerSecond }) => tradesPerSecond), [5, 5, 0, 0]);
  const stopped = after(1, { stopped: { time: STARTED + 100 * SECOND, reason: "asked to" } });
  const expected = ["stopped", "asked to", isoTime(STARTED + 100 * SECOND)];
  assertEquals([stopped.state, stopped.stopReason, stopped.stopped], expected);
  const ahead = after(-5);
  assertEquals([ahead.state, ahead.ageMs], ["running", -5_000]);
});

Deno.test("statusOf() shows whether data flows, as far as that is known, and since when", () => {
  const shown = (seconds: number, over: Partial<KeptRun> = {}) => {
    const { connected, connectionSince, endpoint, reason } = after(seconds, over);
    return [connected, (Date.parse(connectionSince) - Math.floor(STARTED / 1000)) / 1000, endpoint, reason];
  };
  const down: KeptRun["connection"] = {
    event: { type: "disconnected", time: isoTime(STARTED), reason: "refused", retryInMs: 5 },
    since: STARTED + 60 * SECOND,
  };
  assertEquals(shown(3), [true, 1, "ws://h", null]);
  assertEquals(shown(3, { connection: down }), [false, 60, null, "refused"]);
  assertEquals(shown(3, { connection: null }), [false, 0, null, null]);
  assertEquals(shown(3, { connection: null, resumed: STARTED + 50 * SECOND }), [false, 50, null, null]);
  // A silent process is not known to be connected.
  assertEquals(shown(60), [false, 100, "ws://h", null]);
  assertEquals(shown(60, { connection: down }), [false, 60, null, "refused"]);
  const stopped = { time: STARTED + 90 * SECOND, reason: "asked to" };
  assertEquals(shown(1, { stopped }), [false, 90, "ws://h", null]);
});

Deno.test("healthOf() accepts heartbeats that are younger than the limit, or as little ahead of the clock", () => {
  const alive = (seconds: number, over: Partial<KeptRun> = {}) => healthOf(after(seconds, over), 60_000);
  assertEquals([0, 59.999, -59.999].map((seconds) => alive(seconds).isAlive), [true, true, true]);
  assertEquals([60, 1e6, -60.001].map((seconds) => alive(seconds).isAlive), [false, false, false]);
  assertEquals(alive(12.5).text, "run 2 in a.db is alive: its last heartbeat is 12.5 s old");
  const at = isoTime(STARTED + 100 * SECOND);
  assertEquals(
    alive(75).text,
    `the last heartbeat of run 2 in a.db, at ${at}, is 75 s old, limit 60 s: ` +
      "its process was killed, failed, hangs, or cannot write",
  );
  assertEquals(
    alive(-90).text,
    `the last heartbeat of run 2 in a.db, at ${at}, is 90 s ahead of this clock: the clock was set back, ` +
      "or the clocks differ. Until the next heartbeat it is unknown whether the run is alive",
  );
  const stopped = { time: STARTED + 100 * SECOND, reason: "asked to" };
  assertEquals(alive(1, { stopped }), {
    isAlive: false,
    text: `run 2 in a.db was stopped at ${at} (on request): it is not running. Start it again to resume it`,
  });
});

Deno.test("haltSentence() names the halt, what it prevents, and what ends it", () => {
  const halt: HaltEvent = {
    type: "halt",
    time: isoTime(STARTED),
    symbol: "BTCUSDT",
    reason: "max-drawdown",
    limit: "0.2",
    value: "0.21",
    tradeId: 7,
    action: "hold",
  };
  const sentence = (over: Partial<HaltEvent>) =>
    haltSentence({ journal: "a.db", run: 2, halt: { ...halt, ...over } });
  const since = `run 2 in a.db has been halted since ${isoTime(STARTED)}, `;
  const until = `until "penstock release a.db --reason TEXT" ends the halt`;
  assertEquals(haltSentence({ journal: "a.db", run: 2, halt: null }), null);
  assertEquals(
    sentence({}),
    `${since}max-drawdown 0.21 reached the limit 0.2 at trade 7: it buys nothing ${until}`,
  );
  assertEquals(
    sentence({ reason: "max-daily-loss", action: "flatten" }),
    `${since}max-daily-loss 0.21 reached the limit 0.2 at trade 7: it trades nothing ${until}, or the next UTC day does`,
  );
  assertEquals(sentence({ reason: "manual" }), `${since}by hand: it buys nothing ${until}`);
  assertEquals(
    sentence({ reason: "manual", text: "odd" }),
    `${since}by hand (odd): it buys nothing ${until}`,
  );
});

Deno.test("statusLater() is the status that the same journal would give later, whatever the run's state", () => {
  const disconnected = {
    type: "disconnected",
    time: isoTime(STARTED),
    reason: "closed",
    retryInMs: 100,
  } as const;
  const runs: Partial<KeptRun>[] = [
    {},
    { connection: null },
    { connection: { event: disconnected, since: STARTED + 5 * SECOND } },
    { stopped: { time: STARTED + 101 * SECOND, reason: "asked to" } },
    { lastAlive: STARTED + 200 * SECOND + 499 },
  ];
  for (const run of runs) {
    for (const first of [-5, 3, 29.9999, 40]) {
      for (const more of [0, 1, 200, 30_000, 90_000_000]) {
        assertEquals(statusLater(after(first, run), more), after(first + more / 1000, run));
      }
    }
  }
});
