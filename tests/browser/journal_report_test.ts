/** The page of a journal in a browser. Screenshots are kept in dist/screenshots. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hasBrowser, View } from "./browser.ts";
import { printedBy, SCREENSHOTS } from "./own_process.ts";

/** A run of the built-in exchange, ten minutes in a second, with two holes in its ids, a lost connection and a halt. */
const RUN = [
  ...["demo", "--speed", "400", "--rate", "20", "--seed", "5", "--short", "40", "--long", "120"],
  ...["--stake", "90%", "--cooldown", "5s", "--max-drawdown", "1.5%", "--stop-after", "10000"],
  ...["--backfill", "off", "--faults", "hole=400@3000,hole=30@4200,drop@6000", "--log-level", "error"],
];

Deno.test({
  name: "The page of a journal with gaps and a halt shows its state, its events and nothing between them",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      const journal = `${folder}/run.db`;
      await printedBy(folder, "main.ts", ...RUN, "--state", journal);
      assertMatch(await printedBy(folder, "main.ts", "report", journal), /^Wrote .*\/run\.html, \d+ kB\n$/);
      const status = JSON.parse(await printedBy(folder, "main.ts", "status", journal, "--json"));
      for (const [width, dark] of [[1440, false], [390, true]] as const) {
        await using view = await View.open(`${folder}/run.html`, { width, dark });
        const { page } = view;
        assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), width);
        for (const colorScheme of ["light", "dark"] as const) {
          await view.emulate({ colorScheme });
          assertEquals(await page.$eval("#incidents", widthOf), await page.$eval(".u-over", widthOf));
          await page.screenshot({
            path: `${SCREENSHOTS}/journal-${width}-${colorScheme}.png`,
            fullPage: true,
          });
        }
        if (!dark) await shows(view, status);
        await follows(view);
        assertEquals([view.complaints, view.requests], [[], []]);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

function widthOf(element: Element): number {
  return Math.round(element.getBoundingClientRect().width);
}

/** The page has what the status says, and no column that needs prices between events. */
async function shows(view: View, status: Record<string, number | string>): Promise<void> {
  const { page } = view;
  assertEquals(await page.title(), "Run of BTCUSDT – Penstock");
  assertStringIncludes(await view.text(".verdict"), "Trading is halted: max-drawdown.");
  const tiles = Object.fromEntries(
    await page.$$eval(
      ".tile",
      (all) => all.map((tile) => [...tile.children].map((child) => child.textContent!)),
    ),
  );
  assertEquals(Number(tiles["Equity, USDT"]!.replace(",", "")).toFixed(2), Number(status.equity).toFixed(2));
  assertEquals(tiles["Fills"], String(status.fills));
  assertEquals("Largest drawdown" in tiles, false);
  const facts = await page.$$eval("table.facts tr", (rows) => rows.map((row) => row.textContent!.trim()));
  assert(facts.some((fact) => /^trading\s*HALTED at .*: max-drawdown/.test(fact)), facts.join("\n"));
  const kinds = await page.$$eval(".kinds li", (items) => items.map((item) => item.textContent));
  for (
    const kind of [`gap ${status.gaps}`, "halt 1", "disconnected 1", `refused order ${status.refusals}`]
  ) assert(kinds.includes(kind), `${kind} in ${kinds}`);
  for (const mark of ["#incidents .halt", ".kinds .halt"]) {
    assertEquals(await page.$eval(mark, (one) => getComputedStyle(one, "::before").content), '"H"');
  }
  assertEquals(
    await page.$$eval("#trips thead th", (all) => all.map((cell) => cell.textContent)),
    "#,Entry,Exit,Entry price,Exit price,Quantity,Cost,Fees,Profit,Held,Cause".split(","),
  );
  assertEquals(await page.$$eval("#trips tbody tr", (rows) => rows.length), Number(status.fills) / 2);
  assertMatch(await view.text("body"), /price, equity and drawdown are unknown/);
}

/** A click on the mark of the halt moves the charts to it, and the strip moves with them. */
async function follows(view: View): Promise<void> {
  const { page } = view;
  const whole = await view.text("#span");
  await page.locator("#incidents .halt").dispatchEvent("click");
  assert(await view.text("#span") !== whole);
  const { left } = await page.$eval("#incidents .halt", (mark) => (mark as HTMLElement).style);
  assertMatch(left, /^(49|50|51)(\.\d+)?%$/);
  assertEquals(await page.locator("#incidents .connected").first().isHidden(), true);
  await page.click("#zoom-reset");
  assertEquals(await view.text("#span"), whole);
}
