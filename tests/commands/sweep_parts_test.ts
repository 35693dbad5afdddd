/** A sweep in parts: trades held out of the choice, windows of a walk-forward, and a sweep that was stopped and continued. */
import { assert, assertLess, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { readArguments } from "../../src/config/arguments.ts";
import { shownConfig } from "../../src/config/config.ts";
import { configureSweep } from "../../src/config/grid.ts";
import { WHOLE } from "../../src/commands/backtest/sweep/folds.ts";
import { runPass } from "../../src/commands/backtest/sweep/sweep_pass.ts";
import { LaneFailure, localTeam } from "../../src/commands/backtest/sweep/team.ts";
import { Threads } from "../../src/commands/backtest/sweep/threads.ts";
import { workerTeam } from "../../src/commands/backtest/sweep/worker_team.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import type {
  ConfigurationEvent,
  ConfigurationFigures,
  SweepEvent,
  SweepResult,
} from "../../src/domain/run/sweep_result.ts";
import { formatsOf, TRADE_FILES } from "../../src/formats/file_layout.ts";
import { inProcess } from "../support/in_process.ts";
import { commandLine, eventsOf, Penstock, type PrintedEvent } from "../support/penstock.ts";
import { soonMs } from "../support/soon.ts";
import { inFolder, silent, type Swept, sweptIn } from "../support/swept.ts";
import { assertEquals } from "../support/equals.ts";

const GRID = ["--short=3,5", "--long=12,30", "--stop-loss=0.5%,2%", "--workers=1", "--rank=net-profit"];

/** What a backtest of some options says. */
async function backtestOf(file: (name: string) => string, row: ConfigurationEvent, more: readonly string[]) {
  const words = Object.entries(row.options).map(([name, value]) =>
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`
  );
  const { stdout } = await inProcess(
    "backtest",
    file("trades.csv"),
    "--json",
    "--log-level=error",
    ...words,
    ...more,
  );
  return eventsOf(stdout).at(-1) as PrintedEvent & ConfigurationFigures;
}

/** The figures that must not depend on how a sweep was made. */
function lasting({ rows, last }: Swept): unknown {
  const { elapsedMs: _elapsed, tradeConfigurationsPerSecond: _rate, ...rest } = last;
  return { rows, rest };
}

Deno.test("--test holds the last trades out of the choice, and shows each row on both parts", async () => {
  await inFolder(async (file) => {
    const { rows, last } = await sweptIn(file, [...GRID, "--test=30%"]);
    assertEquals(rows.map(({ trades, test }) => [trades, test!.trades]), rows.map(() => [2_100, 900]));
    const row = rows[3]!;
    const { fills, equity, signals, trades } = await backtestOf(file, row, ["--stop-after=2100"]);
    assertEquals({ fills, equity, signals, trades }, {
      ...{ fills: row.fills, equity: row.equity, signals: row.signals, trades: row.trades },
    });
    // It starts with all its cash, and averages that exist.
    const { cash, equity: worth, fees, netProfit } = row.test!;
    assertEquals(new Money(worth).minus(10_000).toFixed(), netProfit);
    assert(new Money(fees).gt(0) && new Money(cash).lte(10_000));
    const best = rows.reduce((one, other) => new Money(other.netProfit).gt(one.netProfit) ? other : one);
    assertEquals(last.best, best.options);
  });
});

Deno.test("--walk-forward chooses in each window, trades the next, and chains the profits", async () => {
  await inFolder(async (file) => {
    const { last, rows } = await sweptIn(file, [...GRID, "--walk-forward=3"]);
    const whole = await sweptIn(file, GRID);
    assertEquals(rows, whole.rows, "rows are those of a sweep without windows");
    assertEquals(last.walkForward.length, 3);
    const sum = last.walkForward.reduce((sum, { netProfit }) => sum.plus(netProfit), new Money(0));
    assertEquals(last.walkForwardNetProfit, sum.toFixed());
    const curve = last.walkForwardCurve;
    assert(curve.length > 3 && curve.every(([time], at) => at === 0 || time >= curve[at - 1]![0]));
    assert(new Money(curve.at(-1)![1]).minus(new Money(10_000).plus(sum)).abs().lt("0.0001"));
    const inParts = await sweptIn(file, [...GRID, "--walk-forward=3", "--test=20%"], { lanes: 3 });
    const atOnce = await sweptIn(file, [...GRID, "--walk-forward=3", "--test=20%"]);
    assertEquals(lasting(inParts), lasting(atOnce), "windows are chosen over all passes");
  });
});

Deno.test("a sweep that is stopped keeps its finished configurations, and --continue makes it the whole sweep", async () => {
  await inFolder(async (file) => {
    const args = [...GRID, "--test=30%", "--walk-forward=2", `--out=${file("sweep.json")}`];
    const expected = await sweptIn(file, [...GRID, "--test=30%", "--walk-forward=2"], { lanes: 3 });
    const read = async () => JSON.parse(await Deno.readTextFile(file("sweep.json"))) as SweepResult;
    const early = new AbortController();
    const none = await sweptIn(file, args, {
      ...{ lanes: 3, signal: early.signal },
      seen: ({ type }) => {
        if (type === "started") early.abort();
      },
    });
    assertEquals([none.rows, none.last.partial, (await read()).configurations], [[], true, []]);
    assertStringIncludes(
      none.logged.join(),
      "stopped before any configuration was finished, so no row is kept; --continue starts over",
    );
    const stop = new AbortController();
    const seen = (event: PenstockEvent) => {
      if (event.type === "configuration") stop.abort();
    };
    const stopped = await sweptIn(file, [...args, "--continue"], { lanes: 3, seen, signal: stop.signal });
    assertMatch(
      stopped.logged.join(),
      /stopped: 3 of 8 configurations are finished and in .*sweep.json; --continue computes the others/,
    );
    assertEquals([stopped.rows.length, stopped.last.configurations, stopped.last.partial], [3, 3, true]);
    assertEquals(stopped.rows, expected.rows.slice(0, 3));
    assertEquals((await read()).configurations.length, 3);
    await assertRejects(
      () => sweptIn(file, [...args.slice(1), "--short=3,4", "--continue"]),
      ConfigError,
      "is of other grid",
    );
    await assertRejects(
      () => sweptIn(file, [...args, "--continue"], { version: "2" }),
      ConfigError,
      "but this is 2: leave --continue out",
    );
    const whole = await Deno.readTextFile(file("sweep.json"));
    for (
      const [part, other] of [[/"short":3/, '"short":4'], [/"unfinished":\{.*\}/, '"unfinished":{}']] as const
    ) {
      const at = whole.indexOf('"configurations"');
      await Deno.writeTextFile(
        file("sweep.json"),
        whole.slice(0, at) + whole.slice(at).replace(part, other) + (other.endsWith("{}") ? "}" : ""),
      );
      await assertRejects(() => sweptIn(file, [...args, "--continue"]), ConfigError, "was changed after");
    }
    await Deno.writeTextFile(file("sweep.json"), whole);
    const continued = await sweptIn(file, [...args, "--continue"], { lanes: 3 });
    assertEquals(lasting(continued), lasting(expected));
    const { configurations, sweep: { partial } } = await read();
    assertEquals([configurations.length, partial], [8, false]);
    await assertRejects(() => sweptIn(file, [...args, "--continue"]), ConfigError, "has finished");
  });
});

Deno.test("rows without a Sharpe ratio are ranked by net profit, unless another figure is chosen", async () => {
  await inFolder(async (file) => {
    const byDefault = GRID.filter((arg) => !arg.startsWith("--rank"));
    const [one, other, asked] = [
      await sweptIn(file, byDefault.map((arg) => arg)),
      await sweptIn(file, GRID),
      await sweptIn(file, [...byDefault, "--rank=sharpe"]),
    ];
    assertEquals([one.last.rank, one.last.best], ["net-profit", other.last.best]);
    assertEquals([asked.last.rank, asked.last.best], ["sharpe", null]);
  }, 600);
});

Deno.test("a CSV has a line for each configuration, with numbers as numbers", async () => {
  await inFolder(async (file) => {
    const { rows } = await sweptIn(file, [...GRID, "--test=30%", `--out=${file("sweep.csv")}`]);
    const [head, ...lines] = (await Deno.readTextFile(file("sweep.csv"))).trimEnd().split("\n");
    assertEquals(lines.length, rows.length);
    const names = head!.split(",");
    const cells = lines[2]!.split(",");
    const found = Object.fromEntries(names.map((name, at) => [name, cells[at]]));
    const { options, netProfit, test } = rows[2]!;
    assertEquals([found["short"], found["netProfit"], found["test_fills"]], [
      ...[`${options["short"]}`, netProfit, `${test!.fills}`],
    ]);
    assertEquals(cells.length, names.length);
  });
});

Deno.test("a configuration tried again on the same trades counts once, and --forget-tries starts the count again", async () => {
  await inFolder(async (file) => {
    const tries = [];
    for (const more of [[], [], ["--fee=0"], ["--fee=0", "--forget-tries"]]) {
      tries.push((await sweptIn(file, [...GRID, ...more])).last.tried);
    }
    assertEquals(tries, [8, 8, 16, 8]);
  });
});

Deno.test("too few trades, and what cannot be read twice or continued, are refused", async () => {
  await inFolder(async (file) => {
    await assertRejects(
      () => sweptIn(file, [...GRID, "--walk-forward=100"]),
      ConfigError,
      "have 150 trades: too few for --walk-forward",
    );
    await Deno.writeTextFile(file("other.json"), "{}");
    for (
      const [args, message] of [
        [["-", "--test=30%"], "standard input can be read only once"],
        [[file("trades.csv"), "--continue"], "--continue: expected --out with the JSON file"],
        [[file("trades.csv"), "--continue", `--out=${file("none.json")}`], "none.json does not exist"],
        [[file("trades.csv"), `--out=${file("trades.csv")}`], "the sweep reads it"],
        [[file("trades.csv"), `--out=${file("other.json")}`], "the file there is not the result of a sweep"],
      ] as const
    ) {
      const { code, stderr } = await inProcess("sweep", ...GRID, ...args);
      assertEquals(code, 2);
      assertStringIncludes(stderr, message);
    }
  }, 150);
});

Deno.test("a sweep stops at a line that cannot be used, and says how to skip it, as a backtest does", async () => {
  await inFolder(async (file) => {
    const lines = (await Deno.readTextFile(file("trades.csv"))).split("\n");
    const unusable = [
      [lines.with(60, "61,abc,1,1,1,True,True"), 'price is "abc"'],
      [lines.with(60, lines[90]!).with(90, lines[60]!), "trade 62 is out of order"],
    ] as const;
    for (const [changed, what] of unusable) {
      await Deno.writeTextFile(file("trades.csv"), changed.join("\n"));
      for (const more of [[], ["--test=30%"]]) {
        const error = await assertRejects(() => sweptIn(file, [...GRID, ...more]), UnusableInput, what);
        assertEquals(error.advice, "With --skip-bad such lines are counted and skipped");
      }
    }
  }, 150);
});

Deno.test("Ctrl-C ends a sweep within two seconds, whatever its threads are doing", async () => {
  await inFolder(async (file) => {
    const args = [
      "sweep",
      "trades.csv",
      "--short=2..60:1",
      "--long=61..90:1",
      "--workers=2",
      "--json",
      "--fee=0",
    ];
    // Tries are counted in its own `data/`.
    const process = new Deno.Command(Deno.execPath(), {
      args: commandLine(args, ["--no-prompt", "--allow-read", "--allow-write=data"]),
      ...{ cwd: file(""), stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    await using program = new Penstock(process);
    await program.event("started");
    const asked = performance.now();
    program.signal("SIGINT");
    const { code, stdout } = await program.finished();
    assertLess(performance.now() - asked, await soonMs(2_000));
    const last = eventsOf(stdout).at(-1) as unknown as SweepEvent;
    assertEquals([code, last.type, last.partial], [0, "sweep", true]);
  }, 60_000);
});

for (const stuck of ["ready", "close"] as const) {
  Deno.test(`a stopped sweep does not wait for threads that are working on a batch: ${stuck}()`, async () => {
    await inFolder(async (file) => {
      const files = [file("trades.csv")];
      const { given, mistakes } = readArguments(["sweep", ...files, ...GRID]);
      const { config, sources } = configureSweep(given, mistakes);
      const stop = new AbortController();
      let isDismissed = false;
      const team = async () => ({
        ...await localTeam([shownConfig(config)], 1),
        [stuck]() {
          stop.abort();
          return new Promise<never>(() => {});
        },
        dismiss: () => void (isDismissed = true),
      });
      const { folds } = await runPass(
        {
          config,
          barsFrom: sources.bars,
          sources,
          files,
          formats: formatsOf(config, TRADE_FILES),
          view: silent(() => {}),
          stop: stop.signal,
        },
        {
          team,
          folds: WHOLE,
          progress: { bytesRead: 0, bytesTotal: null, trades: 0, behind: () => 0 },
          isFirst: true,
        },
      );
      assertEquals([folds, isDismissed], [[], true]);
    });
  });
}

Deno.test("a configuration that fails is named, in another thread and in this one", async () => {
  const flawed = [{ short: 5, long: 20 }, { short: "many", long: 40 }];
  const failure = await assertRejects(
    () => workerTeam(flawed, { configurations: 2, workers: 2, threads: new Threads() }),
    LaneFailure,
  );
  assertStringIncludes(failure.message, 'short is "many": expected a whole number');
  // The guard of a user-defined strategy takes threads from this process, so this comes last.
  await inFolder(async (file) => {
    await Deno.writeTextFile(
      file("failing.ts"),
      `import { defineStrategy } from "@penstock/penstock/strategy";
export default defineStrategy({
  start: () => ({ bars: 0 }),
  onBar(_bar, state) {
    if (++state.bars > 20) throw new Error("one bar too many");
    return null;
  },
});
`,
    );
    const args = [`--strategy=${file("failing.ts")}`, "--stop-loss=1%,2%"];
    await assertRejects(() => sweptIn(file, args), Error, `the configuration {"stopLoss":"0.01"} failed: `);
  });
});
