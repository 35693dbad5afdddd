/** `penstock backtest --out` and `--models`. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bytesOf, Folder } from "../feeds/recorded_input.ts";
import { withField } from "../support/csv.ts";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";
import { csvRows, csvText, USUAL, walk } from "../support/trade_files.ts";
import { all, backtest, backtestAlone, eventsFrom, startBacktest } from "./backtest_run.ts";
import { assertBacktest } from "./event_contract.ts";

const TRADES = walk(11, 2_500, { holes: 2, twice: 10 });
const SWIFT = ["--short=4", "--long=9"];
/** The first characters of a result file. */
const OLDER = `{"schema":"penstock-result"`;
const MOST_POINTS = 2_000;

/** A summary or model event without the fields that identify its run. */
function figures(event: PrintedEvent): Record<string, unknown> {
  const { type: _, model: __, ended: ___, elapsedMs: ____, tradesPerSecond: _____, ...rest } = event;
  const { slippage: ______, latency: _______, ...figures } = rest;
  return figures;
}

/** Standard input with the trades that never ends. */
function waiting(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.enqueue(bytesOf(csvText(TRADES))) });
}

/** The names of the files in a folder, in order. */
function filesIn({ path }: Folder): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

Deno.test("penstock backtest --out writes a complete file that agrees with the events, and leaves no other file", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const out = `${folder.path}/result.json`;
  await folder.write("result.json", OLDER);
  const run = await backtest(["--json", "--models", "--out", out, ...SWIFT, file]);
  assertEquals([run.code, run.stderr], [0, ""]);
  assertEquals(filesIn(folder), ["result.json", "trades.csv"]);
  const events = eventsOf(run.stdout);
  assertBacktest(events);
  const [started, summary] = [events[0]!, events.at(-1)!];
  const result = JSON.parse(await Deno.readTextFile(out));
  assertEquals(
    Object.keys(result),
    "schema,version,options,environment,files,fills,summary,metrics,equityCurve,drawdownPeriods,models,pictures"
      .split(
        ",",
      ),
  );
  assertEquals([result.schema, result.version], ["penstock-result", 1]);
  assertEquals(result.options, started.config);
  assertEquals(result.files, [file]);
  assertEquals(result.models, events.filter(({ type }) => type === "model"));
  assertEquals(result.models.length, 2);
  assertEquals(result.environment.penstock, started.version);
  assertEquals(result.fills, events.filter(({ type }) => type === "fill"));
  assert(result.fills.length > 100);
  assertEquals({ ...result.summary, metrics: result.metrics }, summary);
  assertCurve(result.equityCurve, summary);
  assertPeriods(result.drawdownPeriods, summary);
});

/** The equity curve goes from the initial cash to the summary's equity, in time order. */
function assertCurve(
  curve: readonly (readonly [time: string, equity: string])[],
  summary: PrintedEvent,
): void {
  assert(curve.length > 100 && curve.length <= MOST_POINTS, `${curve.length} points`);
  assertEquals([curve[0]![0], curve[0]![1]], [summary.firstTime, "10000"]);
  assertEquals(curve.at(-1)![0], summary.lastTime);
  assert(Math.abs(Number(curve.at(-1)![1]) - Number(summary.equity)) < 1e-6);
  assert(curve.every(([time], at) => at === 0 || curve[at - 1]![0] <= time), "in time order");
}

/** The deepest drawdown is first and equals the one in the summary. */
function assertPeriods(periods: readonly Record<string, string | null>[], summary: PrintedEvent): void {
  const depths = periods.map(({ fraction }) => Number(fraction));
  assertEquals(depths, depths.toSorted((one, other) => other - one));
  assertEquals(Number(summary.maxDrawdown).toFixed(7), depths[0]!.toFixed(7));
  for (const { from, to, recovered } of periods) {
    assert(from! <= to! && (recovered === null || to! <= recovered!), `${from} ${to} ${recovered}`);
  }
}

Deno.test("penstock backtest --out writes the same without --json, except for the elapsed time", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const [printed, shown] = await Promise.all([["--json"], []].map(async (options, at) => {
    const out = `${folder.path}/${at}.json`;
    const { code } = await backtest([...options, "--out", out, ...SWIFT, file]);
    assertEquals(code, 0);
    const { options: _, summary, ...rest } = JSON.parse(await Deno.readTextFile(out));
    return { ...rest, summary: figures(summary) };
  }));
  assertEquals(printed, shown);
});

Deno.test("penstock backtest --out keeps the older file and leaves no other file when the run fails", async () => {
  await using folder = new Folder();
  const rows = csvRows(TRADES, "spot trades", USUAL);
  const bad = await folder.write("bad.csv", rows.with(2_000, withField(rows[2_000]!, 2, "abc")).join(""));
  const out = await folder.write("result.json", OLDER);
  for (const file of [bad, `${folder.path}/none.csv`]) {
    const { code } = await backtest(["--json", "--out", out, ...SWIFT, file]);
    assertEquals(code, 3);
    assertEquals(filesIn(folder), ["bad.csv", "result.json"]);
    assertEquals(await Deno.readTextFile(out), OLDER);
  }
});

Deno.test("penstock backtest --out overwrites no file that it reads, whatever path names it", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  for (const out of [file, `${folder.path}/./trades.csv`]) {
    const { code, stdout, stderr } = await backtest(["--json", "--out", out, file]);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(
      stderr,
      /^penstock: the result cannot be written to .*trades\.csv: the run uses it\. Choose another name$/,
    );
    assertEquals(await Deno.readTextFile(file), csvText(TRADES));
  }
  const out = `${folder.path}/run.db`;
  const { code, stderr } = await backtest(["--state", out, "--out", out, file]);
  assertEquals(code, 2);
  assertMatch(stderr, /run\.db: the run uses it/);
});

Deno.test("penstock backtest refuses one name for its result and its report before it reads the trades", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const name = `${folder.path}/both.html`;
  for (const option of ["--out", "--state"]) {
    const { code, stdout, stderr } = await backtest([option, name, "--report", name, file]);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /the report cannot be written to .*both\.html: the run writes something else there/);
  }
  assertEquals(filesIn(folder), ["trades.csv"]);
});

Deno.test("penstock backtest prints its summary even if --out cannot be finished", async () => {
  await using folder = new Folder();
  const out = `${folder.path}/result.json`;
  await using program = startBacktest(["--json", "--out", out, ...SWIFT, "-"], waiting(), folder.path);
  await program.event("fill");
  await folder.write("result.json", "made meanwhile");
  program.signal("SIGINT");
  const { code, stdout, stderr } = await program.finished();
  assertEquals(code, 1);
  assertEquals(eventsOf(stdout).at(-1)!.type, "summary");
  assertMatch(stderr, /result\.json: the file there is not a result/);
});

Deno.test("penstock backtest --out writes a complete file after SIGINT", async () => {
  await using folder = new Folder();
  const out = `${folder.path}/result.json`;
  await using program = startBacktest(["--json", "--out", out, ...SWIFT, "-"], waiting(), folder.path);
  await program.event("fill");
  program.signal("SIGINT");
  const { code, stdout } = await program.finished();
  assertEquals(code, 0);
  assertEquals(filesIn(folder), ["result.json"]);
  const fills = eventsOf(stdout).filter(({ type }) => type === "fill");
  assertEquals(JSON.parse(await Deno.readTextFile(out)).fills, fills);
});

Deno.test("penstock backtest --out of two concurrent runs is the complete result of the one that ended last", async () => {
  await using folder = new Folder();
  const out = `${folder.path}/result.json`;
  const args = ["--json", "--out", out, ...SWIFT];
  await using first = startBacktest([...args, "--stake=100", "-"], waiting(), folder.path);
  await using second = startBacktest([...args, "--stake=200", "-"], waiting(), folder.path);
  for (const program of [first, second]) await program.event("fill");
  assertEquals(filesIn(folder).length, 2);
  for (const [program, stake] of [[second, "200"], [first, "100"]] as const) {
    program.signal("SIGINT");
    assertEquals((await program.finished()).code, 0);
    assertEquals(JSON.parse(await Deno.readTextFile(out)).options.stake, stake);
  }
  assertEquals(filesIn(folder), ["result.json"]);
});

Deno.test("penstock backtest --out removes what a killed run left behind, and logs it", async () => {
  await using folder = new Folder();
  const out = `${folder.path}/result.json`;
  {
    await using killed = startBacktest(["--json", "--out", out, ...SWIFT, "-"], waiting(), folder.path);
    await killed.event("fill");
    killed.signal("SIGKILL");
    await killed.finished();
  }
  const [left] = filesIn(folder);
  assertMatch(left!, /^result\.json\.\d+\.partial$/);
  const file = await folder.write("trades.csv", csvText(TRADES));
  const { code, stderr } = await backtest(["--log-level=warn", "--out", out, ...SWIFT, file]);
  assertEquals(code, 0);
  assertMatch(
    stderr,
    new RegExp(`WARN  \\S+/${left} is removed: it is the partial result of a run that was killed`),
  );
  assertEquals(filesIn(folder), ["result.json", "trades.csv"]);
});

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "penstock backtest --out writes to a device and to a pipe, and leaves both in place",
  ignore,
  fn: async () => {
    await using folder = new Folder();
    const file = await folder.write("trades.csv", csvText(TRADES));
    const pipe = `${folder.path}/pipe`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const args = [...SWIFT, file];
    const [toPipe, text] = await Promise.all([
      backtest(["--out", pipe, ...args]),
      Deno.readTextFile(pipe),
    ]);
    const toDevice = await backtest(["--out", "/dev/null", ...args]);
    assertEquals([toPipe.code, toDevice.code], [0, 0], toPipe.stderr + toDevice.stderr);
    const { schema, summary, fills } = JSON.parse(text);
    assertEquals([schema, fills.length], ["penstock-result", summary.fills]);
    assert(Deno.statSync(pipe).isFifo && Deno.statSync("/dev/null").isCharDevice);
    assertEquals(filesIn(folder), ["pipe", "trades.csv"]);
  },
});

Deno.test({
  name: "penstock backtest --out logs that no one reads its pipe, and ends at SIGINT",
  ignore,
  fn: async () => {
    await using folder = new Folder();
    const file = await folder.write("trades.csv", csvText(TRADES));
    const pipe = `${folder.path}/pipe`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const args = ["--log-level=warn", "--json", "--out", pipe, file];
    await using program = startBacktest(args, undefined, folder.path);
    await program.logged(`waiting for a reader of the pipe ${pipe}`);
    program.signal("SIGINT");
    const { code, stderr } = await program.finished();
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /\npenstock: the result cannot be written to \S+pipe: the pipe has no reader$/,
    );
  },
});

Deno.test("penstock backtest --out reports why it cannot write before it reads anything", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const cases: readonly (readonly [out: string, mayWrite: boolean, message: RegExp])[] = [
    [`${folder.path}/no/result.json`, true, /no\/result\.json: its folder does not exist$/],
    [folder.path, true, /: it is a folder$/],
    [
      `${folder.path}/result.json`,
      false,
      /: it may not be read or written: allow it with --allow-read=.* --allow-write=\S+ before main\.ts, /,
    ],
  ];
  await all(cases, async ([out, mayWrite, message]) => {
    const args = ["--json", "--out", out, file];
    const { code, stdout, stderr } = await (mayWrite ? backtest(args) : backtestAlone(args));
    assertEquals([code, stdout, stderr.split("\n").length], [2, "", 1]);
    assertMatch(stderr, /^penstock: the result cannot be written to \//);
    assertMatch(stderr, message);
  });
});

for (
  const { options, pessimistic } of [
    { options: [], pessimistic: ["--latency=250ms", "--slippage=2"] },
    { options: ["--latency=100ms", "--slippage=1.5"], pessimistic: ["--latency=300ms", "--slippage=4.5"] },
    { options: ["--latency=50ms", "--slippage=0.5"], pessimistic: ["--latency=250ms", "--slippage=2"] },
  ]
) {
  const name = options.join(" ") || "no latency and no slippage";
  Deno.test(`penstock backtest --models with ${name} shows the results of runs with other options`, async () => {
    await using folder = new Folder();
    const file = await folder.write("trades.csv", csvText(TRADES));
    const common = [...SWIFT, "--max-drawdown=4%", "--stop-after=2200", file];
    const [models, plain, best, worst] = await all(
      [["--models", ...options], options, ["--latency=0", "--slippage=0"], pessimistic],
      (own) => eventsFrom([...own, ...common]),
    );
    assertEquals(models!.slice(-3).map(({ type, model }) => [type, model]), [
      ["model", "optimistic"],
      ["model", "pessimistic"],
      ["summary", undefined],
    ]);
    const [optimistic, pessimisticModel, summary] = models!.slice(-3);
    assertEquals(figures(optimistic!), figures(best!.at(-1)!));
    assertEquals(figures(pessimisticModel!), figures(worst!.at(-1)!));
    assertEquals(figures(summary!), figures(plain!.at(-1)!));
    // The other models do not change the run itself.
    assertEquals(models!.slice(1, -3), plain!.slice(1, -1));
    assert(optimistic!.cash !== pessimisticModel!.cash);
  });
}

Deno.test("penstock backtest --models shows in log and table which model halted", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const args = ["--models", ...SWIFT, "--log-level=warn", file];
  const events = await eventsFrom(["--models", ...SWIFT, "--max-drawdown=100%", "--log-level=error", file]);
  // A limit that only the pessimistic model reaches.
  const [optimistic, pessimistic, configured] = events.slice(-3).map((event) => Number(event.maxDrawdown));
  const limit = ((Math.max(optimistic!, configured!) + pessimistic!) / 2).toFixed(6);
  const { code, stdout, stderr } = await backtest([...args, `--max-drawdown=${limit}`]);
  assertEquals(code, 0);
  assertMatch(stdout, /\n {2}halted at the end: pessimistic \(max-drawdown\)\n/);
  assertMatch(
    stderr,
    /WARN {2}the pessimistic fill model ended in a halt: max-drawdown 0\.\d+ reached the limit 0\.\d+ /,
  );
  const all = await backtest([...args, "--max-drawdown=0.01%"]);
  assertMatch(all.stderr, /WARN {2}the configured fill model is halted: max-drawdown /);
  assertMatch(
    all.stdout,
    /halted at the end: optimistic \(max-drawdown\), configured \(max-drawdown\),\n {4}pess/,
  );
});

Deno.test("penstock backtest --models skips bad lines and continues from file to file under every model", async () => {
  await using folder = new Folder();
  const rows = csvRows(TRADES, "spot trades", USUAL);
  const files = [
    await folder.write("1.csv", rows.slice(0, 900).with(500, "x\n").join("")),
    await folder.write("2.csv", rows.slice(900).join("")),
  ];
  const args = ["--skip-bad", ...SWIFT, ...files];
  const [models, plain, worst] = await all(
    [["--models"], [], ["--latency=250ms", "--slippage=2"]],
    (own) => eventsFrom([...own, ...args]),
  );
  const [optimistic, pessimistic] = models!.slice(-3);
  assertEquals(figures(optimistic!), figures(plain!.at(-1)!));
  assertEquals(figures(pessimistic!), figures(worst!.at(-1)!));
  assertEquals(pessimistic!.rejected, 1);
});

Deno.test("penstock backtest --models shows each model's results in its own column", async () => {
  await using folder = new Folder();
  const args = [
    "--latency=100ms",
    "--slippage=1",
    ...SWIFT,
    await folder.write("trades.csv", csvText(TRADES)),
  ];
  const [table, events] = await Promise.all([
    backtest(["--models", ...args]),
    eventsFrom(["--models", ...args]),
  ]);
  assertEquals(table.code, 0);
  assertMatch(table.stdout, /\n +optimistic +configured +pessimistic\n/);
  const row = (label: string) => new RegExp(`\\n  ${label} +(.*)\\n`).exec(table.stdout)![1]!.split(/ {2,}/);
  const [optimistic, pessimistic, configured] = events.slice(-3);
  const cents = ({ fees }: PrintedEvent) => Number(fees).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",");
  assertEquals(row("fees, USDT"), [optimistic!, configured!, pessimistic!].map(cents));
});
