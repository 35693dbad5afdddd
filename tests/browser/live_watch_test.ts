/** The live page in a browser, over penstock watch and a demo. Screenshots are kept in dist/screenshots. */
import { assertEquals, assertGreater, assertMatch, equal } from "@std/assert";
import type { FollowedEvent } from "../../src/domain/run/followed_moment.ts";
import { haltRun } from "../../src/stores/journal/run_halt.ts";
import { lastRunIn, readRun } from "../../src/stores/journal/run_reading.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { JournalFollower } from "../../src/stores/journal/journal_follower.ts";
import { type RunStatus, statusOf } from "../../src/domain/run/run_status.ts";
import { Penstock } from "../support/penstock.ts";
import { Chromium, hasBrowser, type View } from "./browser.ts";
import { figuresOf, figuresOn } from "./live_figures.ts";
import { SCREENSHOTS } from "./own_process.ts";
import { TcpProxy } from "./tcp_proxy.ts";

const PATIENCE_MS = 30_000;
/** How often the page is compared with the journal. */
const LOOK_MS = 100;

/** A market that is faster than life, in which ids are missing and the connection breaks. */
const MARKET = [
  ...["--speed", "20", "--rate", "20", "--seed", "5", "--short", "20", "--long", "50", "--stake", "90%"],
  ...["--faults", "hole=40@600,drop@1000", "--log-level", "error", "--json"],
];

/** Each has its own row in the list of events. */
const WITH_ROW = ["started", "resumed", "connected", "disconnected", "gap", "fill", "halt", "stopped"];

/** A demo, penstock watch over its journal, and a page that reaches it through a proxy. */
class Watched {
  readonly journal: string;
  readonly view: View;
  readonly #flags: readonly string[];

  constructor(folder: string, view: View) {
    this.journal = `${folder}/run.db`;
    this.view = view;
    this.#flags = flagsIn(folder);
  }

  /** Starts the demo, again if it has run before. */
  start(): Penstock {
    return Penstock.start(["demo", "--state", this.journal, ...MARKET], this.#flags);
  }

  /** Halts the run by hand. */
  async halt(): Promise<void> {
    const note = { action: "hold", time: Date.now() * 1000, text: "<b>lunch</b>" } as const;
    const { signal } = new AbortController();
    assertEquals(await haltRun(this.journal, note, { waitMs: PATIENCE_MS, signal }), "done");
  }

  /** What penstock status says. */
  async status(): Promise<RunStatus> {
    await using reader = await JournalReader.open(this.journal);
    return statusOf(await readRun(reader, await lastRunIn(reader)), Date.now() * 1000);
  }

  /** All events of the journal. */
  async events(): Promise<FollowedEvent[]> {
    await using follower = await JournalFollower.open(this.journal, { seq: 0 });
    const events: FollowedEvent[] = [];
    for (let isBehind = true; isBehind;) {
      const moment = await follower.poll();
      events.push(...moment.events);
      isBehind = moment.isBehind;
    }
    return events;
  }

  /** Waits until the page shows what penstock status has said since, all of it at one moment. */
  async agrees(): Promise<RunStatus> {
    const said: RunStatus[] = [];
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      said.push(await this.status());
      const found = await figuresOn(this.view.page);
      const status = said.find((each) => equal(figuresOf(each), found));
      if (status !== undefined) return status;
      if (Date.now() > until) assertEquals(found, figuresOf(said.at(-1)!));
      await this.view.page.waitForTimeout(LOOK_MS);
    }
  }

  /** Waits until the page has a row for the last of the journal's events, and compares the rows of all. */
  async missesNothing(): Promise<void> {
    const expected = (await this.events()).filter(({ event }) => WITH_ROW.includes(event.type)).map((
      { seq },
    ) => seq);
    await this.view.page.waitForSelector(`#log [data-seq="${expected.at(-1)}"]`, { timeout: PATIENCE_MS });
    const rows = await this.view.page.$$eval(
      "#log [data-seq]",
      (items) => items.map((item) => Number((item as HTMLElement).dataset.seq)),
    );
    const shown = rows.reverse().filter((seq) => expected.includes(seq));
    assertEquals(shown, expected.slice(-shown.length));
    assertGreater(shown.length, Math.min(expected.length, 200) - 1);
  }

  /** Waits for this text in the heading. */
  async stands(words: string): Promise<void> {
    await this.view.page.waitForFunction(
      (expected) => document.querySelector("#state")!.textContent!.slice(2) === expected,
      words,
      { timeout: PATIENCE_MS },
    );
  }
}

function flagsIn(folder: string): string[] {
  return ["--allow-net=127.0.0.1", "--allow-read", `--allow-write=${folder}`, "--no-check"];
}

Deno.test({
  name:
    "The live page agrees with penstock status through faults, a cut, a kill, a restart, a halt and the end",
  ignore: !hasBrowser(),
  async fn() {
    await Deno.mkdir(SCREENSHOTS, { recursive: true });
    const folder = await Deno.makeTempDir();
    try {
      await using browser = await Chromium.start();
      await using watch = Penstock.start(
        ["watch", `${folder}/run.db`, "--listen", "127.0.0.1:0", "--token", `${folder}/token`],
        flagsIn(folder),
      );
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(await watch.logged("the live page is at")) ?? [];
      await using proxy = new TcpProxy(Number(port));
      const token = (await Deno.readTextFile(`${folder}/token`)).trim();
      const address = `http://127.0.0.1:${proxy.port}/`;
      await using view = await browser.open(`${address}?token=${token}`);
      const { page } = view;
      const watched = new Watched(folder, view);
      // There is no journal yet.
      assertMatch(await view.text("#alerts li"), /run\.db/);
      {
        await using demo = watched.start();
        await watched.stands("running");
        await page.waitForSelector("#log .disconnected, #log .not", {
          state: "attached",
          timeout: PATIENCE_MS,
        });
        await watched.agrees();
        await watched.missesNothing();
        await page.screenshot({ path: `${SCREENSHOTS}/watch-running.png` });
        proxy.cut();
        await page.waitForSelector("[data-link=lost]");
        const before = (await watched.events()).length;
        while ((await watched.events()).length < before + 4) await demo.event("fill");
        proxy.mend();
        await page.waitForSelector("[data-link=live]", { timeout: PATIENCE_MS });
        await watched.missesNothing();
        await watched.agrees();
        demo.signal("SIGKILL");
      }
      {
        await using demo = watched.start();
        await page.waitForSelector("#log .resumed", { timeout: PATIENCE_MS });
        await watched.agrees();
        await watched.halt();
        await watched.stands("running, halted");
        assertMatch(await view.text("#alerts"), /by hand \(<b>lunch<\/b>\)/);
        await watched.agrees();
        demo.signal("SIGTERM");
        assertEquals((await demo.finished()).code, 0);
      }
      await watched.stands("stopped, halted");
      assertEquals((await watched.agrees()).state, "stopped");
      await watched.missesNothing();
      assertEquals(await page.title(), "Stopped, halted · BTCUSDT – Penstock");
      await view.narrow(390);
      await page.screenshot({ path: `${SCREENSHOTS}/watch-390.png`, fullPage: true });
      // It asks for its stream with what it was asked with, and for nothing else.
      assertEquals(new Set(view.requests), new Set([`${address}events?token=${token}`]));
      assertEquals(view.complaints.filter((text) => !/^Failed to load resource: net::ERR_/.test(text)), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
