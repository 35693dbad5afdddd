/** A live run at its edges, where what other processes ask of it must not come any more. */
import { assertEquals } from "@std/assert";
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

function liveRun(state: string, printed: string[] = []): LiveRun {
  const given = (text: string) => ({ text, source: "command line" } as const);
  const configuration = configure({ state: given(state), backfill: given("off") }, [], "run");
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
