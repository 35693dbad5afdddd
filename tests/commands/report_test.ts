/** `penstock report` from outside. */
import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { Folder } from "../feeds/recorded_input.ts";
import { tamper } from "../stores/sample_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { csvText, walk } from "../support/trade_files.ts";
import { backtest } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const TRADES = walk(11, 2_500, { holes: 2, twice: 10 });
const SWIFT = ["--short=4", "--long=9", "--models", "--max-drawdown=0.5%"];
/** A page starts like this. */
const PAGE = `<!DOCTYPE html>\n<html lang="en" data-penstock="report">`;

/** A backtest that keeps everything; returns the folder of its files. */
async function kept(...args: readonly string[]): Promise<Folder> {
  const folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const { path } = folder;
  const places = [
    "--out",
    `${path}/result.json`,
    "--report",
    `${path}/page.html`,
    "--state",
    `${path}/run.db`,
  ];
  const { code, stderr } = await backtest([...SWIFT, ...places, ...args, file]);
  assertEquals([code, stderr], [0, ""]);
  return folder;
}

/** The value of a figure's tile on a page. */
function tile(page: string, name: string): string | null {
  const [, value = null] = new RegExp(`<dt>${name}</dt>\\s*<dd[^>]*>([^<]*)</dd>`).exec(page) ?? [];
  return value;
}

Deno.test("penstock report makes the same page from a result as backtest --report makes of the run", async () => {
  await using folder = await kept();
  const { path } = folder;
  const { code, stdout, stderr } = await inProcess("report", `${path}/result.json`);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Wrote .*\/result\.html, \d+ kB$/);
  const page = await Deno.readTextFile(`${path}/result.html`);
  assertEquals(page === await Deno.readTextFile(`${path}/page.html`), true);
  // Rewritten by another program, it still is the same result.
  const result = JSON.parse(await Deno.readTextFile(`${path}/result.json`));
  await folder.write("other.json", JSON.stringify(result, null, 2));
  assertEquals((await inProcess("report", `${path}/other.json`, "--out", `${path}/result.html`)).code, 0);
  assertEquals(await Deno.readTextFile(`${path}/result.html`) === page, true);
});

Deno.test("backtest --report shows the same refused orders with and without --out", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const places = [["--out", `${folder.path}/result.json`], []];
  const [kept, alone] = await Promise.all(places.map(async (more, at) => {
    const page = `${folder.path}/${at}.html`;
    assertEquals((await backtest([...SWIFT, "--cooldown=1s", ...more, "--report", page, file])).code, 0);
    const [marks = ""] = /<ul class="kinds">[^]*?<\/ul>/.exec(await Deno.readTextFile(page)) ?? [];
    return marks;
  }));
  assertMatch(kept!, /refused order \d+/);
  assertEquals(alone, kept);
});

Deno.test("penstock report of a journal has the state and the round trips of the run, and leaves out what a journal does not have", async () => {
  await using folder = await kept();
  const { path } = folder;
  const { code, stderr } = await inProcess("report", `${path}/run.db`);
  assertEquals([code, stderr], [0, ""]);
  const page = await Deno.readTextFile(`${path}/run.html`);
  const status = JSON.parse((await inProcess("status", `${path}/run.db`, "--json")).stdout);
  const whole = await Deno.readTextFile(`${path}/page.html`);
  for (const name of ["Net profit, USDT", "Equity, USDT", "Fees, USDT", "Fills"]) {
    assertEquals(tile(page, name), tile(whole, name), name);
  }
  assertEquals(tile(page, "Fills"), String(status.fills));
  assertEquals(tile(page, "Sharpe"), null);
  assertEquals(tile(page, "Largest drawdown"), null);
  const bars = (text: string): string[] => text.match(/<title>[^<]*round trips<\/title>/g) ?? [];
  assert(bars(page).length > 5);
  assertEquals(bars(page), bars(whole));
  assertStringIncludes(page, "price, equity and drawdown are unknown");
  assertMatch(page, /HALTED at .*max-drawdown/);
  assertMatch(page, new RegExp(`gap ${status.gaps}</li>`));
});

Deno.test("penstock report --run shows the chosen run, and refuses others in one line", async () => {
  await using folder = await kept();
  const { path } = folder;
  const journal = `${path}/run.db`;
  assertEquals((await inProcess("report", journal, "--run=1")).code, 0);
  for (
    const [args, message] of [
      [[journal, "--run=2"], /--run is "2": expected 1, the only run in /],
      [[journal, "--run=all"], /--run is "all": expected the number of one run for "report"/],
      [[`${path}/result.json`, "--run=1"], /--run chooses a run of a journal, but .* is a result/],
      [[], /no file given: expected "penstock report FILE"/],
      [[journal, journal], /is one word too many: "report" takes one file and options/],
    ] as const
  ) {
    const { code, stderr } = await inProcess("report", ...args);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, message);
  }
});

Deno.test("penstock report replaces only pages of Penstock, and leaves nothing behind when it fails", async () => {
  await using folder = await kept();
  const { path } = folder;
  const taken = await folder.write("notes.html", "my notes");
  const refused = await inProcess("report", `${path}/result.json`, "--out", taken);
  assertEquals(refused.code, 2);
  assertMatch(refused.stderr, /notes\.html: the file there is not a Penstock page\. Choose another name/);
  assertEquals(await Deno.readTextFile(taken), "my notes");
  const cut = await folder.write("cut.json", (await Deno.readTextFile(`${path}/result.json`)).slice(0, -500));
  const older = await folder.write("cut.html", `${PAGE}older`);
  assertEquals((await inProcess("report", cut)).code, 3);
  assertEquals(await Deno.readTextFile(older), `${PAGE}older`);
  assertEquals([...Deno.readDirSync(path)].filter(({ name }) => name.endsWith(".partial")), []);
});

Deno.test("penstock report says what any other file is, and what to do", async () => {
  await using folder = await kept();
  const { path } = folder;
  const text = await Deno.readTextFile(`${path}/result.json`);
  const { pictures: _, ...result } = JSON.parse(text);
  for (
    const [name, content, message] of [
      [
        "old.json",
        JSON.stringify(result),
        /was written by Penstock \S+, which kept nothing to draw.*: penstock backtest /,
      ],
      ["cut.json", text.slice(0, 2_000), /is not whole: its JSON cannot be read to the end/],
      [
        "next.json",
        JSON.stringify({ ...result, version: 2 }),
        /is a result of version 2, but this Penstock reads/,
      ],
      [
        "odd.json",
        text.replace(`"netProfit":"`, `"netProfit":"x`),
        /is damaged.*metrics\.netProfit is "x.*: expected a d/,
      ],
      [
        "sweep.json",
        `{"schema":"penstock-sweep"}`,
        /is a sweep of version none, but this Penstock reads version 1/,
      ],
      [
        "odd_sweep.json",
        `{"schema":"penstock-sweep","version":1,"options":{},"grid":[{"name":"short","values":5}]}`,
        /is damaged.*grid\[0\]\.values is 5: expected a list/,
      ],
      [
        "foreign.json",
        `{"a":1}`,
        /is JSON, but not a result of Penstock: expected "schema" to be "penstock-result"/,
      ],
      [
        "trades.txt",
        csvText(TRADES),
        /is neither a result nor a journal.*trades are for penstock backtest --report/,
      ],
      ["page.txt", PAGE, /is already a page: open it in a browser/],
      ["none.txt", "", /is empty/],
      ["none", null, /cannot be read: there is no such file/],
    ] as const
  ) {
    if (content !== null) await folder.write(name, content);
    const { code, stdout, stderr } = await inProcess("report", `${path}/${name}`);
    assertEquals([code, stdout], [3, ""], stderr);
    assertMatch(stderr, message);
  }
});

Deno.test("penstock report refuses a journal whose entries were changed, and writes no page", async () => {
  await using folder = await kept();
  const { path } = folder;
  tamper(`${path}/run.db`, (database) => {
    database.exec(`UPDATE entries SET content = replace(content, '"buy"', '"sell"') WHERE seq = 5`);
    database.exec(`UPDATE entries SET time = time + 1 WHERE seq = 6`);
  });
  const { code, stderr } = await inProcess("report", `${path}/run.db`);
  assertEquals(code, 3);
  assertMatch(stderr, /damaged: entry [56] /);
  assertEquals([...Deno.readDirSync(path)].some(({ name }) => name.startsWith("run.html")), false);
});
