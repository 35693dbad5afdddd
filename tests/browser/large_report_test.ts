/** The page of a backtest of 5,000,000 trades in a browser. Screenshots are kept in dist/screenshots. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { hasBrowser, View } from "./browser.ts";
import { printedBy, SCREENSHOTS } from "./own_process.ts";
import { tripOfFill } from "./trip_clicks.ts";
import { grouped, hundredths, percent } from "./shown_figures.ts";

const TRADES = 5_000_000;
const MOST_BYTES = 350_000;
/** More round trips than a page lists. */
const LISTED = 3_000;

interface Result {
  readonly summary: { readonly fills: number; readonly trades: number; readonly maxDrawdown: string };
  readonly metrics: { readonly netProfit: string; readonly roundTrips: number };
}

Deno.test({
  name:
    "The report of 5,000,000 trades is small, has the figures of all of them, and zooms from a round trip to its fills",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      await printedBy(folder, "tests/support/large_backtest.ts", folder, String(TRADES));
      const path = `${folder}/report.html`;
      assertLess((await Deno.stat(path)).size, MOST_BYTES);
      const result: Result = JSON.parse(await Deno.readTextFile(`${folder}/result.json`));
      await using view = await View.open(path);
      await figures(view, result);
      await tripOnChart(view);
      const { page } = view;
      await page.screenshot({ path: `${SCREENSHOTS}/large-report.png`, fullPage: true });
      await page.setViewportSize({ width: 390, height: 844 });
      await view.emulate({ colorScheme: "dark" });
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      await page.screenshot({ path: `${SCREENSHOTS}/large-report-phone.png`, fullPage: true });
      assertEquals([view.complaints, view.requests], [[], []]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** The page has the figures of all trades, fills and round trips, and says which round trips it lists. */
async function figures(view: View, { summary, metrics }: Result): Promise<void> {
  assertEquals(summary.trades, TRADES);
  assertLess(LISTED, metrics.roundTrips);
  const tiles = new Map(
    await view.page.$$eval(
      ".tile",
      (all) => all.map((tile) => [...tile.children].map((child) => child.textContent!) as [string, string]),
    ),
  );
  assertEquals(tiles.get("Fills"), grouped(summary.fills));
  assertEquals(tiles.get("Net profit, USDT")!.replace("+", ""), hundredths(Number(metrics.netProfit)));
  assertEquals(tiles.get("Largest drawdown"), percent(summary.maxDrawdown));
  const note = await view.text("section:has(> h2:text-is('Round trips')) > p");
  assert(
    note.startsWith(`This table has ${grouped(LISTED)} of ${grouped(metrics.roundTrips)} round trips`),
    note,
  );
  assert((await view.text("#trip-range")).endsWith(` of ${grouped(LISTED)}`));
}

/** A click on the best round trip shows it on the chart, where a click on its fill leads back to it. */
async function tripOnChart(view: View): Promise<void> {
  const { page } = view;
  await page.click("#trips thead th.profit button");
  const best = "#trips tbody tr:nth-child(1)";
  const [number, entry] = [await view.text(`${best} td`), await view.text(`${best} td:nth-child(2)`)];
  await page.click(best);
  await page.click("#trip-next");
  assertEquals(await tripOfFill(view, entry), number);
  await page.click("#zoom-reset");
}
