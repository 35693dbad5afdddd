/** A run, and the commands that read it, on a slow store without files or SQL. */
import { assert, assertEquals, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { LiveRun } from "../../src/commands/run/live_run.ts";
import { configure, shownConfig } from "../../src/config/config.ts";
import { ReadAhead } from "../../src/feeds/live/read_ahead.ts";
import type { EngineEvent } from "../../src/stages/engine.ts";
import { JournalError } from "../../src/stores/journal/journal_error.ts";
import { storeOf, STORES } from "../../src/stores/journal/known_stores.ts";
import type { ShownOptions } from "../../src/stores/journal/run_journal.ts";
import type { View } from "../../src/views/view.ts";
import { madeUpStore } from "../stores/journal/made_up_store.ts";
import { inFolder, TIME } from "../stores/sample_journal.ts";
import { HandRun } from "../support/hand_run.ts";
import { inProcess } from "../support/in_process.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { SeededRandom } from "../support/random.ts";
import { wholeEntries } from "./reference_run.ts";

const store = madeUpStore();
STORES.set("made-up:", () => Promise.resolve(store));

const OPTIONS: ShownOptions = {
  ...shownConfig(configure({}).config),
  short: 3,
  long: 9,
  cash: "1000000",
};
const MINUTE = 60_000_000;

function walk(count: number): number[] {
  const random = new SeededRandom(8);
  let price = 60_000;
  return Array.from({ length: count }, () => price += random.whole(-50, 50));
}

Deno.test("storeOf() finds the store of a place by its prefix, and takes every other place for a file", async () => {
  assert(await storeOf("made-up:a") === store);
  for (const path of ["a.db", "./made-up:a", "/data/run.db"]) assert(await storeOf(path) !== store);
});

Deno.test("a run that is killed and resumed on a made-up store decides the same as an uninterrupted one on SQLite", async () => {
  await inFolder(async (folder) => {
    const path = "made-up:killed";
    const prices = walk(400);
    const whole: EngineEvent[] = [];
    {
      await using run = await HandRun.open(`${folder}/whole.db`, `${folder}/whole.txt`, OPTIONS, TIME);
      for (const price of prices) whole.push(...await run.trade(price));
    }
    const recordings: string[] = [];
    const decisions: EngineEvent[] = [];
    for (let next = 0; next < prices.length;) {
      const recording = `${folder}/${recordings.length}.txt`;
      recordings.push(recording);
      const run = await HandRun.open(path, recording, OPTIONS, TIME + next * 1_000);
      next = run.engine.state.trades;
      while (next < Math.min(prices.length, 150 * recordings.length)) {
        decisions.push(...await run.trade(prices[next++]!));
      }
      store.kill(path);
      // It resumes late: another process may hold the journal by now.
      await assertRejects(() => run.journal.keep(whole.slice(0, 1)), JournalError, "taken it over");
      await run[Symbol.asyncDispose]();
      const kept = (await decided(path)).length;
      decisions.splice(kept);
    }
    const withoutTime = (events: readonly EngineEvent[]) => events.map(({ time: _time, ...event }) => event);
    assertGreater(whole.filter(({ type }) => type === "fill").length, 20);
    assertEquals(withoutTime(decisions), withoutTime(whole));

    const verified = await inProcess("verify", path, ...recordings);
    assertEquals([verified.code, verified.stderr], [0, ""]);
    const status = await inProcess("status", path, "--json");
    assertEquals([status.code, status.stderr], [0, ""]);
    assertEquals(JSON.parse(status.stdout).journal, path);
    const [ours, theirs] = [await inProcess("export", path), await inProcess("export", `${folder}/whole.db`)];
    assertEquals([ours.code, lines(ours.stdout)], [0, lines(theirs.stdout)]);
    const copied = await inProcess("export", path, "--copy", "made-up:copy");
    assertEquals(copied.code, 0, copied.stderr);
    assertEquals(await wholeEntries("made-up:copy"), await wholeEntries(path));
  });
});

/** The fills and signals in a journal. */
async function decided(path: string) {
  return (await wholeEntries(path)).filter(({ type }) =>
    !["started", "resumed", "connected", "checkpoint"].includes(type)
  );
}

/** The lines of an export without the times, which differ where a process starts later. */
function lines(text: string): string[] {
  return text.split("\n").map((line) => line.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, ""));
}

Deno.test("halt and release reach a run on a made-up store while it is live and after it has stopped", async () => {
  await inFolder(async (folder) => {
    const path = "made-up:halted";
    {
      await using run = await HandRun.open(path, `${folder}/0.txt`, OPTIONS, TIME);
      for (const price of walk(40)) await run.trade(price);
      await run.checkpoint();
    }
    const halted = await inProcess("halt", path);
    assertStringIncludes(halted.stdout, "is not running. The halt is filed", halted.stderr);
    const withdrawn = await inProcess("release", path, "--reason", "a mistake");
    assertStringIncludes(withdrawn.stdout, "is withdrawn", withdrawn.stderr);
    {
      await using run = await HandRun.open(path, `${folder}/1.txt`, OPTIONS, TIME + MINUTE);
      await run.halt();
    }
    const released = await inProcess("release", path, "--reason", "looked at it");
    assertStringIncludes(released.stdout, "is released: looked at it", released.stderr);
    assertEquals((await wholeEntries(path)).slice(-2).map(({ type }) => type), ["released", "checkpoint"]);
  });
});

/** A live run that keeps its journal at `state`, and its printed events. */
function liveRun(state: string, printed: string[]): LiveRun {
  const given = (text: string) => ({ text, source: "command line" } as const);
  const options = { state: given(state), backfill: given("off"), short: given("1"), long: given("2") };
  const view: View = {
    showsAll: true,
    event: ({ type }) => printed.push(type),
    log() {},
    settle() {},
    ready: () => null,
    broken: null,
    close: () => Promise.resolve(),
  };
  const feed = new ReadAhead((async function* () {})());
  return new LiveRun(configure(options, [], "run"), view, feed, new AbortController().signal);
}

Deno.test("penstock doctor examines the journal of a made-up store, and no folder or file for it", async () => {
  await inFolder(async (folder) => {
    const path = "made-up:examined";
    const journalIn = async () => {
      const { stdout } = await inProcess(
        "doctor",
        "--json",
        `--state=${path}`,
        "--endpoint=ws://127.0.0.1:1",
        "--backfill=off",
      );
      const { findings } = JSON.parse(stdout) as {
        findings: { subject: string; what: string; found: string }[];
      };
      assertEquals(
        findings.filter(({ subject, what }) => /folder/.test(subject) || /^(read|write) /.test(what)),
        [],
      );
      return findings.find(({ subject }) => subject === `journal ${path}`)!.found;
    };
    assertEquals(await journalIn(), "none yet: a run creates it");
    {
      await using run = await HandRun.open(path, `${folder}/0.txt`, OPTIONS, TIME);
      for (const price of walk(40)) await run.trade(price);
    }
    assertStringIncludes(await journalIn(), "it holds a run of BTCUSDT on binance");
  });
});

/** A batch of trades at these prices, the first of them with this id. */
function batchOf(id: number, ...prices: readonly string[]) {
  const messages = prices.map((price, at) =>
    messageOf({ firstId: id + at, lastId: id + at, time: Date.now() * 1000, price })
  );
  return { kind: "messages", messages, receivedAt: Date.now() } as const;
}

Deno.test("LiveRun shows nothing before it is kept, and handles what arrives meanwhile in order", async () => {
  const path = "made-up:slow";
  const printed: string[] = [];
  const live = liveRun(path, printed);
  await live.open({ command: "run", version: "1" });
  await live.start();
  await live.take(batchOf(1, "100"));
  const isOpen = Promise.withResolvers<void>();
  const appended = Promise.withResolvers<void>();
  store.onAppend = async () => {
    appended.resolve();
    await isOpen.promise;
  };
  const taking = live.take(batchOf(2, "101", "102"));
  await appended.promise;
  await using box = await store.requestBox(path);
  await box.file({ run: 1, time: Date.now() * 1000, request: { kind: "halt", action: "hold", text: null } });
  const status = live.emitStatus();
  const requests = live.handleRequests();
  const more = live.take(batchOf(4, "103", "90", "80"));
  const heartbeat = live.heartbeat();
  const stopping = live.stop().then(() => live.close(1));
  // The status line must not show what is not kept either.
  live.draw();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(printed, []);
  isOpen.resolve();
  await Promise.all([taking, status, requests, more, heartbeat, stopping]);
  store.onAppend = () => {};
  assertEquals(printed, ["signal", "fill", "status", "halt", "signal", "fill", "summary"]);
  const entries = await wholeEntries(path);
  assertEquals(entries.map(({ type }) => type).filter((type) => type !== "checkpoint"), [
    ...["started", "signal", "fill", "halt", "signal", "fill", "stopped"],
  ]);
});

Deno.test("LiveRun does not wait at trades that cause no event", async () => {
  const printed: string[] = [];
  const live = liveRun("made-up:quiet", printed);
  await live.open({ command: "run", version: "1" });
  await live.start();
  store.onAppend = () => {
    throw new Error("there was nothing to keep");
  };
  for (let id = 1; id < 50; id++) await live.take(batchOf(id, "100"));
  assertEquals(live.emitStatus(), null);
  assertEquals(printed, ["status"]);
  store.onAppend = () => {};
  await live.stop();
  await live.close(1);
});

Deno.test("LiveRun shows nothing that could not be kept, and accepts nothing more", async () => {
  const printed: string[] = [];
  const live = liveRun("made-up:failing", printed);
  await live.open({ command: "run", version: "1" });
  await live.start();
  await live.take(batchOf(1, "100"));
  store.onAppend = () => Promise.reject(new Error("the network is down"));
  const failing = live.take(batchOf(2, "101", "102"));
  const behind = live.take(batchOf(4, "103", "90"));
  await assertRejects(() => failing, JournalError, "the network is down");
  await assertRejects(() => behind, JournalError, "accepts nothing more until it is opened again");
  store.onAppend = () => {};
  await assertRejects(() => live.stop(), JournalError, "accepts nothing more");
  await live.close(1);
  assertEquals(printed, ["summary"]);
  assertEquals((await wholeEntries("made-up:failing")).map(({ type }) => type), ["started"]);
});
