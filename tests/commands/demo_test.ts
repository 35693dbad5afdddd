/** `penstock demo` from outside. */
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { eventsOf, type Finished, penstock, type PrintedEvent } from "../support/penstock.ts";
import { assertRun } from "./event_contract.ts";
import { soonMs } from "../support/soon.ts";
import { inProcess } from "../support/in_process.ts";
import { finishHere } from "../support/program_here.ts";
import { inFolder } from "../stores/sample_journal.ts";

/** The results of trading, without the times of day. */
function traded({ stdout }: Finished): Omit<PrintedEvent, "time">[] {
  return eventsOf(stdout).filter(({ type }) => ["signal", "fill", "refusal", "gap"].includes(type))
    .map(({ time: _, ...event }) => event);
}

Deno.test("penstock demo --for 2s ends with the summary table and 0", async () => {
  const startedAt = performance.now();
  const { code, stdout, stderr } = await penstock("demo", "--for", "2s");
  assertEquals(code, 0);
  const elapsed = performance.now() - startedAt;
  assertGreaterOrEqual(elapsed, 2_000);
  assertLess(elapsed, await soonMs(4_000));
  assertMatch(stdout, /^\nSummary: on paper, .*\n {2}symbol {12}BTCUSDT\n {2}trades seen +\d+ in \d/);
  assertMatch(stdout, /\n {2}stream +no gaps, no duplicates\n/);
  assertMatch(
    stderr,
    /^[\d:.]{12} INFO {2}permissions kept: .*\n[\d:.]{12} INFO {2}Penstock .* demo: BTCUSDT, .*\n[\d:.]{12} INFO {2}instrument .*\n[\d:.]{12} INFO {2}connected to ws:/,
  );
  assert(!(stdout + stderr).includes("\x1b"), "no terminal, no escapes");
});

Deno.test("penstock demo --for lasts longer than the runtime's timers", async () => {
  const { code, stdout } = await finishHere(
    "demo",
    "--for=1000h",
    "--json",
    "--speed=max",
    "--stop-after=5000",
  );
  assertEquals([code, eventsOf(stdout).at(-1)!.trades], [0, 5_000]);
});

Deno.test("penstock demo trades the same with the same seed and differently with another", async () => {
  const run = (seed: number) =>
    finishHere("demo", "--json", "--speed=max", "--stop-after=5000", "--log-level=error", `--seed=${seed}`);
  const [one, again, other] = await Promise.all([run(7), run(7), run(8)]);
  assertRun(eventsOf(one.stdout));
  assert(traded(one).length > 20);
  assertEquals(traded(one), traded(again));
  assert(JSON.stringify(traded(one)) !== JSON.stringify(traded(other)));
});

Deno.test("penstock demo survives every fault and reports each in the contract's events", async () => {
  const { code, stdout, stderr } = await finishHere(
    "demo",
    "--json",
    "--speed=max",
    "--faults=duplicate=5@300,hole=3@700,malformed@900,reorder@1200,drop@2500,stall@5500",
    "--stale=200ms",
    "--retry-max=250ms",
    "--stop-after=8000",
    "--slippage=1.5",
    "--latency=100ms",
  );
  assertEquals(code, 0, stderr);
  const events = eventsOf(stdout);
  assertRun(events);
  const types = new Set(events.map(({ type }) => type));
  for (const type of ["connected", "disconnected", "gap", "signal", "fill", "rejected"]) {
    assert(types.has(type), type);
  }
  const summary = events.at(-1)!;
  assertEquals(summary.trades, 8_000);
  assert(Number(summary.duplicates) >= 5);
  assert(events.filter(({ type }) => type === "disconnected").length >= 2);
});

Deno.test("penstock demo emits refusals, a halt and expired orders as the contract describes them", async () => {
  const run = async (...args: string[]) => {
    const { stdout } = await finishHere("demo", "--json", "--speed=max", "--stop-after=3000", ...args);
    const events = eventsOf(stdout);
    assertRun(events);
    return (type: string) => events.filter((event) => event.type === type);
  };
  const [refused, halted, waiting] = await Promise.all([
    run("--min-notional=2000"),
    run("--max-drawdown=0.001%"),
    run("--latency=24h"),
  ]);
  assertEquals(refused("fill"), []);
  assertEquals(
    new Set(refused("refusal").map(({ reason }) => reason)),
    new Set(["min-notional", "no-position"]),
  );
  assertEquals(halted("halt").length, 1);
  assertEquals([halted("halt")[0]!.reason, halted("halt")[0]!.limit], ["max-drawdown", "0.00001"]);
  assert(halted("refusal").some(({ reason }) => reason === "halted"));
  assertEquals(waiting("fill"), []);
  assertEquals(waiting("expired").length, waiting("signal").length);
});

Deno.test("penstock demo keeps events on standard output and the log on standard error", async () => {
  const { stdout, stderr } = await finishHere("demo", "--json", "--stop-after=1", "--log-format=json");
  assertRun(eventsOf(stdout));
  const log = stderr.split("\n").map((line) => JSON.parse(line));
  assertEquals(log.map(({ level }) => level), ["info", "info", "info", "info"]);
  assertStringIncludes(log[1].message, "demo: BTCUSDT");
  assertStringIncludes(log[2].message, "instrument BTCUSDT: lot 0.00001, ");
  const quiet = await finishHere("demo", "--json", "--stop-after=1", "--log-level=error");
  assertEquals(quiet.stderr, "");
});

Deno.test("penstock demo on a clock that runs faster decides for hours as a file would, resumes later, and verifies", () =>
  inFolder(async (folder) => {
    const journal = `${folder}/run.db`;
    const limits = [
      "--latency=2s",
      "--cooldown=5m",
      "--max-orders=3/10m",
      "--trailing-stop=0.1%",
      "--fill=next",
    ];
    const windows = ["--short=9", "--long=30"];
    const demo = async (trades: number): Promise<PrintedEvent[]> => {
      const keeping = [`--state=${journal}`, `--record=${folder}/recordings/`];
      const market = ["--rate=1", "--speed=7200", `--stop-after=${trades}`];
      const { code, stdout, stderr } = await finishHere(
        ...["demo", "--json", "--log-level=error", ...market, ...keeping, ...windows, ...limits],
      );
      assertEquals([code, stderr], [0, ""]);
      return eventsOf(stdout);
    };
    const times = ({ firstTime, lastTime }: PrintedEvent) =>
      [firstTime, lastTime].map((time) => Date.parse(`${time}`));
    const first = await demo(7_600);
    assertRun(first);
    const [started, ended] = times(first.at(-1)!);
    assertGreaterOrEqual(ended! - started!, 1.5 * 3_600_000);
    assertGreaterOrEqual(first.filter(({ cause }) => cause === "trailing-stop").length, 1);

    // Another exchange, whose ids start again: its clock continues after the last trade.
    const second = await demo(9_600);
    assertEquals(second.filter(({ type }) => type === "reset").length, 1);
    assertEquals([second.at(-1)!.duplicates, second.at(-1)!.outOfOrder], [0, 0]);

    const verified = await inProcess("verify", "--log-level=error", journal, `${folder}/recordings/`);
    assertEquals(verified.code, 0, verified.stdout);
    // Arrivals decide nothing here, so the trades alone give the same.
    const files = [...Deno.readDirSync(`${folder}/recordings`)].map(({ name }) =>
      `${folder}/recordings/${name}`
    );
    const recorded = await inProcess(
      "backtest",
      "--json",
      "--log-level=error",
      ...windows,
      ...limits,
      ...files.sort(),
    );
    const decided = ({ type }: PrintedEvent) => ["signal", "fill", "refusal", "reset"].includes(type);
    assertEquals(eventsOf(recorded.stdout).filter(decided), [...first, ...second].filter(decided));
  }));
