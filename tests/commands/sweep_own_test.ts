/** A sweep over a user's strategy: the options within `--set`, and files that do not work. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { LaneFailure } from "../../src/commands/backtest/sweep/team.ts";
import { Threads } from "../../src/commands/backtest/sweep/threads.ts";
import { workerTeam } from "../../src/commands/backtest/sweep/worker_team.ts";
import { sweptResult } from "../../src/commands/report/swept_result.ts";
import type { ConfigurationFigures } from "../../src/domain/run/sweep_result.ts";
import { blocksOf } from "../support/blocks.ts";
import { inProcess } from "../support/in_process.ts";
import { commandLine, eventsOf, Penstock } from "../support/penstock.ts";
import { soonMs } from "../support/soon.ts";
import { strategySource } from "../support/strategy_files.ts";
import { inFolder, sweptIn } from "../support/swept.ts";
import { ticksAt } from "../support/ticks.ts";

/** Long for `held` bars of every `every`. */
const REGULAR = strategySource(`return state.bars++ % options.every < options.held ? "long" : "flat";`, {
  options: "{ every: { default: 9, least: 2, whole: true }, held: { default: 3, least: 1 } }",
  state: `options.held < options.every ? { bars: 0 } : (() => { throw new Error("held to the end") })()`,
}).replace("start: () =>", "start: (options) =>");

Deno.test("options within --set vary like any other, and each row is the backtest with its values", async () => {
  await inFolder(async (file) => {
    await Deno.writeTextFile(file("regular.ts"), REGULAR);
    const chosen = ["--bars=1m", `--strategy=${file("regular.ts")}`, "--rank=net-profit"];
    const grid = ["--set=every=10..30:10,held=4,20", "--fee=0,0.1%"];
    const { rows, last } = await sweptIn(file, [...chosen, ...grid, `--out=${file("sweep.json")}`]);
    // With 10 and 20 bars it holds to the end of 4 and 20.
    assertEquals([rows.length, last.refused], [8, 4]);
    assertEquals(rows.map(({ options }) => Object.values(options).join()), [
      ...["10,4,0", "10,4,0.001", "20,4,0", "20,4,0.001", "30,4,0", "30,4,0.001", "30,20,0", "30,20,0.001"],
    ]);
    const { options, fills, netProfit } = rows[5]!;
    assertEquals(options, { "set.every": 30, "set.held": 4, fee: "0.001" });
    const { stdout } = await inProcess(
      ...["backtest", file("trades.csv"), ...chosen.slice(0, 2), "--set=held=4,every=30", "--json"],
    );
    const single = eventsOf(stdout).at(-1) as unknown as { metrics: ConfigurationFigures; fills: number };
    assertEquals([fills, netProfit], [single.fills, single.metrics.netProfit]);
    const result = JSON.parse(await Deno.readTextFile(file("sweep.json")));
    assertEquals(result.grid[0], { name: "set.every", values: ["10", "20", "30"] });
    const { ranked: { rows: [best] }, origin: { command, commands } } = sweptResult(result);
    assertEquals(best!.row.options, last.best);
    assertStringIncludes(command, "--set every=10,20,30,held=4,20 ");
    const { "set.every": every, "set.held": held } = last.best!;
    assertStringIncludes(commands[0]!, `--set every=${every},held=${held} `);
  });
});

Deno.test("values that a strategy's file does not allow are refused, and options with which it never starts", async () => {
  await inFolder(async (file) => {
    await Deno.writeTextFile(file("regular.ts"), REGULAR);
    const refused = async (set: string): Promise<readonly string[]> => {
      const args = [`--strategy=${file("regular.ts")}`, `--set=${set}`];
      const { code, stderr } = await inProcess("sweep", file("trades.csv"), ...args);
      assertEquals(code, 2);
      return stderr.trim().split("\n").map((line) => line.replace("penstock: ", ""));
    };
    assertEquals(await refused("every=0..2:1,held=0.5,1"), [
      ...["every=0", "every=1"].map((part) => `--set has "${part}": expected a whole number from 2`),
      `--set has "held=0.5": expected a number from 1`,
    ]);
    assertEquals(
      (await refused("every=5,6,step=1,2"))[0],
      `--set has "step=1": expected an option of the strategy, which has every, held`,
    );
    assertStringIncludes((await refused("every=2,3,held=9"))[0]!, "held to the end");
  }, 50);
});

/** Strategies that do not come back from some bar. */
const ENDLESS = (what: string) =>
  strategySource(`if (++state.bars > 30 + options.after) ${what} return null;`, {
    options: "{ after: { default: 0 } }",
  });

Deno.test("Ctrl-C ends a sweep whose strategy never ends, within two seconds, and names strategy and options", async () => {
  await inFolder(async (file) => {
    await Deno.writeTextFile(file("endless.ts"), ENDLESS("for (;;);"));
    // Its own process, because only the end of its process stops a thread in an endless loop.
    await using program = new Penstock(
      new Deno.Command(Deno.execPath(), {
        args: commandLine(
          ["sweep", "trades.csv", "--strategy=./endless.ts", "--set=after=5,9", "--workers=1", "--json"],
          ["--no-prompt", "--allow-read", "--allow-write"],
        ),
        cwd: file(""),
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
    await program.event("started");
    // For a second a turn may be long.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const askedAt = performance.now();
    program.signal("SIGINT");
    const { code, stdout, stderr } = await program.finished();
    const tookMs = performance.now() - askedAt;
    assert(tookMs < 2_000 || tookMs < await soonMs(2_000), `it took ${tookMs} ms`);
    const [{ type, partial }, ...others] = eventsOf(stdout).toReversed() as unknown as [
      { readonly type: string; readonly partial: boolean },
    ];
    assertEquals([code, type, partial, others.length], [0, "sweep", true, 1]);
    assertMatch(
      stderr,
      /the configuration {"set.after":5} has been at one block of trades for \d seconds?: onBar\(\) in .*endless.ts may never end$/m,
    );
  }, 200);
});

Deno.test("a strategy that would end its thread fails like any other, and is named", async () => {
  await inFolder(async (file) => {
    await Deno.writeTextFile(
      file("ending.ts"),
      ENDLESS("(close as () => void)();"),
    );
    await assertRejects(
      () => sweptIn(file, [`--strategy=${file("ending.ts")}`, "--set=after=5,9", "--workers=2"]),
      Error,
      'the configuration {"set.after":',
    );
  }, 200);
});

Deno.test("a thread that needs more memory than it has fails, and names the lane being computed", async () => {
  const requests = [{ short: 5, long: 20 }, { short: 6, long: 20 }];
  const team = await workerTeam(requests, {
    configurations: 2,
    workers: 1,
    megabytes: 1,
    threads: new Threads(),
  });
  try {
    team.trade("BTCUSDT", {});
    team.open(0);
    for (const block of blocksOf(ticksAt([100, 101]), 2)) team.take(block, null);
    const failure = await assertRejects(() => team.close(0, "choice", 2), LaneFailure);
    assertEquals([failure.lane, failure.message], [1, "its thread needs more than 1 MB"]);
  } finally {
    team.dismiss();
  }
});
