/** Runs that trade on bars, as a user sees them: live, across kills, and on recorded markets. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { parseFaults } from "../../src/simulator/faults.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf } from "../support/penstock.ts";
import { isRecorded, recordedFile } from "../support/recorded_data.ts";
import { outcomeOf, RecordedRun } from "../support/recorded_run.ts";
import { backtest } from "./backtest_run.ts";

const BARS = { bars: "100ms", short: "2", long: "4" };

Deno.test("penstock verify proves a run on bars through faults and kills, and the run keeps its bars", async () => {
  await inFolder(async (folder) => {
    const faults = parseFaults("drop@150,duplicate=9@300,hole=5@400,malformed@450,close@700,hole=3@900");
    await using exchange = BuiltInExchange.listen({ seed: 5, rate: 1_000, faults });
    const run = new RecordedRun(folder, exchange);
    await run.killedAfter(5, BARS);
    await run.killedAfter(5, BARS);
    await run.stoppedAfter(5, { ...BARS, backfill: "off" });
    const outcome = await outcomeOf(run.journal, run.recordings);
    assertEquals(outcome.type, "verified", JSON.stringify(outcome));

    const { bars } = JSON.parse((await inProcess("status", run.journal, "--json")).stdout);
    assertEquals(bars.size, "100ms");
    assertGreater(bars.closed, 10);
    assert(Number(bars.open.low) <= Number(bars.open.high) && bars.open.trades > 0);
    const { stdout } = await inProcess("status", run.journal);
    assertMatch(stdout, /bars +\d+ of 100ms closed; open since [^:]+:\d\d:\d\d: [\d.,]+, high /);
    for (const [other, shown] of [["1s", "1s"], ["trades", "trades"]] as const) {
      const { code, stderr } = await run.process(() => Promise.resolve(), { ...BARS, bars: other });
      assertEquals(code, 2);
      assertStringIncludes(stderr, `cannot resume with other options: bars was 100ms and is ${shown}. `);
    }
  });
});

interface Market {
  readonly file: string;
  readonly args: readonly string[];
  /** As an independent computation in exact fractions gave them. */
  readonly expected: Readonly<Record<string, string | number>>;
}

const SECONDS = ["--bars=10s", "--short=3", "--long=10"];
const PEPE = [
  "--symbol=PEPEUSDT",
  "--short=5",
  "--long=20",
  "--lot=1",
  "--tick=0.00000001",
  "--max-drawdown=99%",
];
const MARKETS: readonly Market[] = [
  {
    file: "binance_spot_btcusdt_20240808.gz",
    args: SECONDS,
    expected: {
      ...{ trades: 9_757, bars: 35, signals: 2, fills: 2, refusals: 0, position: "0" },
      ...{ cash: "9997.16050081", fees: "1.99810489" },
    },
  },
  {
    file: "binance_spot_btcusdt_20240809.gz",
    args: SECONDS,
    expected: {
      ...{ trades: 10_147, bars: 30, signals: 4, fills: 4, refusals: 0, position: "0" },
      ...{ cash: "9994.48760615", fees: "3.99627255" },
    },
  },
  {
    file: "spot-PEPEUSDT-aggTrades-2024-10-27.zip",
    args: [...PEPE, "--bars=5m"],
    expected: {
      ...{ trades: 57_229, bars: 287, signals: 26, fills: 26, refusals: 0, position: "0" },
      ...{ cash: "9972.0391415", fees: "25.99803715" },
    },
  },
  // Most of its seconds have no trade.
  {
    file: "spot-PEPEUSDT-aggTrades-2024-10-27.zip",
    args: [...PEPE, "--bars=1s"],
    expected: {
      ...{ trades: 57_229, bars: 86_394, signals: 6_912, fills: 6_912, refusals: 0, position: "0" },
      ...{ cash: "3004.88048155", fees: "6911.91679963" },
    },
  },
];

for (const { file, args, expected } of MARKETS) {
  Deno.test({
    name: `penstock backtest ${
      args.find((text) => text.startsWith("--bars"))
    } has the known figures on ${file}`,
    ignore: !isRecorded(file),
    fn: async () => {
      const { code, stdout, stderr } = await backtest(["--json", ...args, recordedFile(file)]);
      assertEquals(code, 0, stderr);
      const summary = eventsOf(stdout).at(-1)!;
      assertEquals({ ...summary, ...expected }, summary);
    },
  });
}
