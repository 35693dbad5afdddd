/** A user-defined strategy, from its file to the end of a run. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { bakeStrategy, copySources } from "../../build/compile.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, type Finished, type PrintedEvent } from "../support/penstock.ts";
import { finishHere } from "../support/program_here.ts";
import { strategySource, TURNING } from "../support/strategy_files.ts";
import { csvText, walk } from "../support/trade_files.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { backtest } from "./backtest_run.ts";

const EXAMPLE = new URL("../../examples/ema_crossover.ts", import.meta.url).pathname;
const TRADES = walk(21, 2_500);

/** Runs `work` in a folder with trades.csv, and mine.ts if there is a source. */
function withFiles(source: string | null, work: (folder: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/trades.csv`, csvText(TRADES, "spot trades"));
    if (source !== null) Deno.writeTextFileSync(`${folder}/mine.ts`, source);
    await work(folder);
  });
}

function run(folder: string, options: readonly string[]): Promise<Finished> {
  return backtest(["--json", "--max-drawdown=99%", ...options, `${folder}/trades.csv`]);
}

const ofType = (stdout: string, type: string): PrintedEvent[] =>
  eventsOf(stdout).filter((event) => event.type === type);

/** What a run with this source says when it fails, and its events. */
async function failureOf(
  source: string,
): Promise<{ readonly code: number; readonly text: string; readonly out: string }> {
  let found = { code: -1, text: "", out: "" };
  await withFiles(source, async (folder) => {
    const { code, stdout, stderr } = await run(folder, [`--strategy=${folder}/mine.ts`]);
    found = { code, text: stderr, out: stdout };
  });
  return found;
}

Deno.test("the example in examples/ gives the signals of --average ema, value for value", () =>
  withFiles(null, async (folder) => {
    const windows = ["short=7", "long=19"];
    const own = await run(folder, [`--strategy=${EXAMPLE}`, `--set=${windows.join(",")}`]);
    const built = await run(folder, ["--average=ema", ...windows.map((window) => `--${window}`)]);
    assertEquals([own.code, own.stderr], [0, ""]);
    const signals = ofType(own.stdout, "signal");
    assertGreater(signals.length, 50);
    assertEquals(signals, ofType(built.stdout, "signal"));
    assertEquals(ofType(own.stdout, "fill"), ofType(built.stdout, "fill"));
    const { config } = ofType(own.stdout, "started")[0] as unknown as { config: Record<string, unknown> };
    const sha256 = createHash("sha256").update(Deno.readFileSync(EXAMPLE)).digest("hex");
    assertEquals([config["strategy"], config["set"], config["strategySha256"]], [
      EXAMPLE,
      "long=19,short=7",
      sha256,
    ]);
    assertEquals(config["short"], undefined);
  }));

Deno.test("the report names a user's own strategy with its options", () =>
  withFiles(null, async (folder) => {
    const { stdout } = await backtest([`--strategy=${EXAMPLE}`, "--set=short=3", `${folder}/trades.csv`]);
    assertStringIncludes(stdout, `Backtest of BTCUSDT, strategy ${EXAMPLE} with long=50,short=3, on paper`);
  }));

const FAILING = {
  "throws": [
    `if (++state.bars === 7) throw new RangeError("no such " + bar.close); return "long";`,
    /bar 7, closed .*Z at [\d.]+\): it threw RangeError: no such /,
  ],
  "answers rubbish": [
    `state.bars++; return state.bars < 9 ? "long" : 0.5;`,
    /bar 9, .*: it answered 0\.5: expected "long", "flat" or null/,
  ],
  "answers nothing": [`state.bars++; if (state.bars < 3) return null;`, /bar 3, .*: it answered undefined/],
  "is asynchronous by promise": [`return Promise.resolve("long");`, /bar 1, .*: it answered a promise/],
  "answers otherwise the second time": [
    `return ++calls % 2 === 1 ? "long" : "flat";`,
    /bar 1, .*: it answered "long", and "flat" the second time/,
  ],
  "reaches for random numbers": [
    `return Math["ran" + "dom"]() < 0.5 ? "long" : "flat";`,
    /bar 1, .*may not use Math\.random/,
  ],
  "reaches for the clock": [
    `return new (bar.constructor.constructor("return Date")())() ? "long" : "flat";`,
    /bar 1, .*may not use new Date\(\)/,
  ],
  "reaches for the system": [
    `return (0, bar.constructor.constructor("return Deno")()) ? "long" : "flat";`,
    /bar 1, .*may not use Deno/,
  ],
  "changes the bar": [`bar.close = 1; return "long";`, /bar 1, .*TypeError/],
  "keeps what JSON cannot": [
    `state.bars++; state.seen = new Map(); return "long";`,
    /its state\.seen is a Map: expected what JSON keeps/,
  ],
  "keeps what is no number": [`state.bars = 0 / 0; return "long";`, /its state\.bars is NaN/],
} as const satisfies Record<string, readonly [string, RegExp]>;

for (const [what, [onBar, message]] of Object.entries(FAILING)) {
  Deno.test(`a user's own strategy that ${what} is named with bar and value, and ends the run`, async () => {
    const { code, text } = await failureOf(strategySource(onBar, { before: "let calls = 0;" }));
    assertEquals(code, 1, text);
    assert(message.test(text), text);
    assertStringIncludes(text, "mine.ts failed (");
  });
}

const REFUSED = {
  "an import": [
    strategySource("return null;", { before: `import { readFileSync } from "node:fs";` }),
    /line 2: an import of "node:fs"/,
  ],
  "a dynamic import": [
    strategySource("return null;", { before: `const fs = await import("node:fs");` }),
    /"await"[\s\S]*"import"|"import"/,
  ],
  "the clock": [strategySource("return Date.now() > 5 ? null : null;"), /line 6: "Date\.now", the clock/],
  "random numbers": [
    strategySource("return Math.random() > 5 ? null : null;"),
    /line 6: "Math\.random", random numbers/,
  ],
  "no strategy": [
    "export default { onBar() { return null; } };",
    /expected a default export made by defineStrategy/,
  ],
  "a broken file": ["export default {", /it cannot be loaded: line 1, column \d+: SyntaxError: [^\n\\]+$/m],
  "its own error as it loads": [
    strategySource("return null;", { before: `throw new Error("no\\nluck");` }),
    /it cannot be loaded: no$/m,
  ],
  "a start that throws": [strategySource("return null;", { state: "null.x" }), /start\(\) threw TypeError/],
} as const satisfies Record<string, readonly [string, RegExp]>;

for (const [what, [source, message]] of Object.entries(REFUSED)) {
  Deno.test(`a file with ${what} is refused before the run`, async () => {
    const { code, text, out } = await failureOf(source);
    assertEquals([code, out], [2, ""], text);
    assert(message.test(text), text);
  });
}

Deno.test("a file may mention what it may not use in comments, texts and names", async () => {
  const source = strategySource(
    `/* Date.now() */ const console2 = "fetch('x')"; const fetch2 = \`\${console2} Math.random()\`; // await Deno\n return fetch2 ? null : "long";`,
    { before: "const at = new Date(0); const setting = { process: 1, window: 2 };" },
  );
  const { code, text } = await failureOf(source);
  assertEquals([code, text], [0, ""]);
});

Deno.test("a strategy whose values fail ends the run whether anyone sees its values or not", async () => {
  const source = TURNING.replace("onBar(", "values: () => ({ x: NaN }),\n  onBar(");
  await withFiles(source, async (folder) => {
    for (const shown of [["--json"], [], ["--log-level=error"]]) {
      const { code, stderr } = await backtest([
        ...shown,
        `--strategy=${folder}/mine.ts`,
        `${folder}/trades.csv`,
      ]);
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "failed (after bar 1): values() returned x as NaN");
    }
  });
});

Deno.test("--set is read as the file declares its options, and every mistake is named", () =>
  withFiles(null, async (folder) => {
    const refused = async (options: readonly string[]) => {
      const { code, stderr } = await run(folder, options);
      assertEquals(code, 2);
      return stderr;
    };
    const text = await refused([`--strategy=${EXAMPLE}`, "--set=short=1.5,width=2,long,short=3"]);
    assertStringIncludes(text, `--set has "short=1.5": expected a whole number from 1`);
    assertStringIncludes(
      text,
      `--set has "width=2": expected an option of the strategy, which has long, short`,
    );
    assertStringIncludes(text, `--set has "long": expected NAME=NUMBER`);
    assertStringIncludes(text, `--set has short more than once`);
    const all = await refused([`--strategy=${EXAMPLE}`, "--set=width=2", "--cash=-1", "--period=5"]);
    for (const name of [`--set has "width=2"`, `--cash is "-1"`, `--period is "5"`]) {
      assertStringIncludes(all, name);
    }
    assertStringIncludes(
      await refused([`--strategy=${EXAMPLE}`, "--short=5"]),
      `--short is "5": expected to be left out with --strategy ${EXAMPLE}, which takes its options with --set`,
    );
    assertStringIncludes(
      await refused(["--set=a=1"]),
      `--set is "a=1": expected to be left out with --strategy crossover`,
    );
    assertStringIncludes(await refused([`--strategy=${folder}/none.ts`]), "there is no such file");
  }));

Deno.test("the journal of a run keeps the file's hash, up to the bar at which it fails, whole", () =>
  withFiles(
    strategySource(
      `if (++state.bars === 1500) throw new Error("enough"); return state.bars % 9 < 4 ? "long" : "flat";`,
    ),
    async (folder) => {
      const journal = `${folder}/a.db`;
      const failed = await run(folder, [`--strategy=${folder}/mine.ts`, `--state=${journal}`]);
      assertEquals(failed.code, 1);
      assertStringIncludes(failed.stderr, "bar 1500, ");
      assertGreater(ofType(failed.stdout, "fill").length, 100);
      const status = await inProcess("status", journal);
      assertEquals(status.code, 0, status.stderr);
      assertStringIncludes(status.stdout, `strategy        strategy ${folder}/mine.ts`);
      assertStringIncludes(status.stdout, "failed (bar 1500, closed ");
      const fills = await inProcess("export", journal);
      assertEquals(fills.stdout.trim().split("\n").length - 1, ofType(failed.stdout, "fill").length);
    },
  ));

Deno.test("a run of a user's own strategy resumes from its state, verifies, and refuses another file with both hashes", () =>
  withFiles(strategySource(`state.bars++; return state.bars % 7 < 3 ? "long" : "flat";`), async (folder) => {
    const [journal, file] = [`${folder}/a.db`, `${folder}/mine.ts`];
    const demo = (stopAfter: number, recording: string) =>
      finishHere(
        ...["demo", "--json", "--log-level=error", `--strategy=${file}`, `--state=${journal}`],
        ...[`--record=${folder}/${recording}`, "--speed=max", "--max-hold=1h", `--stop-after=${stopAfter}`],
      );
    const first = await demo(100, "1.txt");
    assertEquals([first.code, first.stderr], [0, ""]);
    const second = await demo(300, "2.txt");
    assertEquals([second.code, second.stderr], [0, ""]);
    const verify = () => inProcess("verify", journal, `${folder}/1.txt`, `${folder}/2.txt`);
    const verified = await verify();
    assertEquals(verified.code, 0, verified.stdout + verified.stderr);
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const before = sha256(Deno.readTextFileSync(file));
    Deno.writeTextFileSync(file, TURNING);
    const changed = await demo(400, "3.txt");
    assertEquals(changed.code, 2, changed.stderr);
    assertStringIncludes(changed.stderr, `strategySha256 was ${before} and is ${sha256(TURNING)}`);
    const other = await verify();
    assertEquals(other.code, 2, other.stderr);
    assertStringIncludes(other.stderr, `of SHA-256 ${before}, but ${file} has ${sha256(TURNING)}`);
  }));

Deno.test("a live run whose strategy fails ends cleanly: it verifies, says why, and does not resume", () =>
  withFiles(
    strategySource(
      `if (++state.bars === 150) throw new Error("enough"); return state.bars % 7 < 3 ? "long" : "flat";`,
    ),
    async (folder) => {
      const [journal, recording] = [`${folder}/a.db`, `${folder}/1.txt`];
      const demo = () =>
        finishHere(
          ...["demo", "--json", "--log-level=error", `--strategy=${folder}/mine.ts`, `--state=${journal}`],
          ...[`--record=${recording}`, "--speed=max", "--max-hold=1h", "--stop-after=400"],
        );
      const failed = await demo();
      assertEquals(failed.code, 1);
      assertStringIncludes(failed.stderr, "bar 150, closed ");
      assertGreater(ofType(failed.stdout, "fill").length, 20);
      assertEquals(ofType(failed.stdout, "summary").length, 1);
      for (let again = 0; again < 2; again++) {
        const verified = await inProcess("verify", journal, recording);
        assertEquals(verified.code, 0, verified.stdout + verified.stderr);
        const status = await inProcess("status", journal);
        assert(/stopped .*: the strategy .*mine\.ts failed \(bar 150, /.test(status.stdout), status.stdout);
        if (again === 0) assertEquals((await demo()).code, 1);
      }
    },
  ));

Deno.test("a compiled program runs the strategy that it was compiled with, and loads no other", () =>
  withFiles(TURNING, async (folder) => {
    const stage = new URL(`file://${folder}/stage/`);
    copySources(stage);
    assertEquals(bakeStrategy(EXAMPLE, stage), null);
    assertStringIncludes(bakeStrategy(`${folder}/none.ts`, stage)!, "it cannot be read");
    const compiled = async (strategy: string) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "--deny-import", "--allow-read", "--no-check", "--cached-only"],
          ...[`--preload=${new URL("../lockdown/as_compiled.ts", import.meta.url).pathname}`, "main.ts"],
          ...["backtest", "--json", "--max-drawdown=99%", `--strategy=${strategy}`, `${folder}/trades.csv`],
        ],
        cwd: stage,
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, stdout: text(stdout), stderr: text(stderr) };
    };
    const own = await compiled("ema_crossover.ts");
    assertEquals([own.code, own.stderr], [0, ""]);
    const built = await run(folder, ["--average=ema"]);
    assertEquals(ofType(own.stdout, "signal"), ofType(built.stdout, "signal"));
    const other = await compiled(`${folder}/mine.ts`);
    assertEquals(other.code, 2);
    assertStringIncludes(
      other.stderr,
      "expected a strategy that this program was compiled with, and it has ema_crossover.ts (SHA-256 ",
    );
  }));
