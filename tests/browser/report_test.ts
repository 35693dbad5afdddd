/** The report's page in a browser. Screenshots are kept in dist/screenshots. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { hasBrowser, View } from "./browser.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const SCREENSHOTS = `${ROOT}dist/screenshots`;
const MOST_BYTES = 350_000;

/** A day of trades as Binance's CSV: a wave with noise, and 40 ids missing in the middle. */
function rows(count: number): string {
  let state = 7;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const lines: string[] = [];
  for (let at = 0; at < count; at++) {
    const id = at + 1 + (at > count / 2 ? 40 : 0);
    const price = 60_000 + 900 * Math.sin(at / 900) + 200 * Math.sin(at / 77) + 30 * random();
    const time = Date.UTC(2025, 0, 6) + Math.floor(at * 86_400_000 * 2.5 / count);
    lines.push(`${id},${price.toFixed(2)},0.5,0,${time},${random() < 0.5 ? "True" : "False"},True`);
  }
  return `${lines.join("\n")}\n`;
}

async function report(
  folder: string,
  options: readonly string[],
): Promise<{ path: string; result: Record<string, never> }> {
  await Deno.writeTextFile(`${folder}/trades.csv`, rows(40_000));
  const path = `${folder}/report.html`;
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--no-check", "--allow-read", `--allow-write=${folder}`, "main.ts"],
      ...["backtest", `${folder}/trades.csv`, "--log-level", "error", "--out", `${folder}/result.json`],
      ...["--report", path, ...options],
    ],
    cwd: ROOT,
  });
  const { success, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return { path, result: JSON.parse(await Deno.readTextFile(`${folder}/result.json`)) };
}

const OPTIONS = ["--bars", "1m", "--short", "3", "--long", "9", "--models", "--stop-loss", "0.5%"];

Deno.test({
  name: "The report draws a run without a request, an error or a word on the console, and shows its figures",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      const { path, result } = await report(folder, OPTIONS);
      const { size } = await Deno.stat(path);
      assertLess(size, MOST_BYTES);
      await using view = await View.open(path);
      const { page } = view;
      assertEquals(await page.title(), "Backtest of BTCUSDT – Penstock");
      assertEquals(await page.locator(".chart canvas").count(), 4);
      await figures(view, result);
      await trips(view, result);
      await page.screenshot({ path: `${SCREENSHOTS}/report.png`, fullPage: true });
      assertEquals([view.complaints, view.requests], [[], []]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** The page's figures are those of the result. */
async function figures(view: View, result: Record<string, never>): Promise<void> {
  const { metrics, summary, models } = result as unknown as {
    metrics: Record<string, string | number>;
    summary: Record<string, string | number>;
    models: readonly { readonly metrics: Record<string, string> }[];
  };
  const shown = await view.page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll("table.figures tbody tr")].flatMap((row) => {
        const [name, ...values] = [...row.querySelectorAll("td")].map((cell) => cell.textContent!.trim());
        return name === undefined || values.length === 0 ? [] : [[name, values]];
      }),
    )
  );
  const amount = (text: unknown): string => Number(text).toFixed(2);
  const plain = (text: string): string => text.replaceAll(",", "").replace("+", "");
  const columns = [metrics, ...models.map((model) => model.metrics)];
  for (const [name, field] of [["net profit, USDT", "netProfit"], ["fees, USDT", "fees"]] as const) {
    assertEquals(shown[name]!.map(plain), columns.map((column) => amount(column[field])), name);
  }
  assertEquals(plain(shown["round trips"]![0]!), String(metrics.roundTrips));
  assertEquals(plain(shown["fills"]![0]!), String(summary.fills));
  const tiles = await view.page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll(".tile")].map((tile) => [
        tile.querySelector("dt")!.textContent,
        tile.querySelector("dd")!.textContent,
      ]),
    )
  );
  assertEquals(plain(tiles["Net profit, USDT"]!), amount(metrics.netProfit));
  assertEquals(plain(tiles["Fills"]!), String(summary.fills));
  assertMatch(await view.text(".verdict"), /after [\d,.]+ USDT of fees/);
}

/** The table has every round trip; a click moves the charts to it, and the filters and the CSV agree. */
async function trips(view: View, result: Record<string, never>): Promise<void> {
  const { page } = view;
  const { metrics } = result as unknown as {
    metrics: { roundTrips: number; wins: number; netProfit: string };
  };
  assertMatch(await view.text("#trip-range"), new RegExp(`of ${metrics.roundTrips.toLocaleString("en")}$`));
  await page.selectOption("#trip-outcome", "won");
  assertMatch(await view.text("#trip-range"), new RegExp(`of ${metrics.wins.toLocaleString("en")}$`));
  await page.selectOption("#trip-outcome", "");
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
  const profit = lines.slice(1).reduce((sum, line) => sum + Number(line.split(",")[8]), 0);
  const open = Number((result as unknown as { metrics: { openProfit: string } }).metrics.openProfit);
  assertEquals((profit + open).toFixed(6), Number(metrics.netProfit).toFixed(6));
}

Deno.test({
  name: "The report fits a phone in the dark, and its keys zoom, pan and reset",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      const { path } = await report(folder, OPTIONS);
      await using view = await View.open(path, { width: 390, height: 844, dark: true });
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
      await page.click("#theme");
      assertEquals(await page.getAttribute("html", "data-theme"), "light");
      await page.click("#zone");
      assertEquals(await view.text("#zone"), "Times: local");
      assertEquals([view.complaints, view.requests], [[], []]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
