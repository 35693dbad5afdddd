/** A live run at its edges, where what other processes ask of it must not come any more. */
import { assertEquals, assertGreater } from "@std/assert";
import { LiveRun } from "../../src/commands/run/live_run.ts";
import { configure } from "../../src/config/config.ts";
import { ReadAhead } from "../../src/feeds/live/read_ahead.ts";
import { connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { fileRequest } from "../../src/stores/journal/sqlite/journal_requests.ts";
import type { View } from "../../src/views/view.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { wholeEntries } from "./reference_run.ts";

/** A view that keeps the types of the events. */
function viewInto(printed: string[]): View {
  return {
    showsAll: true,
    event: ({ type }) => printed.push(type),
    log() {},
    settle() {},
    ready: () => null,
    broken: null,
    close: () => Promise.resolve(),
  };
}

function liveRun(state: string, printed: string[] = [], record: string | null = null): LiveRun {
  const given = (text: string) => ({ text, source: "command line" } as const);
  const options = { state: given(state), backfill: given("off") };
  const configuration = configure(
    record === null ? options : { ...options, record: given(record) },
    [],
    "run",
  );
  const feed = new ReadAhead((async function* () {})());
  return new LiveRun(configuration, viewInto(printed), feed, new AbortController().signal);
}

Deno.test("LiveRun emits no status before it has started, and none once it has stopped", async () => {
  const printed: string[] = [];
  const live = liveRun("none", printed);
  await live.emitStatus();
  await live.open({ command: "run", version: "1" });
  // Its timer may fire while permissions are dropped, which comes before the event that says the run started.
  await live.emitStatus();
  assertEquals(printed, []);
  await live.start();
  await live.emitStatus();
  assertEquals(printed, ["status"]);
  await live.stop();
  await live.emitStatus();
  await live.close(1);
  assertEquals(printed, ["status", "summary"]);
});

Deno.test("LiveRun gives other work turns while it compresses what was kept, however many frames that are", () =>
  inFolder(async (folder) => {
    const live = liveRun("none", [], `${folder}/frames.gz`);
    await live.open({ command: "run", version: "1" });
    await live.start();
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const receivedAt = Date.now();
    const messages = Array.from(
      { length: 250 },
      (_, at) => JSON.stringify({ id: at, result: "x".repeat(150) }),
    );
    for (let batch = 0; batch < 100; batch++) await live.take({ kind: "messages", messages, receivedAt });
    clearInterval(timer);
    await live.stop();
    await live.close(1);
    // 4 MB of frames, and a turn after each half megabyte.
    assertGreater(turns, 4);
  }));

Deno.test("LiveRun keeps nothing behind the entry that says the run stopped: what is asked then waits for the next", () =>
  inFolder(async (folder) => {
    const state = `${folder}/run.db`;
    const live = liveRun(state);
    await live.open({ command: "run", version: "1" });
    await live.start();
    await live.stop();
    const request = { kind: "halt", action: "hold", text: null } as const;
    const database = connect(state, false);
    fileRequest(database, { run: 1, time: Date.now() * 1000, request });
    database.close();
    await live.handleRequests();
    await live.close(1);
    assertEquals((await wholeEntries(state)).map(({ type }) => type), ["started", "stopped", "checkpoint"]);
  }));
