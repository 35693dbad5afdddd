/** The page of a sweep in a browser. Screenshots are kept in dist/screenshots. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { hasBrowser, View } from "./browser.ts";
import { SCREENSHOTS } from "./own_process.ts";
import { sampleReport, sampleTrades } from "./sample_report.ts";

const MOST_BYTES = 350_000;
const GRID = [
  ...["--bars", "5m", "--short", "3..12:3", "--long", "20..60:10", "--stop-loss", "1%,2%"],
  ...["--test", "30%", "--walk-forward", "3", "--rank", "net-profit", "--workers", "1"],
];

interface Swept {
  readonly configurations: readonly { readonly netProfit: string; readonly roundTrips: number }[];
  readonly sweep: { readonly sentences: readonly string[] };
}

/** Whether an element reaches out of the window. */
function widthOf({ page }: View): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}

Deno.test({
  name:
    "The page of a sweep opens the reports of the best and returns, on a desktop and on a phone, without an error",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      const { path, result } = await sampleReport(folder, sampleTrades(20_000), GRID, "sweep");
      assertLess((await Deno.stat(path)).size, MOST_BYTES);
      const { configurations, sweep } = result as Swept;
      const best = configurations.toSorted((a, b) => Number(b.netProfit) - Number(a.netProfit));
      await using view = await View.open(path);
      const { page } = view;
      assertEquals(await page.title(), "Sweep of BTCUSDT – Penstock");
      assertEquals(await view.text(".verdict"), sweep.sentences.at(-1));
      assertEquals(await page.locator("svg.map").count(), 2);
      assertEquals(await page.locator("svg.map rect").count(), configurations.length);
      assertEquals(await page.locator("svg.map .best").count(), 1);
      assertEquals(await page.locator("svg.curve polyline").count(), 1);
      // Each chart has its table, which opens by the keyboard too.
      assertEquals(
        await page.locator("#sweep figure svg").count(),
        await page.locator("#sweep figure details").count(),
      );
      await page.focus("#sweep figure summary");
      await page.keyboard.press("Enter");
      assert(await page.isVisible("#sweep figure table"));
      await page.screenshot({ path: `${SCREENSHOTS}/sweep.png`, fullPage: true });
      await reports(view, best);
      await onPaper(view);
      assertEquals([view.complaints, view.requests], [[], []]);
      await onPhone(path);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Each link opens the report of its row, with charts and round trips; the way back is where the reader was. */
async function reports(view: View, best: Swept["configurations"]): Promise<void> {
  const { page } = view;
  assertEquals(await page.locator("#ranked a").count(), 5);
  for (const number of [1, 3, 5]) {
    await page.focus(`a[href="#run-${number}"]`);
    await page.keyboard.press("Enter");
    await page.waitForSelector(`#run[data-run=run-${number}]`);
    assert(!(await page.isVisible("#sweep")));
    assertEquals(await page.locator("#run .chart canvas").count(), 4);
    const { netProfit, roundTrips } = best[number - 1]!;
    const shown = Number((await view.text("#run .tile dd")).replaceAll(/[,+]/g, ""));
    assertLess(Math.abs(shown - Number(netProfit)), 0.006);
    assert((await view.text("#trip-range")).endsWith(` of ${roundTrips}`));
    const whole = await view.text("#span");
    await page.click("#trips tbody tr:nth-child(1)");
    assert(await view.text("#span") !== whole);
    await page.click("#zoom-reset");
    assertEquals(await view.text("#span"), whole);
    await page.click("#theme");
    if (number === 3) await page.goBack();
    else {
      await page.focus("#run a");
      await page.keyboard.press("Enter");
    }
    await page.waitForSelector("#sweep", { state: "visible" });
    assertEquals(await page.locator("#run > *").count(), 0);
    assertEquals(await page.evaluate(() => document.activeElement!.getAttribute("href")), `#run-${number}`);
    // The charts that are gone follow neither the zone nor the colours.
    await page.click("#zone");
    await page.click("#theme");
  }
}

/** On paper the page is light, has no buttons, and nothing is wider than the sheet. */
async function onPaper(view: View): Promise<void> {
  const { page } = view;
  await view.emulate({ media: "print", colorScheme: "dark" });
  await page.setViewportSize({ width: 720, height: 1000 });
  assertEquals(await page.locator("header button:visible, .on-screen:visible").count(), 0);
  assertEquals(
    await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    "rgb(255, 255, 255)",
  );
  assertLess(await widthOf(view), 721);
  await page.screenshot({ path: `${SCREENSHOTS}/sweep-print.png`, fullPage: true });
}

async function onPhone(path: string): Promise<void> {
  await using view = await View.open(path, { width: 390, height: 844, dark: true });
  const { page } = view;
  assertEquals(await widthOf(view), 390);
  await page.screenshot({ path: `${SCREENSHOTS}/sweep-phone.png`, fullPage: true });
  await page.click('a[href="#run-2"]');
  await page.waitForSelector("#run[data-run=run-2]");
  assertEquals(await widthOf(view), 390);
  await page.screenshot({ path: `${SCREENSHOTS}/sweep-phone-run.png` });
  assertEquals([view.complaints, view.requests], [[], []]);
}
