/**
 * How fast the report of a large backtest is in Chromium. A temporary file holds 5,000,000 trades generated from a seed,
 * which give 55,000 fills. Prints medians, which depend on this machine and its load. Fails if the page complains, asks
 * for anything, or is too large.
 *
 *     deno run --config web/deno.json --allow-all tests/browser/page_speed.ts [PAGE]
 */
import type { Page } from "playwright-core";
import { View } from "./browser.ts";
import { printedBy } from "./own_process.ts";

const TRADES = "5000000";
/** Enough cash for every signal to be filled. */
const OPTIONS = ["--cash", "10000000", "--log-level", "error"];
const LOADS = 9;
const ZOOMS = 15;
const MOST_BYTES = 350_000;

const folder = await Deno.makeTempDir({ prefix: "penstock_page_" });
try {
  const path = Deno.args[0] === undefined ? await largeReport() : Deno.realPathSync(Deno.args[0]);
  const { size } = await Deno.stat(path);
  const paints: number[] = [];
  const readies: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    await using view = await View.open(path);
    const { paint, ready } = await view.page.evaluate(() => ({
      paint: performance.getEntriesByName("first-contentful-paint")[0]!.startTime,
      ready: performance.getEntriesByName("ready")[0]!.startTime,
    }));
    paints.push(paint);
    readies.push(ready);
    check(view);
  }
  await using view = await View.open(path);
  const { page } = view;
  const zooms = await keys(page, "+");
  const pans = await keys(page, "ArrowRight");
  const resets = await keys(page, "0");
  const clicks = await timed(page, "#trips tbody tr", ZOOMS);
  const sorts = await timed(page, "#trips thead button", ZOOMS);
  check(view);
  console.log(`page                      ${(size / 1000).toFixed(0)} kB`);
  for (
    const [what, times] of [
      ["first paint", paints],
      ["charts and table ready", readies],
      ["zoom, until it is painted", zooms],
      ["pan", pans],
      ["whole run", resets],
      ["click on a round trip", clicks],
      ["sort of 3,000 round trips", sorts],
    ] as const
  ) console.log(`${what.padEnd(25)} ${median(times).toFixed(0)} ms`);
  if (size > MOST_BYTES) throw new Error(`the page has ${size} bytes, more than ${MOST_BYTES}`);
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function largeReport(): Promise<string> {
  const [trades, path] = [`${folder}/trades.csv`, `${folder}/report.html`];
  await printedBy(folder, "tests/bench/make_csv.ts", trades, TRADES);
  await printedBy(folder, "main.ts", "backtest", trades, ...OPTIONS, "--report", path);
  return path;
}

/** The times from a key to the painted frame, one key after the other. */
function keys(page: Page, key: string): Promise<number[]> {
  return page.evaluate(async ({ key, count }) => {
    const chart = document.getElementById("chart-price")!;
    const times: number[] = [];
    for (let at = 0; at < count; at++) {
      const start = performance.now();
      chart.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
      await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
      times.push(performance.now() - start);
    }
    return times;
  }, { key, count: ZOOMS });
}

/** The times from clicks on the first elements of a kind to the painted frame. */
function timed(page: Page, selector: string, count: number): Promise<number[]> {
  return page.evaluate(async ({ selector, count }) => {
    const times: number[] = [];
    for (let at = 0; at < count; at++) {
      const all = document.querySelectorAll<HTMLElement>(selector);
      const start = performance.now();
      all[at % all.length]!.click();
      await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
      times.push(performance.now() - start);
    }
    return times;
  }, { selector, count });
}

function check({ complaints, requests }: View): void {
  const found = [...complaints, ...requests];
  if (found.length > 0) throw new Error(`the page complained or asked for something: ${found.join("; ")}`);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
