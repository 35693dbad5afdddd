/** `penstock compare` from outside. */
import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { Folder } from "../feeds/recorded_input.ts";
import { tamper } from "../stores/sample_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { sweepHere } from "../support/swept.ts";
import meta from "../../deno.json" with { type: "json" };
import { csvText, walk } from "../support/trade_files.ts";
import { backtest } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const TRADES = walk(11, 2_500, { holes: 2, twice: 10 });
const SWIFT = ["--short=4", "--long=9"];

/** A folder with the trades, and what backtests of them kept. */
class Kept extends Folder {
  #trades: string | null = null;

  /** Keeps a result as `NAME.json` and a journal as `NAME.db`. */
  async backtest(name: string, ...args: readonly string[]): Promise<void> {
    this.#trades ??= await this.write("trades.csv", csvText(TRADES));
    const places = ["--out", this.at(`${name}.json`), "--state", this.at(`${name}.db`)];
    const { code, stderr } = await backtest([...SWIFT, ...places, ...args, this.#trades]);
    assertEquals(code, 0, stderr);
  }

  async sweep(words: readonly string[]): Promise<void> {
    await sweepHere(words, this.at("tries.json"), { version: meta.version });
  }

  at(name: string): string {
    return `${this.path}/${name}`;
  }

  async change(name: string, to: string, change: (value: Record<string, unknown>) => unknown): Promise<void> {
    const value = JSON.parse(await Deno.readTextFile(this.at(name)));
    await this.write(to, JSON.stringify(change(value) ?? value));
  }

  compare(a: string, b: string, ...args: readonly string[]) {
    return inProcess("compare", this.at(a), this.at(b), ...args);
  }
}

Deno.test("penstock compare finds no difference between two backtests of the same trades, and exits with 0", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await kept.backtest("b", "--log-level=warn");
  for (
    const [a, b, what] of [["a.json", "b.json", "fills"], ["a.db", "b.db", "decisions"], [
      "a.json",
      "b.db",
      "fills",
    ]]
  ) {
    const { code, stdout, stderr } = await kept.compare(a!, b!);
    assertEquals([code, stderr], [0, ""], `${a} ${b}: ${stdout}`);
    assertMatch(stdout, new RegExp(`The same: all options, \\d+ figures and [\\d,]+ ${what}\\.`));
  }
  const { code, stdout } = await kept.compare("a.json", "b.json", "--json");
  const found = JSON.parse(stdout);
  assertEquals([code, found.type, found.same, found.options, found.events.first], [
    0,
    "comparison",
    true,
    [],
    null,
  ]);
  assert(found.figures.some(({ name }: { name: string }) => name === "digestOfTrades"));
});

Deno.test("penstock compare shows options, figures with exact differences and the first fill that differs, and exits with 5", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await kept.backtest("b", "--fee=0.2%");
  const { code, stdout } = await kept.compare("a.json", "b.json");
  assertEquals(code, 5);
  assertMatch(stdout, /^Options that differ +A +B\n +fee +0\.001 +0\.002$/m);
  assertMatch(stdout, /^The first fill that differs is number 1\n +A +B$/m);
  assertMatch(stdout, /^ +fee +0\.\d+ +\d\.\d+ {2}differs$/m);
  assertMatch(stdout, /^ +trades +2,500 +2,500$/m);
  const found = JSON.parse((await kept.compare("a.json", "b.json", "--json")).stdout);
  const [a, b] = await Promise.all(
    ["a.json", "b.json"].map(async (name) => JSON.parse(await Deno.readTextFile(kept.at(name)))),
  );
  const fees = found.figures.find(({ name }: { name: string }) => name === "fees");
  assertEquals([fees.a, fees.b], [a.summary.fees, b.summary.fees]);
  assertStringIncludes(stdout, `+${fees.difference}`);
  assertEquals(found.events.first.a.fee, a.fills[0].fee);
  assertEquals(found.events.first.b.fee, b.fills[0].fee);
});

Deno.test("penstock compare of journals finds a refusal that only one has", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await kept.backtest("b", "--max-position=500");
  const { code, stdout } = await kept.compare("a.db", "b.db");
  assertEquals(code, 5);
  assertMatch(stdout, /^ +max position +– +500$/m);
  assertMatch(stdout, /^The first decision that differs is number 2\n +A +B$/m);
  assertMatch(stdout, /^ +type +fill +refusal {2}differs$/m);
});

Deno.test("penstock compare does not count versions, times, and figures that only one side has", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await kept.change("a.json", "older.json", (value) => {
    const { environment, summary, metrics, files } = value as Record<string, Record<string, unknown>>;
    Object.assign(environment!, { penstock: "0.0.9", deno: "2.0.0" });
    Object.assign(summary!, { elapsedMs: 1, tradesPerSecond: 1, time: "2020-01-01T00:00:00Z" });
    Object.assign(files!, ["elsewhere.csv"]);
    delete metrics!["exposure"];
  });
  const { code, stdout } = await kept.compare("older.json", "a.json");
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "Not compared, because only B has them: exposure");
  assertStringIncludes(stdout, "by Penstock 0.0.9");
});

Deno.test("penstock compare finds a difference in an option that has parts, or that this version does not know", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  const changed = (options: object) =>
    kept.change(
      "a.json",
      "b.json",
      (value) => ({ ...value, options: { ...value["options"] as object, ...options } }),
    );
  for (
    const [options, row] of [
      [{ slippage: { a: 1 } }, /^ +slippage +0 +\{"a":1\}$/m],
      [{ novelty: "3" }, /^ +novelty +– +3$/m],
    ] as const
  ) {
    await changed(options);
    const { code, stdout } = await kept.compare("a.json", "b.json");
    assertEquals(code, 5, stdout);
    assertMatch(stdout, row);
    assertEquals((await kept.compare("b.json", "b.json")).code, 0);
  }
  // The source of the instrument's rules is not an option.
  await changed({ instrument: { sources: { lot: "exchange" } } });
  assertEquals((await kept.compare("a.json", "b.json")).code, 0);
});

Deno.test("penstock compare reports that the trades differ", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await kept.backtest("b", "--stop-after=2400");
  const { code, stdout } = await kept.compare("a.json", "b.json");
  assertEquals(code, 5);
  assertMatch(stdout, /^ +stop after +– +2,400$/m);
  assertMatch(stdout, /^ +digest of trades +[0-9a-f]{16} +[0-9a-f]{16} +differs$/m);
});

/** A sweep of two options, as its file has it. */
async function writeSweep(
  kept: Kept,
  name: string,
  change: (sweep: Sweep) => void = () => {},
): Promise<void> {
  const { options, environment, files, summary, metrics } = JSON.parse(
    await Deno.readTextFile(kept.at("a.json")),
  );
  const { short: _, ...fixed } = options;
  const figures = {
    ...{ trades: summary.trades, fills: summary.fills, cash: summary.cash, netProfit: metrics.netProfit },
    halted: false,
  };
  const sweep: Sweep = {
    schema: "penstock-sweep",
    version: 1,
    options: fixed,
    grid: [{ name: "short", values: ["3", "4"] }],
    environment,
    files,
    configurations: [
      { options: { short: 3 }, ...figures, fills: 99, test: null },
      { options: { short: 4 }, ...figures, test: null },
    ],
    sweep: {
      ...{
        time: summary.time,
        symbol: options.symbol,
        configurations: 2,
        trades: summary.trades,
        elapsedMs: 5,
      },
      ...{ tradeConfigurationsPerSecond: 9, best: { short: 4 }, tried: 2, deflatedSharpe: "0.4" },
      walkForward: [{ from: "x", to: "y", options: { short: 3 }, netProfit: "1" }],
    },
  };
  change(sweep);
  await kept.write(name, JSON.stringify(sweep));
}

// deno-lint-ignore no-explicit-any -- a test changes any part of it.
type Sweep = Record<string, any>;

Deno.test("penstock compare matches the configurations of two sweeps by their options", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await writeSweep(kept, "one.json");
  await writeSweep(kept, "same.json", ({ configurations, sweep }) => {
    configurations.reverse();
    // Later sweeps of the same trades were counted.
    Object.assign(sweep, { elapsedMs: 7, tried: 200, deflatedSharpe: "0.1" });
  });
  const same = await kept.compare("one.json", "same.json");
  assertEquals(same.code, 0, same.stdout);
  assertMatch(same.stdout, /The same: all options, 2 configurations and \d+ figures\./);
  await writeSweep(kept, "other.json", ({ configurations, sweep }) => {
    configurations[0].fills = 98;
    configurations[1].options.short = 5;
    sweep.walkForward[0].netProfit = "2.5";
    sweep.best.short = 3;
  });
  const { code, stdout } = await kept.compare("one.json", "other.json");
  assertEquals(code, 5);
  assertStringIncludes(
    stdout,
    "Configurations: 0 the same, 3 not\n  short 3: fills 99 and 98\n  short 4: only in A\n  short 5: only in B\n",
  );
  assertMatch(stdout, /^ +best: short +4 +3 +-1$/m);
  assertMatch(stdout, /^ +walk forward: 1: net profit +1 +2\.5 +\+1\.5$/m);
});

Deno.test("penstock compare finds the configuration of a sweep that a result or a journal has", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await writeSweep(kept, "sweep.json");
  for (const [a, b] of [["a.json", "sweep.json"], ["sweep.json", "a.json"], ["sweep.json", "a.db"]]) {
    const { code, stdout } = await kept.compare(a!, b!);
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /The same: all options, \d figures\./);
  }
  await writeSweep(kept, "wrong.json", ({ configurations }) => configurations[1].cash = "1");
  assertEquals((await kept.compare("a.json", "wrong.json")).code, 5);
  await kept.backtest("b", "--fee=0");
  const { code, stderr } = await kept.compare("sweep.json", "b.json");
  assertEquals(code, 3);
  assertMatch(
    stderr,
    /^penstock: no configuration of the sweep .*sweep\.json has the options of .*b\.json: expected/,
  );
});

Deno.test("penstock compare finds no difference between sweeps with more or fewer workers, or between rows and their backtests", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  const grid = [kept.at("trades.csv"), "--short=3,4", "--long=9,12"];
  for (const workers of [1, 2]) {
    await kept.sweep([...grid, `--workers=${workers}`, "--out", kept.at(`sweep-${workers}.json`)]);
  }
  for (
    const [a, b] of [["sweep-1.json", "sweep-2.json"], ["sweep-1.json", "a.json"], ["a.db", "sweep-2.json"]]
  ) {
    const { code, stdout, stderr } = await kept.compare(a!, b!);
    assertEquals([code, stderr], [0, ""], `${a} ${b}: ${stdout}`);
  }
  await kept.sweep([...grid, "--fee=0", "--test=30%", "--out", kept.at("free.json")]);
  const { code, stdout } = await kept.compare("sweep-1.json", "free.json");
  assertEquals(code, 5);
  assertMatch(stdout, /^ +fee +0\.001 +0$/m);
  assertMatch(stdout, /^ +test +– +0\.3$/m);
  assertMatch(stdout, /^Configurations: 0 the same, 4 not$/m);
});

Deno.test("penstock compare refuses what it cannot compare in one line with exit code 3", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  await kept.write("empty.json", "");
  await kept.write("other.json", `{"schema":"other"}`);
  await kept.write("cut.json", (await Deno.readTextFile(kept.at("a.json"))).slice(0, 4_000));
  await kept.change("a.json", "new.json", (value) => Object.assign(value, { version: 2 }));
  await kept.change("a.json", "bare.json", ({ summary: _, ...value }) => value);
  await kept.change("a.json", "odd.json", (value) => Object.assign(value, { fills: [3] }));
  await writeSweep(kept, "rows.json", (sweep) => sweep.configurations = 3);
  const cases = [
    ["none.json", /there is no such file/],
    ["empty.json", /is empty/],
    ["trades.csv", /is neither a result nor a journal/],
    ["other.json", /is JSON, but not a result of Penstock/],
    ["cut.json", /is not whole/],
    ["new.json", /is of version 2, but this Penstock reads version 1/],
    ["bare.json", /its "summary" cannot be read/],
    ["odd.json", /one of its fills cannot be read/],
    ["rows.json", /its "configurations" cannot be read/],
  ] as const;
  for (const [name, message] of cases) {
    const { code, stdout, stderr } = await kept.compare("a.json", name);
    assertEquals([code, stdout], [3, ""], name);
    assertMatch(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1);
  }
  tamper(
    kept.at("a.db"),
    (database) => database.exec("UPDATE entries SET content = '{}' WHERE type = 'fill'"),
  );
  assertEquals((await kept.compare("a.json", "a.db")).code, 3);
  const journal = await Deno.readFile(kept.at("a.db"));
  for (const length of [3_000, 4_096, 20_000]) {
    await Deno.writeFile(kept.at("short.db"), journal.subarray(0, length));
    const { code, stderr } = await kept.compare("a.json", "short.db");
    assertEquals(code, 3, `${length}: ${stderr}`);
    assertMatch(stderr, /^penstock: .*journal .*short\.db.* Nothing was changed\./);
  }
});

Deno.test("penstock compare takes two files and the run of a journal", async () => {
  await using kept = new Kept();
  await kept.backtest("a");
  const wrong = [
    [["compare", kept.at("a.db")], /one file given: expected "penstock compare A B", each a result/],
    [["compare", "a", "b", "c"], /"c" is one word too many: "compare" takes two files and options/],
    [
      ["compare", kept.at("a.db"), kept.at("a.db"), "--run=all"],
      /--run is "all": expected the number of one run/,
    ],
    [["compare", kept.at("a.db"), kept.at("a.db"), "--run=2"], /--run is "2": expected 1, the only run/],
  ] as const;
  for (const [args, message] of wrong) {
    const { code, stderr } = await inProcess(...args);
    assertEquals(code, 2);
    assertMatch(stderr, message);
  }
  assertEquals((await kept.compare("a.db", "a.db", "--run=1")).code, 0);
});
