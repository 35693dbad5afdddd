/** `penstock sweep --part` on several machines and `--join`: the result of one machine, or why there is none. */
import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import type { SweepResult } from "../../src/domain/run/sweep_result.ts";
import { SeededRandom } from "../support/random.ts";
import { inFolder, type ShownSweep, sweepHere, type SweepSetting } from "../support/swept.ts";
import { assertEquals } from "../support/equals.ts";

type File = (name: string) => string;

/** Runs a command line on a machine that is called `name` and has its own tries. */
function on(
  file: File,
  words: readonly string[],
  { name = "one", version = "1", lanes = 4, ...setting }: SweepSetting & { readonly name?: string } = {},
): Promise<ShownSweep> {
  return sweepHere(words, file(`tries-${name}.json`), { version, lanes, ...setting });
}

/** Everything that a machine left, without the time that it took and how many workers it had. */
async function lasting(
  file: File,
  { events, table }: ShownSweep,
  out: string,
  page?: string,
): Promise<string> {
  const texts = [JSON.stringify(events), table, await Deno.readTextFile(out)];
  if (page !== undefined) texts.push(await Deno.readTextFile(page));
  texts.push(await Deno.readTextFile(file("tries-one.json")));
  return texts.join("\n").replaceAll(/"(elapsedMs|tradeConfigurationsPerSecond)":\d+/g, '"$1":0')
    .replace(/"workers":\d+/, '"workers":null');
}

/** Computes all parts of a grid, each on its own machine, and returns their files. */
async function inParts(file: File, words: readonly string[], of: number): Promise<string[]> {
  const paths: string[] = [];
  for (let part = 1; part <= of; part++) {
    const path = file(`part-${part}.json`);
    await on(file, [file("trades.csv"), ...words, "--workers=1", `--part=${part}/${of}`, `--out=${path}`], {
      ...{ name: `part-${part}`, lanes: 1 + part % 3 },
    });
    paths.push(path);
  }
  return paths;
}

/** The mistakes of a command line that must be refused. */
async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof ConfigError ? error.mistakes.join("\n") : (error as Error).message;
  }
  throw new Error("It was not refused");
}

const GRID = ["--short=3,5", "--long=12,30", "--stop-loss=0.5%,2%"];

Deno.test("the parts of a grid, joined, are what one machine shows and writes, to the byte", async () => {
  const random = new SeededRandom(4);
  const divisions = [[], ["--test=30%"], ["--walk-forward=2", "--rank=net-profit"], [
    ..."--test=20% --walk-forward=3 --bars=20t,1m".split(" "),
  ]];
  for (const [at, division] of divisions.entries()) {
    await inFolder(async (file) => {
      const first = random.whole(2, 6);
      const words = [
        `--short=${first},${first + 2},${random.whole(11, 14)}`,
        `--long=12,${random.whole(15, 40)}..60:20`,
        `--stop-loss=${random.whole(1, 9) / 10}%,2%`,
        "--fee=0",
        ...division,
      ];
      const ending = at % 2 === 0 ? "json" : "csv";
      const page = at === 1 ? [`--report=${file("page.html")}`] : [];
      const out = file(`sweep.${ending}`);
      const outputs = [`--out=${out}`, ...page];
      // The full reports on a page list this option.
      const workers = page.length > 0 ? [] : ["--workers=1"];
      const whole = await on(file, [file("trades.csv"), ...words, ...workers, ...outputs]);
      const expected = await lasting(file, whole, out, page.length > 0 ? file("page.html") : undefined);
      assertMatch(whole.table, /Sharpe ratio|net profit/);
      for (const count of [[7], [2], [1, random.whole(2, 4)], [random.whole(5, 6)]][at]!) {
        const paths = random.fraction() < 0.5
          ? await inParts(file, words, count)
          : (await inParts(file, words, count)).toReversed();
        for (const name of [out, file("tries-one.json")]) await Deno.remove(name);
        const joined = await on(file, ["--join", ...paths, paths[0]!, ...outputs]);
        const found = await lasting(file, joined, out, page.length > 0 ? file("page.html") : undefined);
        assert(found === expected, `${count} parts of ${words.join(" ")}`);
        assertEquals(joined.logged, []);
      }
    }, at === 1 ? 5_500 : 1_500);
  }
});

Deno.test("a part that was stopped is refused, and joined once --continue has finished it", async () => {
  await inFolder(async (file) => {
    const out = file("sweep.json");
    const words = [...GRID, "--walk-forward=2"];
    const expected = await lasting(
      file,
      await on(file, [file("trades.csv"), ...words, "--workers=1", `--out=${out}`]),
      out,
    );
    const paths = await inParts(file, words, 2);
    const second = [file("trades.csv"), ...words, "--workers=1", "--part=2/2", `--out=${paths[1]}`];
    const stop = new AbortController();
    const seen = ({ type }: PenstockEvent) => type === "configuration" && stop.abort();
    const stopped = await on(file, second, { name: "two", lanes: 3, seen, signal: stop.signal });
    assertStringIncludes(stopped.logged.join(), "stopped: 2 of 4 configurations are finished");
    assertStringIncludes(
      await refused(on(file, ["--join", ...paths])),
      `${paths[1]} is of a part that was stopped, with 2 of 4 configurations: finish it with --continue`,
    );
    assertStringIncludes(
      await refused(on(file, [...second.with(-2, "--part=1/2"), "--continue"])),
      'is of another part: it has {"number":2,"of":2}, but this sweep has {"number":1,"of":2}',
    );
    assertStringIncludes(
      await refused(on(file, [...second, "--continue"], { version: "2" })),
      "is of Penstock 1, but this is 2: leave --continue out",
    );
    const finished = await on(file, [...second, "--continue"], { name: "two" });
    assertStringIncludes(finished.logged.join(), "part 2 of 2 is finished: 4 of 8 configurations are in");
    assertStringIncludes(await refused(on(file, [...second, "--continue"])), "of a part that has finished");
    for (const name of [out, file("tries-one.json")]) await Deno.remove(name);
    await Deno.mkdir(file("parts"));
    assertStringIncludes(
      await refused(on(file, ["--join", file("parts")])),
      "is a folder without JSON files",
    );
    for (const [at, path] of paths.entries()) await Deno.rename(path, file(`parts/${at}.json`));
    const joined = await on(file, ["--join", `${file("parts")}/`, `--out=${out}`]);
    assert(await lasting(file, joined, out) === expected);
  });
});

Deno.test("parts that do not fit together are refused, each with its values", async () => {
  await inFolder(async (file) => {
    const trades = file("trades.csv");
    const [one, two, three] = await inParts(file, GRID, 3) as [string, string, string];
    const other = file("other.json");
    const join = (paths: readonly string[], version = "1") =>
      refused(on(file, ["--join", ...paths], { version }));
    assertEquals(await join([three]), "of 3 parts, 2 are missing: 1, 2");
    assertEquals(
      await join([one, two], "2"),
      [one, two].map((path) => `${path} is of Penstock 1, but this is 2: compute it again`).join("\n"),
    );
    await Deno.copyFile(trades, file("moved.csv"));
    await on(file, [file("moved.csv"), ...GRID, "--workers=1", "--part=2/3", `--out=${other}`], {
      name: "other",
    });
    const { events } = await on(file, ["--join", one, other, three]);
    assertEquals(events.length, 10, "the same trades may have another name");
    const second = (...more: readonly string[]) =>
      on(file, [...more, "--workers=1", "--part=2/3", `--out=${other}`], { name: "other" });
    for (
      const [words, what] of [
        [[trades, ...GRID, "--fee=0"], `other options: it has fee "0", but ${one} has fee "0.001"`],
        [[trades, "--short=3,4", ...GRID.slice(1)], "another grid: it has --short 3,4 --long 12,30"],
        [[trades, ...GRID, "--stop-after=100"], "other options: it has stopAfter 100"],
      ] as const
    ) {
      await second(...words);
      assertStringIncludes(await join([one, other, three]), `${other} is of ${what}`);
    }
    await on(file, [trades, ...GRID, "--workers=1", "--part=2/4", `--out=${other}`], { name: "other" });
    assertStringIncludes(
      await join([one, other, three]),
      `${other} is of another division: it has part 2/4, but ${one} has part 1/3`,
    );
    const lines = (await Deno.readTextFile(trades)).split("\n");
    await Deno.writeTextFile(file("fewer.csv"), lines.slice(0, 500).join("\n"));
    await second(file("fewer.csv"), ...GRID);
    assertMatch(
      await join([one, other, three]),
      /is of other trades: it has 500 trades with the digest [0-9a-f]{16}, but .* has 600 trades with [0-9a-f]{16}$/,
    );
    await second(trades, ...GRID);
    await changeRow(other);
    assertStringIncludes(
      await join([one, two, three, other]),
      `${other} and ${two} are both part 2 of 3, but differ: with {"short":5,"long":12,"stopLoss":"0.005"}, ` +
        'netProfit is "12345" in the first and "',
    );
  }, 600);
});

/** Changes the figure of a row as a machine that computes wrongly would. */
async function changeRow(path: string): Promise<void> {
  const { createHash } = await import("node:crypto");
  const all = JSON.parse(await Deno.readTextFile(path));
  all.configurations.at(-1).netProfit = "12345";
  const { options, grid, environment, files, part, configurations, unfinished } = all;
  const hash = createHash("sha256");
  for (const one of [{ options, grid, environment, files, part }, ...configurations, unfinished]) {
    hash.update(`${JSON.stringify(one)}\n`);
  }
  await Deno.writeTextFile(path, JSON.stringify({ ...all, check: hash.digest("hex") }));
}

Deno.test("a file that is not a part, was cut short or was changed is refused and named", async () => {
  await inFolder(async (file) => {
    const [one, two] = await inParts(file, GRID, 2) as [string, string];
    const whole = await Deno.readTextFile(two);
    const join = (more: readonly string[] = []) => refused(on(file, ["--join", one, two, ...more]));
    const random = new SeededRandom(9);
    for (let time = 0; time < 12; time++) {
      await Deno.writeTextFile(two, whole.slice(0, random.whole(0, whole.length - 3)));
      assertStringIncludes(await join(), `${two} is not whole, or not JSON`);
    }
    for (
      const [text, message] of [
        ["null", "is not the part of a sweep"],
        ['{"schema":"penstock-result","version":1}', "is not the part of a sweep"],
        ['{"schema":"penstock-sweep","version":1}', "is a sweep without --part"],
        ['{"schema":"penstock-sweep","version":1,"part":{},"unfinished":{}}', "was changed after"],
        [whole.replace('"stopLoss":"0.02"', '"stopLoss":"0.03"'), "was changed after"],
        [whole.replace('"fee":"0.001"', '"fee":"0.002"'), "was changed after"],
        [whole.replace('"number":2', '"number":1'), "was changed after"],
        [whole.replace('"places":[4', '"places":[3'), "was changed after"],
      ] as const
    ) {
      assert(text !== whole);
      await Deno.writeTextFile(two, text);
      assertStringIncludes(await join(), `${two} ${message}`);
    }
    await Deno.writeTextFile(two, whole);
    assertStringIncludes(await refused(on(file, ["--join", file("none.json")])), "there is no such file");
    assertStringIncludes(
      await join(["--short=3,5"]),
      "--short is given with --join, which takes it from the parts",
    );
    assertStringIncludes(await join(["--part=1/2"]), "--part is given with --join");
    assertStringIncludes(await join([`--out=${one}`]), "it is one of the parts");
    const trades = file("trades.csv");
    for (
      const [words, message] of [
        [["--part=1/2"], "--part is 1/2: expected --out with the name of a JSON file"],
        [["--part=1/2", "--out=part.csv"], "expected --out with the name of a JSON file"],
        [["--part=1/2", `--out=${file("p.json")}`, "--report=page.html"], "give it with --join"],
        [["--part=8/9", `--out=${file("p.json")}`], "--part is 8/9, but the grid has 8 configurations"],
        ...["0/3", "4/3", "1", "3+1/3", "1/0", "-1/3"].map((part) =>
          [[`--part=${part}`], `--part is "${part}": expected a part and the number of all parts`] as const
        ),
      ] as const
    ) assertStringIncludes(await refused(on(file, [trades, ...GRID, ...words])), message);
  }, 300);
});

Deno.test("a page of joined parts says why it has no full reports: the trades are missing, or differ", async () => {
  await inFolder(async (file) => {
    const paths = await inParts(file, GRID, 2);
    const join = () => on(file, ["--join", ...paths, `--report=${file("page.html")}`]);
    await Deno.writeTextFile(
      file("trades.csv"),
      (await Deno.readTextFile(file("trades.csv"))).split("\n").slice(0, 200).join("\n"),
    );
    assertMatch(
      (await join()).logged.join(),
      /trades.csv does not have the trades of the parts: its digest is/,
    );
    await Deno.remove(file("trades.csv"));
    assertMatch((await join()).logged.join(), /trades.csv is not on this machine, so the page has commands/);
    assertStringIncludes(await Deno.readTextFile(file("page.html")), "penstock backtest");
  }, 300);
});

Deno.test("--part takes an index that starts at 0, as Kubernetes gives it", async () => {
  await inFolder(async (file) => {
    const path = file("part.json");
    await on(file, [file("trades.csv"), ...GRID, "--workers=1", "--part=2+1/3", `--out=${path}`]);
    const { part, configurations } = JSON.parse(await Deno.readTextFile(path)) as SweepResult;
    assertEquals([part, configurations.length], [{ number: 3, of: 3 }, 3]);
  }, 300);
});

Deno.test("a part divides its returns as the whole sweep does, by the number of all configurations", async () => {
  await inFolder(async (file) => {
    const path = file("part.json");
    for (const [long, all, numbers] of [["200..202:1", 300, 28], ["200..410:1", 21_100, 16]] as const) {
      const part = ["--workers=1", `--part=1/${all}`, `--out=${path}`];
      await on(file, [file("trades.csv"), "--short=1..100:1", `--long=${long}`, ...part]);
      const { unfinished: { origin, rows } } = JSON.parse(await Deno.readTextFile(path));
      assertEquals([origin.configurations, origin.places], [all, [0]]);
      // Sums and sums of squares: of 14 blocks, since there are few returns, or of 8.
      assertEquals(rows.sums.map((sums: number[]) => sums.length), [numbers]);
    }
  }, 5_500);
});
