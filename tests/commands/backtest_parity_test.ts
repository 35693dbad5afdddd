/**
 * A recorded demo replayed with `penstock backtest` gives the same events: signals, refusals, fills, gaps, halts,
 * expired orders and connections, one for one, through every fault of the exchange.
 */
import { assert, assertEquals } from "@std/assert";
import { FAULT_KINDS } from "../../src/domain/market/fault_kinds.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { eventsOf, Penstock, type PrintedEvent } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { backtest, traded } from "./backtest_run.ts";
import { assertBacktest, assertRun } from "./event_contract.ts";

/** Far enough apart for the stream to recover before the next fault, at 2,000 trades a second. */
const FAULTS = [
  ...[
    "duplicate=5@300",
    "hole=3@450",
    "malformed@600",
    "reorder@750",
    "slow=100@900",
    "drop@1100",
    "stall@1900",
  ],
  ...["close@2900", "half-open@3600", "no-close@4600", "shutdown@5600", "refuse=503:0@6400", "random=1500"],
];
/** By this trade all faults have occurred. */
const ALL_FAULTS = 7_000;
const TIMING = ["--rate=200", "--speed=10", "--stale=200ms", "--retry-max=250ms"];
/** Slow enough that the recording is written when its time is up, not when its buffer is full. */
const FEW_FAULTS = ["--rate=200", "--speed=3", "--faults=malformed@300,hole=3@500"];
/** How long a run may keep what it recorded in memory. */
const UNWRITTEN_MS = 1_000;
/** The longest time between two events of a run that is not held up. */
const PAUSE_MS = 500;
const NO_FIGURES = ["time", "elapsedMs", "tradesPerSecond", "metrics", "ended"];

const DEMO = ["demo", "--json", "--log-level=error"];

/** The part of an event that both runs share: a connection event has its own time and hint. */
function comparable(events: readonly PrintedEvent[]): unknown[] {
  const same = [...traded(events), ...events.filter(({ type }) => type.endsWith("connected"))];
  return events.filter((event) => (same as unknown[]).includes(event)).map((event) => {
    if (!event.type.endsWith("connected")) return event;
    const { time: _, hint: __, ...rest } = event;
    return rest;
  });
}

function figures(summary: PrintedEvent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(summary).filter(([name]) => !NO_FIGURES.includes(name)));
}

/** Replays a recording; returns the events and the log. */
async function again(args: readonly string[]): Promise<{ events: PrintedEvent[]; log: string }> {
  const { code, stdout, stderr } = await backtest(["--json", "--log-level=error", ...args]);
  assertEquals(code, 0, stderr);
  const events = eventsOf(stdout);
  assertBacktest(events);
  return { events, log: stderr };
}

/**
 * Runs a demo with `options` until it has emitted all of `must` and reached this trade, then replays its recording.
 * Both must emit the same events.
 */
async function assertParity(
  file: string,
  options: readonly string[],
  timing: readonly string[],
  must: readonly string[],
  lastTrade: number,
): Promise<void> {
  await using folder = new Folder();
  const path = `${folder.path}/${file}`;
  await using demo = startHere([...DEMO, "--record", path, ...options, ...timing]);
  const due = new Set<unknown>(must);
  let tradeId = 0;
  await demo.until((events) => {
    for (const { type, reason, cause, tradeId: id } of events.slice(-1)) {
      for (const printed of [type, reason, cause]) due.delete(printed);
      if (typeof id === "number") tradeId = Math.max(tradeId, id);
    }
    return due.size === 0 && tradeId >= lastTrade || events.at(-1)?.type === "summary";
  });
  // It may have ended already, at its number of trades.
  if (!options.some((option) => option.startsWith("--stop-after"))) demo.signal("SIGINT");
  const { code, stdout, stderr } = await demo.finished();
  assertEquals([code, stderr, [...due]], [0, "", []]);
  const live = eventsOf(stdout);
  assertRun(live);
  const { events, log } = await again([...options, path]);
  assertEquals(log, "");
  assertEquals(comparable(events), comparable(live));
  assertEquals(figures(events.at(-1)!), figures(live.at(-1)!));
}

/** Waits for all runs, so that none outlives its test after another has failed, and throws the first error. */
async function allOf(runs: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(runs);
  await Promise.all(runs);
}

Deno.test("penstock backtest gives the events of a recorded demo, one for one, through every fault", async () => {
  const kinds = new Set(FAULTS.map((fault) => fault.split(/[=@]/)[0]!));
  assertEquals(kinds, new Set(Object.keys(FAULT_KINDS)));
  const faults = [`--faults=${FAULTS.join()}`, ...TIMING];
  await allOf([
    assertParity(
      "plain.txt",
      ["--slippage=1.5", "--latency=300ms", "--min-notional=999.6"],
      faults,
      ["gap", "signal", "refusal", "fill", "connected", "disconnected", "rejected"],
      ALL_FAULTS,
    ),
    assertParity(
      "compressed.gz",
      ["--short=5", "--long=12", "--max-drawdown=0.2%"],
      [...faults, "--seed=7", "--renew-after=700ms"],
      ["gap", "signal", "refusal", "fill", "halt", "disconnected", "rejected"],
      ALL_FAULTS,
    ),
    // It ends at a number of trades, whether or not all has happened by then: a stream that a busy machine mistook for a
    // stale one again and again would have only backfilled trades. On such a machine a disconnection costs up to a
    // thousand trades, so an order has to fill within the few hundred between two faults.
    assertParity(
      "stopped.gz",
      ["--stop-after=4000", "--latency=1500ms", "--short=7", "--long=30"],
      [
        `--faults=${FAULTS.join()}`,
        "--rate=200",
        "--speed=max",
        "--max-hold=1h",
        "--stale=3s",
        "--retry-max=250ms",
        "--seed=3",
      ],
      ["gap", "signal", "fill", "expired", "disconnected", "rejected"],
      0,
    ),
    // At the market's own speed, so that trades have an age on arrival, larger than the delay on a busy machine.
    assertParity(
      "guarded.gz",
      [
        ...["--short=2", "--long=4", "--latency=20ms", "--max-lag=500ms", "--participation=30%"],
        ...["--order-ttl=200ms", "--stop-loss=0.02%", "--take-profit=0.02%", "--max-orders=40/1s"],
        ...["--cooldown=20ms", "--max-position=900.1", "--max-daily-loss=90%", "--on-halt=flatten"],
        ...["--stake=900.3", "--min-notional=0", "--max-drawdown=0.5%"],
      ],
      [
        "--rate=1000",
        "--stale=5s",
        "--retry-max=250ms",
        "--faults=slow=1000@1500,drop@4000",
      ],
      ["fill", "max-lag", "replaced", "cooldown", "max-position", "halt"],
      5_000,
    ),
  ]);
});

Deno.test("penstock backtest gives the events of a recorded demo on bars, one for one, through faults", async () => {
  await assertParity(
    "bars.gz",
    ["--bars=150ms", "--short=2", "--long=5", "--latency=30ms", "--stop-loss=0.1%"],
    ["--faults=hole=3@250,drop@500,duplicate=5@800,malformed@900,random=700", ...TIMING, "--seed=11"],
    ["gap", "signal", "fill", "disconnected", "rejected"],
    2_000,
  );
});

Deno.test("penstock backtest reads what a killed demo recorded, with at most its last second missing", async () => {
  await Promise.all(["killed.txt", "killed.gz"].map(async (file) => {
    await using folder = new Folder();
    const path = `${folder.path}/${file}`;
    const options = ["--short=5", "--long=12", "--slippage=1"];
    const flags = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", `--allow-write=${folder.path}`];
    await using demo = Penstock.start([...DEMO, "--record", path, ...options, ...FEW_FAULTS], flags);
    // The recording is written by the run's own timer, so the run is killed after some time in which it never paused.
    const arrived: number[] = [];
    let since = 0;
    await demo.until((events) => {
      const now = performance.now();
      if (events.length > 0) {
        if (now - (arrived.at(-1) ?? 0) > PAUSE_MS) since = now;
        arrived.push(now);
      }
      return traded(events).length > 40 && now - since > 2 * (UNWRITTEN_MS + PAUSE_MS);
    });
    const killed = performance.now();
    demo.signal("SIGKILL");
    const { stdout } = await demo.finished();
    // The event it was printing when it was killed may be incomplete, too.
    const live = traded(eventsOf(stdout.slice(0, stdout.lastIndexOf("\n"))));
    const { events, log } = await again([...options, path]);
    const found = traded(events).filter(({ type }) => type !== "expired");
    assertEquals(log, "");
    // What happened is recorded before it is printed, so that the recording may also be ahead.
    const both = Math.min(found.length, live.length);
    assertEquals(found.slice(0, both), live.slice(0, both));
    const written = arrived.filter((at) => at < killed - UNWRITTEN_MS - PAUSE_MS).length;
    const least = traded(eventsOf(stdout).slice(0, written)).length;
    assert(least > 20 && found.length >= least, `${found.length} of ${live.length}, expected ${least}`);
  }));
});
