/** The live page in a browser, over a stand-in for its server. Screenshots are kept in dist/screenshots. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import type { LiveEntry, LiveRun } from "../../src/views/page/live_message.ts";
import type { HaltEvent } from "../../src/domain/run/event.ts";
import { Chromium, hasBrowser, type View, type ViewOptions } from "./browser.ts";
import { figuresOf, figuresOn } from "./live_figures.ts";
import { StandIn } from "./live_stand_in.ts";
import { SCREENSHOTS } from "./own_process.ts";
import { madeUpRun } from "./made_up_run.ts";

/** Chromium itself logs this on the console. */
const NOT_REACHED = /^Failed to load resource: /;

/** When the test started, ms since 1970. */
const START = Date.now();

/** A run that halted at its limit. */
const HALT: HaltEvent = {
  ...{ type: "halt", time: "2026-11-30T10:00:00.000000Z", symbol: "ETHUSDT", reason: "max-drawdown" },
  ...{ limit: "0.05", value: "0.0512", tradeId: 77, action: "hold" },
};

/** What one step of the test shows. */
interface Step {
  readonly name: string;
  readonly options: ViewOptions;
  readonly start: (server: StandIn) => void;
  readonly test: (view: View, server: StandIn) => Promise<void>;
}

const steps: Step[] = [];

/** A step with a page and its own server. */
function liveTest(name: string, options: ViewOptions, start: Step["start"], test: Step["test"]): void {
  steps.push({ name, options, start, test });
}

for (const [width, height, dark] of [[1440, 900, false], [390, 844, true]] as const) {
  liveTest(
    `The page shows the figures of a run as its status shows them, ${width} pixels wide`,
    { width, height, dark },
    (server) => {
      const { run, entries } = madeUpRun(640, Date.now());
      server.state([run]);
      server.entries(0, entries);
    },
    async (view, server) => {
      const { page } = view;
      const { status } = server.runs[0]!;
      assertEquals(await figuresOn(page), figuresOf(status!));
      assertEquals(await page.title(), "Running · BTCUSDT – Penstock");
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), width);
      assertEquals(await page.locator(".chart canvas").count(), 3);
      const at = await page.locator("#drawdown-meter").getAttribute("aria-valuenow");
      assertEquals(Number(at), Math.round(Number(server.runs[0]!.drawdown) / 0.05 * 100));
      assertMatch(await view.text("#price-values"), /Short average .*Long average /);
      await page.screenshot({ path: `${SCREENSHOTS}/live-${width}.png`, fullPage: true });
      assertEquals(view.complaints, []);
    },
  );
}

liveTest(
  "A run that has just started shows its one point, and says that there is no fill yet",
  {},
  (server) => {
    const { run, entries } = madeUpRun(1, START);
    server.state([run]);
    server.entries(0, entries);
  },
  async (view) => {
    const { page } = view;
    assertEquals(await view.text("#fills-heading"), "Fills");
    assertEquals(await page.isVisible("#no-fills"), true);
    await page.waitForSelector("#chart-equity canvas");
    // Nothing else on this chart has its colour.
    const drawn = await page.$eval("#chart-equity canvas", (canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
      let [count, right] = [0, 0];
      for (let at = 0; at < data.length; at += 4) {
        const [red = 0, , blue = 0] = data.subarray(at, at + 3);
        if (data[at + 3] === 0 || blue - red < 100) continue;
        count++;
        right = Math.max(right, at / 4 % width);
      }
      return { count, share: right / width };
    });
    assert(drawn.count > 5, JSON.stringify(drawn));
    // The rest of a minute is free for what comes.
    assertLess(drawn.share, 0.2);
    await page.screenshot({ path: `${SCREENSHOTS}/live-one-point.png`, fullPage: true });
    assertEquals(view.complaints, []);
  },
);

liveTest(
  "A browser that was cut off says so, marks what is stale, catches up and shows nothing twice",
  {},
  (server) => {
    const { run, entries } = madeUpRun(200, START);
    server.state([run]);
    server.entries(0, entries.slice(0, 4));
  },
  async (view, server) => {
    const { page } = view;
    const shown = (): Promise<string[]> =>
      page.$$eval("#log [data-seq]", (items) => items.map((item) => (item as HTMLElement).dataset.seq!));
    const before = await shown();
    server.refusal = 502;
    server.cut();
    await page.waitForSelector("html[data-stale=true]");
    assertEquals(await view.text("#link"), "no connection");
    assertMatch(await page.title(), /^No connection · BTCUSDT – /);
    await page.waitForFunction(() => document.querySelector("#alerts li")!.textContent!.includes("502"));
    assertMatch(
      await view.text("#alerts li"),
      /^This page lost its connection to penstock watch at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, .*502/,
    );
    assertMatch(await view.text("#state"), /was running$/);
    assertMatch(await view.text("#announcer"), /^This page has lost its connection/);
    await page.screenshot({ path: `${SCREENSHOTS}/live-lost.png` });
    // What happens meanwhile.
    const { run, entries } = madeUpRun(200, START);
    server.entries(0, entries.slice(4));
    server.state([{ ...run, points: [] }]);
    server.refusal = null;
    await page.waitForSelector("html[data-stale=false]");
    assertEquals(await view.text("#link"), "live");
    assertEquals(await page.locator("#alerts li").count(), 0);
    await page.waitForFunction(
      (seq) => document.querySelector(`#log [data-seq="${seq}"]`) !== null,
      entries.at(-1)!.seq,
    );
    // The stand-in sends the last entry that the browser had once more.
    assertEquals(server.ids.slice(0, 1), [""]);
    assertEquals(new Set(server.ids.slice(1)), new Set([String(entries[3]!.seq)]));
    const after = await shown();
    assertEquals(after.toReversed().slice(0, before.length), before.toReversed());
    // A signal shares the row of its fill.
    const rows = entries.filter(({ type }) => type !== "signal").map(({ seq }) => String(seq));
    assertEquals(after.toReversed(), rows);
    assertEquals(await figuresOn(page), figuresOf(server.runs[0]!.status!));
    assertEquals(view.complaints.filter((text) => !NOT_REACHED.test(text)), []);
  },
);

liveTest(
  "The clocks of the page continue: a run without a heartbeat becomes silent, a quiet connection is dropped",
  { stopsClock: true },
  (server) => server.state([madeUpRun(60, Date.now()).run]),
  async (view, server) => {
    const { page } = view;
    const heartbeat = "#health div:nth-child(3) dd";
    await page.clock.fastForward(10_000);
    // The clock of the page goes on while the test looks.
    assertMatch(await view.text(heartbeat), /^(1[1-9]|2\d)(\.\d+)? s ago$/);
    assertMatch(await view.text("#heartbeat"), /^heartbeat (1[1-9]|2\d) s ago$/);
    await page.clock.fastForward(20_000);
    assertEquals(await view.text("#state"), "○ silent");
    assertEquals(await page.title(), "Silent · BTCUSDT – Penstock");
    assertMatch(
      await view.text("#alerts li"),
      /^The last heartbeat of run 1 in data\/run\.db, .* limit 30 s/,
    );
    assertEquals(await view.text("#announcer"), "BTCUSDT is silent");
    assertEquals(await page.getAttribute("html", "data-stale"), "true");
    server.refusal = 503;
    await page.clock.fastForward(20_000);
    await page.waitForSelector("[data-link=lost]");
    assertMatch(await view.text("#alerts li"), /: nothing has arrived for [4-9]\d s\. /);
    // Without a connection the page knows of no later heartbeat, and does not know the state.
    await page.clock.fastForward(3_600_000);
    assertEquals(await view.text("#state"), "● was running");
    assertMatch(await view.text("#heartbeat"), /^last known heartbeat 1 h \d m ago$/);
    assertMatch(await view.text(heartbeat), /^1 h \d m ago, the last that this page knows$/);
    server.refusal = null;
    await page.clock.runFor(20_000);
    await page.waitForSelector("[data-link=live]");
    assertEquals(view.complaints.filter((text) => !NOT_REACHED.test(text)), []);
  },
);

liveTest(
  "Many runs are a table; a click or Enter leads to one, and a link leads back",
  {},
  (server) => {
    const now = Date.now();
    const runs = [
      madeUpRun(300, now),
      madeUpRun(240, now, {
        ...{ symbol: "ETHUSDT", journal: "data/eth.db", seed: 3, drawdown: "0.0512" },
        status: { halted: true, halt: HALT },
      }),
      madeUpRun(180, now, {
        ...{ symbol: "SOLUSDT", journal: "data/sol.db", seed: 9, drawdownLimit: null },
        status: { state: "silent", ageMs: 45_000, connected: false },
      }),
      madeUpRun(60, now, { journal: "gone.db", problem: "There is no journal at gone.db" }),
    ];
    const named = { name: "a-journal-in-a-folder-with-a-name-longer-than-most" };
    server.state(
      runs.map(({ run }, at) => at === 3 ? { ...run, status: null, points: [] } : { ...run, ...named }),
    );
    for (const [at, { entries }] of runs.entries()) if (at < 3) server.entries(at, entries);
  },
  async (view, server) => {
    const { page } = view;
    assertEquals(await page.title(), "1 unreadable, 1 silent, 1 halted, 1 running · 4 runs – Penstock");
    const states = await page.$$eval("#runs td:nth-child(2)", (all) => all.map((cell) => cell.textContent));
    assertEquals(states, ["● running", "▲ running, halted", "○ silent", "✕ unreadable"]);
    assertEquals(await view.text("#runs tr:nth-child(2) td:nth-child(6)"), "5.12 % of 5 %");
    assertEquals(await view.text("#runs tr:nth-child(4) td:last-child"), "There is no journal at gone.db");
    await page.screenshot({ path: `${SCREENSHOTS}/live-runs.png` });
    for (const width of [1280, 1241, 1024, 768]) {
      await page.setViewportSize({ width, height: 900 });
      assertEquals(await page.evaluate("document.documentElement.scrollWidth"), width);
    }
    await view.narrow(390);
    await page.screenshot({ path: `${SCREENSHOTS}/live-runs-390.png`, fullPage: true });
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.click("#runs tbody tr:nth-child(2) td:nth-child(3)");
    await page.waitForSelector("#run:not([hidden])");
    assertEquals(await figuresOn(page), figuresOf(server.runs[1]!.status!));
    assertMatch(await view.text("#alerts li"), /^Run 1 in data\/eth\.db has been halted since /);
    assertEquals(await page.title(), "Running, halted · ETHUSDT – Penstock");
    assertEquals(await view.text("#back"), "‹ All runs: 1 unreadable, 1 silent, 1 halted, 1 running");
    await page.click("#back");
    await page.waitForSelector("#overview:not([hidden])");
    await page.focus("#runs tbody tr:nth-child(4) a");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#overview", { state: "hidden" });
    assertEquals(await view.text("#alerts li"), "There is no journal at gone.db");
    assertEquals(await page.locator("#run").isHidden(), true);
    assertEquals(view.complaints, []);
  },
);

liveTest(
  "The charts follow the run, zoom by keys and buttons, and stay where the reader looks",
  {},
  (server) => server.state([madeUpRun(720, Date.now() - 60_000).run]),
  async (view, server) => {
    const { page } = view;
    const pressed = (): Promise<string | null> => page.textContent("[data-shown][aria-pressed=true]");
    assertEquals(await pressed(), "All");
    await page.click("[data-shown='900']");
    assertEquals(await pressed(), "15 min");
    await page.focus("#chart-price");
    await page.keyboard.press("+");
    const zoomed = await view.text("#shown");
    assertMatch(zoomed, /^\d{4}-.* to \d{4}-.*, not following$/);
    server.state([{ ...madeUpRun(720, Date.now()).run, points: [[Date.now(), 70_000, 12_345, 0]] }]);
    await page.waitForFunction(() =>
      document.querySelector("#equity-values")!.textContent!.includes("12,345")
    );
    assertEquals(await view.text("#shown"), zoomed);
    await page.keyboard.press("ArrowLeft");
    assert(await view.text("#shown") !== zoomed);
    await page.keyboard.press("0");
    assertEquals([await view.text("#shown"), await pressed()], ["", "All"]);
    await page.click("#points summary");
    assertEquals(await view.text("#points tbody td:nth-child(2)"), "70000");
    await page.click("#zone");
    await page.click("#theme");
    assertEquals(await page.getAttribute("html", "data-theme"), "dark");
    assertEquals(view.complaints, []);
  },
);

/** Markup, and characters that hide or reorder what follows them. */
const HOSTILE =
  "<img src=x onerror=document.title='owned'>\u202e\u0007\u200b&lt;\u0000</script><script>1</script>";
const SHOWN =
  "<img src=x onerror=document.title='owned'>\\u{202e}\\u{7}\\u{200b}&lt;\\u{0}</script><script>1</script>";

liveTest(
  "Whatever texts a journal holds, the page shows them as text, and hidden characters as what they are",
  {},
  (server) => {
    const now = Date.now();
    const { run, entries } = madeUpRun(60, now, { journal: HOSTILE, symbol: HOSTILE });
    const status = {
      ...run.status!,
      ...{ strategy: HOSTILE, assets: { base: HOSTILE, quote: HOSTILE }, connected: false, reason: HOSTILE },
      ...{ halted: true, halt: { ...HALT, reason: "manual" as const, text: HOSTILE }, endpoint: null },
    };
    server.state([{ ...run, status, problem: HOSTILE, averages: { [HOSTILE]: "60000" } }]);
    const time = new Date(now).toISOString();
    const seq = entries.at(-1)!.seq;
    const odd = [
      { seq: seq + 1, type: "disconnected", time, reason: HOSTILE, retryInMs: 1, hint: HOSTILE },
      { seq: seq + 2, type: "connected", time, endpoint: HOSTILE, attempt: 1 },
      { seq: seq + 3, type: "stopped", time, reason: HOSTILE },
      { seq: seq + 4, type: "fill", time: HOSTILE, symbol: HOSTILE, side: HOSTILE, price: HOSTILE },
      { seq: seq + 5, type: HOSTILE, time: HOSTILE },
    ] as unknown as LiveEntry[];
    server.entries(0, [...entries, ...odd]);
  },
  async (view) => {
    const { page } = view;
    assertStringIncludes(await page.title(), SHOWN);
    for (
      const place of [
        "#heading",
        "#subject",
        "#alerts li",
        "#health",
        "#tile-position dt",
        "#log",
        "#price-values",
      ]
    ) {
      assertStringIncludes(await view.text(place), SHOWN, place);
    }
    assertStringIncludes(await view.text("#log li:nth-child(3)"), "an incomplete entry");
    await view.narrow(390);
    assertEquals(await page.locator("main img, main script, header img, #alerts img").count(), 0);
    assertEquals(view.complaints, []);
  },
);

liveTest(
  "The page keeps no more of a run than it shows, however much arrives",
  {},
  (server) => server.state([madeUpRun(60, Date.now() - 40_000_000).run]),
  async (view, server) => {
    const { page } = view;
    const { run } = madeUpRun(60, Date.now());
    const start = Date.now() - 30_000_000;
    for (let part = 0; part < 14; part++) {
      const points = Array.from({ length: 500 }, (_, at) => {
        const i = part * 500 + at;
        return [start + i * 4_000, 60_000 + i % 100, 10_000, 0] as const;
      });
      const checked = { from: 1, to: part * 100 + 1, isCut: false };
      server.state([{ ...run, averages: {}, points, status: { ...run.status!, checked } }]);
      server.entries(
        0,
        Array.from({ length: 100 }, (_, at) => ({
          ...{ seq: 1 + part * 100 + at, type: "connected", time: new Date(start).toISOString() },
          ...{ endpoint: "ws://h", attempt: 1 },
        })),
      );
    }
    await page.waitForSelector("#log [data-seq='1400']");
    assertEquals(await page.locator("#log [data-seq]").count(), 300);
    const elements = await page.locator("*").count();
    assertLess(elements, 2_000);
    assertMatch(await view.text("#price-values"), /^60,099/);
  },
);

liveTest(
  "Another run in the same journal starts its charts again, another journal its events too",
  {},
  (server) => {
    const { run, entries } = madeUpRun(100, Date.now() - 3_600_000);
    server.state([run]);
    server.entries(0, entries);
  },
  async (view, server) => {
    const { page } = view;
    const { run, entries } = madeUpRun(5, Date.now());
    const last = server.runs[0]!.status!.checked.to;
    const next = (over: Partial<LiveRun["status"] & object>): LiveRun => ({
      ...run,
      status: { ...run.status!, ...over },
    });
    await page.click("#points summary");
    await page.waitForFunction(() => document.querySelectorAll("#points tbody tr").length === 100);
    const known = await page.locator("#log [data-seq]").count();
    server.state([next({ run: 2, checked: { from: 1, to: last + 2, isCut: false } })]);
    await page.waitForFunction(() => document.querySelector("#subject")!.textContent!.includes("run 2"));
    await page.click("#points summary");
    await page.click("#points summary");
    await page.waitForFunction(() => document.querySelectorAll("#points tbody tr").length === 5);
    assertEquals(await page.locator("#log [data-seq]").count(), known);
    server.state([
      next({ run: 1, started: "2026-01-01T00:00:00.000000Z", checked: { from: 1, to: 3, isCut: false } }),
    ]);
    server.entries(0, entries.slice(0, 2));
    await page.waitForFunction(() => document.querySelectorAll("#log [data-seq]").length === 2);
    assertEquals(view.complaints, []);
  },
);

Deno.test({
  name: "The live page",
  ignore: !hasBrowser(),
  async fn(t) {
    await Deno.mkdir(SCREENSHOTS, { recursive: true });
    await using browser = await Chromium.start();
    // A page costs more to make than to lead elsewhere.
    await using usual = await browser.blank();
    for (const { name, options, start, test } of steps) {
      await t.step(name, async () => {
        await using server = await StandIn.start();
        start(server);
        await using own = options.stopsClock ? await browser.open(server.address, options) : null;
        const view = own ?? usual;
        if (own === null) await lead(usual, server.address, options);
        await test(view, server);
        // It asks for nothing but its own stream.
        assertEquals(view.requests.filter((address) => address !== `${server.address}events`), []);
      });
    }
  },
});

/** Leads a page to a server, in a window of this size and in these colours. */
async function lead(
  view: View,
  address: string,
  { width = 1440, height = 900, dark = false }: ViewOptions,
): Promise<void> {
  await view.page.setViewportSize({ width, height });
  await view.page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  await view.go(address);
}
