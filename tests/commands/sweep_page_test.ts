/** The page of a sweep: what it shows is what the sweep has found. */
import { assert, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { sweep } from "../../src/commands/backtest/sweep.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { configureSweep } from "../../src/config/grid.ts";
import { sweptResult } from "../../src/commands/report/swept_result.ts";
import { RESULT_VERSION, SCHEMA } from "../../src/stores/results/result_file.ts";
import { resultReport } from "../../src/views/report/result_report.ts";
import { sweepPage } from "../../src/views/report/sweep_page.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import type { SweepResult } from "../../src/domain/run/sweep_result.ts";
import type { PackedReport } from "../../src/views/report/page_format.ts";
import { money, signedMoney } from "../../src/views/terminal/figures.ts";
import { inProcess } from "../support/in_process.ts";
import { SeededRandom } from "../support/random.ts";
import { assertEquals } from "../support/equals.ts";

const GRID = ["--short=3,5,8", "--long=12,20,30", "--bars=5m", "--rank=net-profit", "--workers=1"];
const VIEW = {
  ...{ showsAll: false, broken: null, event() {}, log() {}, settle() {} },
  ...{ ready: () => null, close: () => Promise.resolve() },
};

/** Calls with a new folder that has a file of trades of a random walk over some days. */
async function inFolder(run: (file: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "penstock_sweep_page_" });
  try {
    const random = new SeededRandom(5);
    let [text, price, time] = ["", 6_000_000, 1_735_689_600_000];
    for (let id = 1; id <= 4_000; id++) {
      price += random.whole(-4_000, 4_000);
      time += random.whole(0, 200_000);
      text += `${id},${(price / 100).toFixed(2)},0.5,1,${time},True,True\n`;
    }
    await Deno.writeTextFile(`${folder}/trades.csv`, text);
    await run((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Sweeps in this process, and returns its page and its result. */
async function swept(file: (name: string) => string, args: readonly string[], input = file("trades.csv")) {
  const { given, mistakes } = readArguments([
    ...["sweep", input, ...GRID, "--out", file("sweep.json"), "--report", file("page.html")],
    ...args,
  ]);
  await sweep({
    ...configureSweep(given, mistakes),
    ...{ command: "sweep", version: "0", files: [input] },
    ...{ signal: new AbortController().signal, blocking: (work) => work() },
  }, { views: [() => VIEW], tries: file("tries.json") });
  return {
    page: await Deno.readTextFile(file("page.html")),
    result: JSON.parse(await Deno.readTextFile(file("sweep.json"))) as SweepResult,
  };
}

/** The cells of the rows of the first table after `start`, without markup. */
function cellsAfter(page: string, start: string): string[][] {
  const from = page.indexOf(start);
  assert(from >= 0, start);
  const body = page.slice(page.indexOf("<tbody>", from), page.indexOf("</tbody>", from));
  return body.split("<tr>").slice(1).map((row) =>
    [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell]) => cell!.replace(/<[^>]*>/g, "").trim())
  );
}

async function runsIn(page: string): Promise<PackedReport[]> {
  const texts = [...page.matchAll(/id="run-\d+">([^<]*)</g)].map(([, text]) => text!);
  return await Promise.all(texts.map(async (text) => {
    const inflated = new Blob([Uint8Array.fromBase64(text)]).stream()
      .pipeThrough(new DecompressionStream("deflate-raw"));
    return await new Response(inflated).json();
  }));
}

/** What a page says without its full reports and the links to them. */
function withoutRuns(page: string): string {
  return page.replace(/<script type="application\/octet-stream"[^]*?<\/script>/g, "")
    .replace(/<a href="#run-\d+">(\d+)\. full report<\/a>/g, "$1")
    .replace(/<p class="muted on-screen">[^]*?<\/p>/, "").replace(/<details( open)?>/g, "<details>")
    .replace(/\s+/g, " ");
}

Deno.test("The page of a sweep has its rows, map, test, walk-forward and sentences, and the reports of the best", async () => {
  await inFolder(async (file) => {
    const { page, result } = await swept(file, ["--test=30%", "--walk-forward=3"]);
    const { configurations, sweep: last } = result;
    assertLess(new TextEncoder().encode(page).length, 350_001);
    const ranked = configurations.toSorted((a, b) => Number(b.netProfit) - Number(a.netProfit));
    const shown = cellsAfter(page, 'id="ranked"');
    assertEquals(
      shown.map(([place, short, long, _, profit]) => [parseInt(place!), Number(short), Number(long), profit]),
      ranked.map((
        { options, netProfit },
        at,
      ) => [at + 1, options.short, options.long, signedMoney(netProfit)]) as unknown[][],
    );
    const map = cellsAfter(page, "<h2>The grid");
    const values = configurations.map(({ netProfit }) => signedMoney(netProfit));
    assertEquals(map, [["3", ...values.slice(0, 3)], ["5", ...values.slice(3, 6)], [
      "8",
      ...values.slice(6),
    ]]);
    assertEquals(
      cellsAfter(page, "<h2>In and out of sample"),
      ranked.map(({ netProfit, test }, at) => [
        ...[`${at + 1}`, signedMoney(netProfit), signedMoney(test!.netProfit)],
      ]),
    );
    const earning = ranked.filter(({ test }) => Number(test!.netProfit) > 0).length;
    assertStringIncludes(page, `<p>${earning} of the ${ranked.length} best configurations made a profit`);
    const walked = last.walkForwardNetProfit!;
    assertStringIncludes(
      page,
      `the windows ${Number(walked) < 0 ? "lost" : "made"} ${money(walked.replace("-", ""))} USDT`,
    );
    const curve = cellsAfter(page, "<h3>Equity of the windows");
    assertEquals(curve.at(-1)![1], money(last.walkForwardCurve.at(-1)![1]));
    const walk = page.slice(page.indexOf("<h3>Equity of the windows"));
    assertEquals(
      cellsAfter(walk.slice(walk.indexOf("</table>")), "<table>").map((cells) => cells.slice(2)),
      last.walkForward.map((
        { chosenProfit, netProfit },
      ) => [signedMoney(chosenProfit), signedMoney(netProfit)]),
    );
    for (const sentence of last.sentences) {
      assertStringIncludes(page.replaceAll("\u00a0", " "), sentence);
    }
    const runs = await runsIn(page);
    assertEquals(runs.length, 5);
    for (const [at, { markup, data }] of runs.entries()) {
      const row = ranked[at]!;
      assertStringIncludes(markup, `Place ${at + 1}: short ${row.options.short}, long ${row.options.long}`);
      const figures = new Map(cellsAfter(markup, "<h2>Figures").map(([name, value]) => [name, value]));
      assertEquals(figures.get("net profit, USDT"), signedMoney(row.netProfit));
      assertEquals(figures.get("equity at the end, USDT"), money(row.equity));
      assertEquals(data.tripCount, row.roundTrips);
      assertStringIncludes(markup, `--stop-after ${row.trades} --report`);
    }
  });
});

Deno.test("penstock report makes the same page of a sweep's result, with commands in place of the full reports", async () => {
  await inFolder(async (file) => {
    const { page, result } = await swept(file, ["--stop-loss=1%,2%"]);
    const { code, stderr } = await inProcess("report", file("sweep.json"), "--out", file("again.html"));
    assertEquals([code, stderr], [0, ""]);
    const again = await Deno.readTextFile(file("again.html"));
    assertEquals(await runsIn(again), []);
    assertEquals(withoutRuns(again), withoutRuns(page));
    const pages = [...again.matchAll(/penstock backtest [^<]* --report (\S+)<\/pre>/g)].map(([, name]) =>
      name
    );
    assertEquals(pages, ["best-1.html", "best-2.html", "best-3.html", "best-4.html", "best-5.html"]);
    // Rows that are not those of the grid are found.
    const text = JSON.stringify(result).replace('"short":3', '"short":4');
    await Deno.writeTextFile(file("odd.json"), text);
    const odd = await inProcess("report", file("odd.json"), "--out", file("odd.html"));
    assertEquals(odd.code, 3);
    assertStringIncludes(odd.stderr, 'its grid lacks the row with {"short":4');
  });
});

Deno.test("A sweep's result does not say where its page is, so another page does not keep it from being continued", async () => {
  await inFolder(async (file) => {
    const { result } = await swept(file, []);
    assertEquals(result.options["report"], null);
  });
});

Deno.test("sweepPage() leaves out the last full reports if not all fit, and says so", async () => {
  await inFolder(async (file) => {
    const { result } = await swept(file, []);
    const { code } = await inProcess(
      "backtest",
      file("trades.csv"),
      "--out",
      file("one.json"),
      "--log-level=error",
    );
    assertEquals(code, 0);
    const one = resultReport(
      JSON.parse(await Deno.readTextFile(file("one.json"))),
      { schema: SCHEMA, version: RESULT_VERSION },
      () => "",
    );
    const report = { ...sweptResult(result), runs: [one, one, one, one, one] };
    const whole = await sweepPage(report);
    assertEquals((await runsIn(whole)).length, 5);
    const most = 135_000;
    const page = await sweepPage(report, most);
    assertLess(new TextEncoder().encode(page).length, most + 1);
    const { length } = await runsIn(page);
    assert(length > 0 && length < 5, `${length}`);
    assert(page.includes(`This page has no room for ${5 - length} more.`));
    assertEquals(page.match(/href="#run-/g)!.length, length);
  });
});

Deno.test("penstock sweep --report refuses standard input, which full reports cannot read again", async () => {
  await inFolder(async (file) => {
    const error = await assertRejects(() => swept(file, [], "-"), ConfigError);
    assertStringIncludes(error.message, "--report");
  });
});
