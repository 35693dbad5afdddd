/** The report's page in a browser. Screenshots are kept in dist/screenshots. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { hasBrowser, View } from "./browser.ts";
import { SCREENSHOTS } from "./own_process.ts";
import { moment } from "./shown_figures.ts";
import { tripOfFill } from "./trip_clicks.ts";
import { sampleReport, sampleTrades } from "./sample_report.ts";

const MOST_BYTES = 350_000;

const OPTIONS = ["--bars", "1m", "--short", "3", "--long", "9", "--models", "--take-profit", "0.8%"];

Deno.test({
  name: "The report draws a run without a request, an error or console output",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      const { path, result } = await sampleReport(folder, sampleTrades(40_000), OPTIONS);
      const { size } = await Deno.stat(path);
      assertLess(size, MOST_BYTES);
      await using view = await View.open(path);
      const { page } = view;
      assertEquals(await page.title(), "Backtest of BTCUSDT – Penstock");
      assertEquals(await page.locator(".chart canvas").count(), 4);
      await trips(view, result);
      await chartToTrip(view);
      await dragging(view);
      await onPaper(view);
      await page.screenshot({ path: `${SCREENSHOTS}/report.png`, fullPage: true });
      assertEquals([view.complaints, view.requests], [[], []]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** The table has every round trip; a click moves the charts to it, and the filters and the CSV agree. */
async function trips(view: View, result: unknown): Promise<void> {
  const { page } = view;
  const { fills, metrics, summary } = result as {
    fills: { cause?: string }[];
    metrics: { roundTrips: number; wins: number; netProfit: string };
    summary: { firstTime: string; lastTime: string };
  };
  assertMatch(await view.text("#trip-range"), new RegExp(`of ${metrics.roundTrips.toLocaleString("en")}$`));
  assertEquals(await view.text("#span"), `${moment(summary.firstTime)} to ${moment(summary.lastTime)}`);
  await page.selectOption("#trip-outcome", "won");
  assertMatch(await view.text("#trip-range"), new RegExp(`of ${metrics.wins.toLocaleString("en")}$`));
  await page.selectOption("#trip-outcome", "");
  const taken = fills.filter(({ cause }) => cause === "take-profit").length;
  assert(0 < taken && taken < metrics.roundTrips);
  await page.selectOption("#trip-cause", "take-profit");
  assertMatch(await view.text("#trip-range"), new RegExp(`of ${taken}$`));
  await page.selectOption("#trip-cause", "");
  const whole = await view.text("#span");
  await page.click("#trips tbody tr:nth-child(2)");
  const zoomed = await view.text("#span");
  assert(zoomed !== whole, zoomed);
  assertEquals(await page.getAttribute("#trips tbody tr:nth-child(2)", "aria-current"), "true");
  const entry = await view.text("#trips tbody tr:nth-child(2) td:nth-child(2)");
  const [from, to] = zoomed.split(" to ") as [string, string];
  assert(from <= entry && entry <= to, `${entry} in ${zoomed}`);
  await page.screenshot({ path: `${SCREENSHOTS}/report-trip.png` });
  await page.click("#zoom-reset");
  assertEquals(await view.text("#span"), whole);
  await page.click("#trips thead th:nth-child(9) button");
  assertEquals(await page.getAttribute("#trips thead th:nth-child(9)", "aria-sort"), "descending");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#trip-csv")]);
  const lines = (await Deno.readTextFile(await download.path())).trim().split("\r\n");
  assertEquals(lines.length, metrics.roundTrips + 1);
  assertEquals(
    lines[0],
    "number,entry,exit,entry_price,exit_price,quantity,cost,fees,profit,best,worst,held_seconds,cause",
  );
  assertEquals(new Set(lines.map((line) => line.split(",").length)), new Set([13]));
  const profit = lines.slice(1).reduce((sum, line) => sum + Number(line.split(",")[8]), 0);
  const open = Number((result as { metrics: { openProfit: string } }).metrics.openProfit);
  assertEquals((profit + open).toFixed(6), Number(metrics.netProfit).toFixed(6));
}

/** A click on a fill turns the table to the page of its round trip, and marks it; Enter does the same as a click. */
async function chartToTrip(view: View): Promise<void> {
  const { page } = view;
  await page.click("#trips thead th:nth-child(1) button");
  await page.focus("#trips tbody tr:nth-child(2)");
  await page.keyboard.press("Enter");
  const number = await view.text("#trips tbody tr:nth-child(2) td");
  const entry = await view.text("#trips tbody tr:nth-child(2) td:nth-child(2)");
  await page.click("#trip-next");
  assertEquals(await page.locator("#trips tr[aria-current=true]").count(), 0);
  assertEquals(await tripOfFill(view, entry), number);
  await page.click("#zoom-reset");
}

/** Dragging shows what was dragged over, on every chart, and a double click the whole run again. */
async function dragging(view: View): Promise<void> {
  const { page } = view;
  const chart = page.locator("#chart-drawdown .u-over");
  await chart.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await chart.boundingBox())!;
  const whole = await view.text("#span");
  const [from, to] = whole.split(" to ").map((time) => Date.parse(`${time}Z`));
  await page.mouse.move(x + width * 0.25, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.5, y + height / 2, { steps: 4 });
  await page.mouse.up();
  const [start, end] = (await view.text("#span")).split(" to ").map((time) => Date.parse(`${time}Z`));
  assertLess(Math.abs((start! - from!) / (to! - from!) - 0.25), 0.01);
  assertLess(Math.abs((end! - from!) / (to! - from!) - 0.5), 0.01);
  await chart.dblclick();
  assertEquals(await view.text("#span"), whole);
}

/** On paper there are no buttons, even of a dark page the colours are light, and no chart is wider than the sheet. */
async function onPaper(view: View): Promise<void> {
  const { page } = view;
  await view.emulate({ media: "print", colorScheme: "dark" });
  await page.setViewportSize({ width: 720, height: 1000 });
  await page.waitForFunction(() =>
    document.querySelector<HTMLElement>("#chart-price .uplot")!.offsetWidth <= 720
  );
  assertEquals(await page.locator("header button:visible, .toolbar:visible").count(), 0);
  assertEquals(
    await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    "rgb(255, 255, 255)",
  );
  // A legend has no values, as paper has no cursor.
  assertEquals(await page.locator(".u-legend .u-value:visible").count(), 0);
  assertEquals(await page.locator(".u-legend .u-label:visible").count() > 0, true);
  const widest = await page.$$eval("table", (all) => Math.max(...all.map((table) => table.scrollWidth)));
  assertLess(widest, 721);
  await page.screenshot({ path: `${SCREENSHOTS}/report-print.png`, fullPage: true });
  await view.emulate({ media: "screen", colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** The times of day that the charts draw on their axes after a click that draws them again. */
async function labelsAfter({ page }: View, selector: string): Promise<string[]> {
  const drawn = await page.evaluate(async (selector) => {
    const texts: string[] = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
      texts.push(text);
      fillText.call(this, text, ...place);
    };
    document.querySelector<HTMLElement>(selector)!.click();
    await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
    CanvasRenderingContext2D.prototype.fillText = fillText;
    return texts;
  }, selector);
  return drawn.filter((text) => /^\d\d:\d\d$/.test(text));
}

Deno.test({
  name: "The report fits a phone in the dark, and its keys zoom, pan and reset",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      const { path } = await sampleReport(folder, sampleTrades(40_000), OPTIONS);
      await using view = await View.open(path, {
        width: 390,
        height: 844,
        dark: true,
        timezone: "Asia/Kolkata",
      });
      const { page } = view;
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      await page.screenshot({ path: `${SCREENSHOTS}/report-phone.png`, fullPage: true });
      const whole = await view.text("#span");
      await page.focus("#chart-price");
      await page.keyboard.press("+");
      const closer = await view.text("#span");
      await page.keyboard.press("ArrowRight");
      const moved = await view.text("#span");
      assert(new Set([whole, closer, moved]).size === 3, [whole, closer, moved].join("; "));
      await page.keyboard.press("0");
      assertEquals(await view.text("#span"), whole);
      for (let zoom = 0; zoom < 3; zoom++) await page.keyboard.press("+");
      const near = await view.text("#span");
      const inUtc = await labelsAfter(view, "#theme");
      assertEquals(await page.getAttribute("html", "data-theme"), "light");
      const inIndia = await labelsAfter(view, "#zone");
      assertEquals(await view.text("#zone"), "Times: local");
      // Half an hour apart, and both at full hours: the axis has the times of its zone.
      for (const labels of [inUtc, inIndia]) {
        assertEquals(labels.filter((label) => !label.endsWith(":00")), []);
      }
      assert(inUtc.length > 0 && inIndia.length > 0);
      const from = (text: string): number => Date.parse(`${text.split(" to ")[0]}Z`);
      assertEquals(from(await view.text("#span")) - from(near), 5.5 * 3_600_000);
      assertEquals([view.complaints, view.requests], [[], []]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
