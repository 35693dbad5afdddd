/** `penstock watch` over a run that trades, is killed, resumed, halted and stopped. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import type { RunStatus } from "../../src/domain/run/run_status.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { EventClient } from "../support/event_client.ts";
import { inProcess } from "../support/in_process.ts";
import { FLAGS, Penstock, within } from "../support/penstock.ts";
import { ServedPage } from "../support/served_page.ts";
import { inFolder } from "../stores/sample_journal.ts";

const WRITING = [...FLAGS, "--allow-write"];

/** A status without what changes by itself. */
function standing({ time: _time, ageMs: _age, ...others }: RunStatus): Omit<RunStatus, "time" | "ageMs"> {
  return others;
}

async function statusOf(path: string): Promise<RunStatus> {
  return JSON.parse((await inProcess("status", path, "--json")).stdout);
}

/** What the page knows of its first run. */
async function stateOf(page: ServedPage): Promise<RunStatus | null> {
  return JSON.parse((await page.get("/state")).text).runs[0].status;
}

/**
 * Compares the page with `penstock status` at `count` moments at which the journal does not change: the page's poll is
 * between two statuses that are the same.
 */
async function assertSame(page: ServedPage, path: string, count: number): Promise<void> {
  for (let compared = 0; compared < count;) {
    const before = await statusOf(path);
    let state: RunStatus | null;
    do state = await stateOf(page); while (state === null || state.time <= before.time);
    const after = await statusOf(path);
    if (JSON.stringify(standing(before)) !== JSON.stringify(standing(after))) continue;
    assertEquals(standing(state), standing(before));
    compared++;
  }
}

/** Every event that a browser receives, however often it is cut off. */
class Browser {
  readonly received: { readonly seq: number; readonly type: string }[] = [];
  readonly #url: string;
  #lastId = "";
  /** How many of them were waited for. */
  #taken = 0;

  constructor(page: ServedPage) {
    this.#url = `${page.url}/events`;
  }

  /** Connects until it has another event of this type; then it is cut off. */
  async until(type: string): Promise<void> {
    await using client = await EventClient.open(this.#url, this.#lastId);
    const read = async () => {
      for (;;) {
        const found = this.received.findIndex((event, at) => at >= this.#taken && event.type === type);
        if (found >= 0) return found + 1;
        const { type: what, data } = await client.next();
        if (what === "entries") this.received.push(...data.entries);
      }
    };
    this.#taken = await within(read(), `the event ${type}`);
    this.#lastId = client.lastId || this.#lastId;
  }
}

Deno.test("penstock watch shows what penstock status says, through faults, a kill, a restart, a halt and the end", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/demo.db`;
    await using page = await ServedPage.open([path]);
    const browser = new Browser(page);
    assertEquals((await page.get("/health")).status, 503);
    const options = ["--json", "--state", path, "--rate=40", "--short=3", "--long=8"];
    {
      await using demo = Penstock.start(["demo", ...options, "--faults=hole=3@40,drop@80"], WRITING);
      // From the start on: a browser that comes for the first time gets the last events only.
      await browser.until("connected");
      await assertSame(page, path, 3);
      await browser.until("gap");
      await browser.until("disconnected");
      await browser.until("fill");
      assertEquals((await page.get("/health")).text.slice(0, 3), "ok:");
      demo.signal("SIGKILL");
      await demo.finished();
    }
    await assertSame(page, path, 2);
    await using demo = Penstock.start(["demo", ...options], WRITING);
    await browser.until("resumed");
    await browser.until("fill");
    await assertSame(page, path, 3);
    await inProcess("halt", path, "--reason", "night");
    await browser.until("halt");
    await assertSame(page, path, 2);
    const { status, text } = await page.get("/health");
    assertEquals(status, 503);
    assertMatch(text, /^halted: run 1 in .*demo\.db has been halted since .*, by hand \(night\)/);
    assertMatch((await page.get("/metrics")).text, /^penstock_halted\{journal=".*",symbol="BTCUSDT"\} 1$/m);
    demo.signal("SIGTERM");
    await browser.until("stopped");
    await demo.finished();
    await assertSame(page, path, 2);
    assertMatch((await page.get("/health")).text, /^dead: run 1 in .* was stopped at .* \(on request\)/);
    // Cut off again and again, the browser has every entry once.
    await using reader = await JournalReader.open(path);
    const entries = await Array.fromAsync(reader.entries());
    const written = entries.filter(({ type }) => type !== "checkpoint");
    assertGreater(written.length, 10);
    assertEquals(
      browser.received.map(({ seq, type }) => [seq, type]),
      written.map(({ seq, type }) => [seq, type as string]),
    );
  });
});

Deno.test("penstock watch says where the page is and what it may do, and ends when asked to", async () => {
  await inFolder(async (folder) => {
    const flags = ["--no-prompt", "--allow-net=127.0.0.1", `--allow-read=${folder}`];
    await using watch = Penstock.start(["watch", `${folder}/none.db`, "--listen", "127.0.0.1:0"], flags);
    const [, url = ""] = /the live page is at (http:\/\/127\.0\.0\.1:\d+)$/.exec(
      await watch.logged("live page"),
    )!;
    assertMatch(
      await watch.logged("permissions kept"),
      /: reading [^,]*none\.db, [^;]*; all others are dropped$/,
    );
    await watch.logged("there is none");
    const response = await fetch(`${url}/health`);
    assertEquals(response.status, 503);
    assertMatch(await response.text(), /^dead: Cannot open the journal .*none\.db: there is none/);
    watch.signal("SIGTERM");
    const { code, stdout } = await watch.finished();
    assertEquals([code, stdout], [0, ""]);
  });
});

Deno.test("penstock watch --listen beyond loopback makes a token, and answers no one without it", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/watch.token`;
    const flags = ["--no-prompt", "--allow-net=0.0.0.0", `--allow-read=${folder}`, `--allow-write=${file}`];
    const args = ["watch", `${folder}/none.db`, "--listen", "0.0.0.0:0"];
    const refused = await inProcess(...args);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.stderr, "which other machines can reach: expected --token FILE as well");
    await using watch = Penstock.start([...args, "--token", file], flags);
    const line = await watch.logged("live page");
    const token = Deno.readTextFileSync(file).trim();
    // 256 bits in base64url.
    assertMatch(token, /^[\w-]{43}$/);
    assertEquals(Deno.statSync(file).mode! & 0o777, 0o600);
    // A log that is not a terminal may be kept.
    assert(!line.includes(token));
    await watch.logged("other machines can reach it");
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0];
    for (const path of ["/", "/state", "/events", "/health", "/metrics"]) {
      const response = await fetch(url + path);
      assertEquals([response.status, (await response.text()).includes("none.db")], [401, false], path);
    }
    const headers = { authorization: `Bearer ${token}` };
    assertEquals(await statusAt(`${url}/state`, headers), 200);
    assertEquals(await statusAt(`${url}/state?token=${token}`), 200);
    watch.signal("SIGTERM");
    assertEquals((await watch.finished()).code, 0);
  });
});

Deno.test("penstock watch refuses an address that is taken", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { code, stderr } = await inProcess("watch", "none.db", "--listen", `127.0.0.1:${port}`);
  assertEquals([code, stderr], [
    1,
    `penstock: --listen 127.0.0.1:${port} is taken: expected a free port, or 0 to take any`,
  ]);
});

Deno.test("penstock watch refuses a folder, and names the journals in it", async () => {
  await inFolder(async (folder) => {
    for (const name of ["b.db", "a.db", "a.db-wal", "notes.txt"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "");
    }
    const found = await inProcess("watch", `${folder}/`, "--listen=127.0.0.1:0");
    assertEquals([found.code, found.stderr], [
      2,
      `penstock: ${folder}/ is a folder: expected the file of a journal. It contains ${folder}/a.db, ${folder}/b.db`,
    ]);
  });
});

Deno.test("penstock watch refuses a journal that is named twice, whose metrics would be doubled", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a.db`, "");
    Deno.linkSync(`${folder}/a.db`, `${folder}/b.db`);
    for (
      const [names, expected] of [
        [["a.db", "a.db"], "a.db is named twice: expected each journal once"],
        [["a.db", "b.db"], "b.db are the same journal: expected it once"],
        [["none.db", "none.db"], "none.db is named twice: expected each journal once"],
      ] as const
    ) {
      const found = await inProcess(
        "watch",
        ...names.map((name) => `${folder}/${name}`),
        "--listen=127.0.0.1:0",
      );
      assertEquals(found.code, 2, found.stderr);
      assertStringIncludes(found.stderr, expected);
    }
  });
});

Deno.test("penstock demo --watch opens the run and its page at once, and ends both", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/demo.db`;
    const args = ["demo", "--watch", "--listen=127.0.0.1:0", "--state", path, "--json"];
    await using demo = Penstock.start(args, WRITING);
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(await demo.logged("the live page is at"))!;
    await demo.event("connected");
    let text = "";
    while (!text.startsWith("ok:")) text = await (await fetch(`${url}/health`)).text();
    demo.signal("SIGTERM");
    assertEquals((await demo.finished()).code, 0);
    const isOpen = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) }).then(
      (conn) => (conn.close(), true),
      () => false,
    );
    assertEquals(isOpen, false);
    assertEquals((await statusOf(path)).state, "stopped");
  });
});

async function statusAt(url: string, headers: HeadersInit = {}): Promise<number> {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return response.status;
}
