/** A live run before its start and after its stop, when requests of other processes must not take effect. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { LiveRun } from "../../src/commands/run/live_run.ts";
import { configure } from "../../src/config/config.ts";
import { ReadAhead } from "../../src/feeds/live/read_ahead.ts";
import { connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { fileRequest } from "../../src/stores/journal/sqlite/journal_requests.ts";
import type { View } from "../../src/views/view.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { inProcess } from "../support/in_process.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { inScene, LAG_MS, LiveScene, RestSide, TRADES } from "./live_scene.ts";
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

/** What a folder holds, by name. */
function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** The progress of the run in a journal at its last heartbeat. */
async function heartbeatIn(
  journal: string,
): Promise<{ readonly trades: number; readonly lagMs: number | null }> {
  await using reader = await JournalReader.open(journal);
  const { trades, lagMs } = (await reader.heartbeat())!;
  return { trades, lagMs };
}

Deno.test("LiveRun emits no status before it has started, and none once it has stopped", async () => {
  const printed: string[] = [];
  const live = liveRun("none", printed);
  await live.emitStatus();
  await live.open({ command: "run", version: "1" });
  // Its timer may fire while permissions are dropped, before the event that the run started.
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

Deno.test("LiveRun lets other work run while it compresses its recording, however many frames there are", () =>
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
    // 4 MB of frames, with a turn for other work after each half megabyte.
    assertGreater(turns, 4);
  }));

Deno.test("LiveRun keeps nothing after the `stopped` entry, and leaves later requests to the next run", () =>
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
    {
      await using reader = await JournalReader.open(state);
      const last = await reader.heartbeat();
      await live.heartbeat();
      assertEquals(await reader.heartbeat(), last);
    }
    await live.close(1);
    assertEquals((await wholeEntries(state)).map(({ type }) => type), ["started", "stopped", "checkpoint"]);
  }));

Deno.test(
  "LiveRun handles each request once, logs why it drops one, and handles those filed before its start",
  inScene(async (folder) => {
    await using first = new LiveScene(folder);
    await first.start();
    await first.trades(5);
    const { live, view } = first;
    first.file({ kind: "halt", action: "hold", text: "enough" });
    await live.handleRequests();
    assertEquals(view.of("halt").map(({ text, action }) => [text, action]), [["enough", "hold"]]);
    assertEquals(await first.waiting(), 0);
    // A request that changes nothing is handled, too.
    first.file({ kind: "halt", action: "hold", text: null });
    await live.handleRequests();
    assertEquals([await first.waiting(), view.of("halt").length], [0, 1]);
    first.file({ kind: "halt", action: "flatten", text: null }, 7);
    await live.handleRequests();
    assertEquals([await first.waiting(), view.of("halt").length], [0, 1]);
    assertMatch(
      view.logged(/is dropped/).join(),
      /^a request \(halt\) .* is dropped: it was for run 7, but this is run 1$/,
    );
    // A request just before the end belongs to this run.
    first.file({ kind: "release", halt: (await first.lastEntry("halt")).seq, text: "reviewed" });
    await first.stop();
    assertEquals(view.of("released").map(({ text }) => text), ["reviewed"]);
    first.file({ kind: "halt", action: "flatten", text: null });
    await using next = new LiveScene(folder, {}, { at: 5, recording: "next.txt" });
    await next.open();
    await next.live.start();
    assertEquals([next.view.of("halt").map(({ action }) => action), await next.waiting()], [["flatten"], 0]);
    await next.stop();
  }),
);

Deno.test(
  "LiveRun.stop() lets waiting orders expire, keeps why it stopped, and leaves its files closed",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder, { latency: "1h" });
    await scene.start();
    await scene.tradesUntil("signal");
    await scene.stop("the pipe is broken");
    const { view, recording, journal } = scene;
    assertEquals(view.of("expired").length, 1);
    // An open journal has more files beside it, and so has one that is read.
    assertEquals(names(folder), ["frames.txt", "run.db"]);
    const kept = await wholeEntries(journal);
    assertEquals(kept.slice(-3).map(({ type }) => type), ["expired", "checkpoint", "stopped"]);
    assertEquals(kept.at(-1)!.content["reason"], "the pipe is broken");
    const [noted, ended] = Deno.readTextFileSync(recording).trimEnd().split("\n").slice(-2);
    assertStringIncludes(noted!, `{"event":"kept","entry":${kept.at(-1)!.seq},`);
    assertStringIncludes(ended!, `{"event":"ended"}`);
    assertEquals([view.closed, view.events.at(-1)!.type], [1, "summary"]);
  }),
);

Deno.test(
  "LiveRun logs that it resumes, continues the run's figures and counts only its own trades as new",
  inScene(async (folder) => {
    await using first = new LiveScene(folder);
    await first.start();
    await first.trades(200);
    await first.stop();
    assertEquals(first.view.of("summary").map((summary) => "resumedAfter" in summary), [false]);
    await using next = new LiveScene(folder, {}, { at: 200, recording: "next.txt" });
    const { isKnownSymbol, lines } = await next.start();
    // It has traded it.
    assertEquals(isKnownSymbol, true);
    assertMatch(
      lines[0]!.text,
      /^the run in .*run\.db resumes after 200 trades: cash [\d.]+, position [\d.]+, stance \w+$/,
    );
    await next.trades(200);
    await next.stop();
    assertEquals(next.view.of("summary").map(({ trades, resumedAfter }) => [trades, resumedAfter]), [[
      400,
      200,
    ]]);
    await using whole = new LiveScene(`${folder}/whole`);
    Deno.mkdirSync(`${folder}/whole`);
    await whole.start();
    await whole.trades(400);
    await whole.stop();
    assertEquals(
      [...first.view.of("fill"), ...next.view.of("fill")],
      whole.view.of("fill"),
    );
    await using fresh = new LiveScene(folder, { newRun: "on" }, { recording: "fresh.txt" });
    await fresh.start();
    await fresh.stop();
    const runs = (await wholeEntries(next.journal)).filter(({ type }) =>
      type === "stopped" || type === "started"
    );
    assertEquals(runs.map(({ run, content }) => [run, content["reason"] ?? null]), [
      ...[[1, null], [1, "asked to"], [1, "asked to"], [1, "new run"]],
      ...[[2, null], [2, "asked to"]],
    ]);
  }),
);

Deno.test(
  "LiveRun logs how to release the halt of a run that it resumes",
  inScene(async (folder) => {
    await using first = new LiveScene(folder);
    await first.start();
    await first.trades(5);
    first.file({ kind: "halt", action: "hold", text: null });
    await first.stop();
    await using next = new LiveScene(folder, {}, { at: 5, recording: "next.txt" });
    const opened = await next.open();
    assertMatch(
      opened!.lines[0]!.text,
      /; halted \(manual\), until "penstock release .*run\.db --reason TEXT"$/,
    );
    await next.close();
  }),
);

Deno.test(
  "LiveRun shows the state of its stream in its status, status line and heartbeat",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder);
    await scene.start();
    const { live, view, journal } = scene;
    assertEquals(await heartbeatIn(journal), { trades: 0, lagMs: null });
    await scene.trades(50);
    live.draw();
    await live.emitStatus();
    await scene.disconnect();
    live.draw();
    await scene.connect();
    live.draw();
    await live.heartbeat();
    const streams = view.glances.map((glance) => glance.of === "run" ? glance.stream : null);
    assertEquals(streams.map((stream) => [stream?.connected, stream?.lagMs]), [
      ...[[true, LAG_MS], [false, LAG_MS], [true, LAG_MS]],
    ]);
    assertEquals(view.of("status").map(({ trades, lagMs, halted }) => [trades, lagMs, halted]), [[
      50,
      LAG_MS,
      false,
    ]]);
    assertEquals(await heartbeatIn(journal), { trades: 50, lagMs: LAG_MS });
    scene.file({ kind: "halt", action: "hold", text: null });
    await live.handleRequests();
    await live.emitStatus();
    assertEquals(view.of("status").map(({ halted }) => halted), [false, true]);
    await scene.stop();
  }),
);

Deno.test(
  "LiveRun writes a heartbeat ahead of its time only if trades have arrived since the last one",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder);
    await scene.start();
    const { live, journal } = scene;
    const found = async () => {
      await using reader = await JournalReader.open(journal);
      return (await reader.heartbeat())!;
    };
    const first = await found();
    await live.heartbeat(true);
    assertEquals(await found(), first);
    await scene.trades(7);
    await live.heartbeat(true);
    const second = await found();
    assertEquals([first.trades, second.trades], [0, 7]);
    await live.heartbeat(true);
    assertEquals(await found(), second);
    await live.heartbeat();
    assertGreater((await found()).time, second.time);
    await scene.stop();
  }),
);

Deno.test(
  "LiveRun reports the first unusable message at once, later ones together, and the last at its stop",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder);
    await scene.start();
    const { live, view } = scene;
    await scene.trades(60);
    await scene.frames(["x"]);
    const counts = () => view.of("rejected").map(({ count }) => count);
    assertEquals(counts(), [1]);
    await scene.frames(["y"]);
    await scene.frames(["z"]);
    assertEquals(counts(), [1]);
    live.logRejections();
    assertEquals(counts(), [1, 2]);
    // Two ids that were never seen, from before the first trade.
    const { firstId } = TRADES[0]!;
    await scene.frames(
      [1, 2].map((before) =>
        messageOf({ ...TRADES[0]!, firstId: firstId - before, lastId: firstId - before })
      ),
    );
    live.logRejections();
    assertEquals([view.logged(/order/).length, counts()], [1, [1, 2]]);
    await scene.frames(["z"]);
    // Its id is far ahead, and no later trade confirms it.
    await scene.frames([messageOf({ ...TRADES[60]!, firstId: firstId + 1e12, lastId: firstId + 1e12 })]);
    await scene.stop();
    assertEquals(counts(), [1, 2, 1, 1]);
  }),
);

Deno.test(
  "LiveRun lets no trade place an order that waited for the start longer than --max-hold or --max-lag",
  inScene(async (folder) => {
    for (const options of [{ maxHold: "1ms" }, { maxLag: "1m" }]) {
      await using scene = new LiveScene(folder, { ...options, state: "none" }, {
        recording: JSON.stringify(options),
      });
      const { view } = scene;
      const before = Date.now();
      await scene.open();
      while (Date.now() < before + 10) await new Promise((resolve) => setTimeout(resolve, 1));
      await scene.live.start();
      await scene.connect();
      await scene.trades(200);
      assertEquals(view.of("signal").length, 0);
      await scene.trades(200, Date.now());
      const found = [view.of("fill").length > 0, view.of("refusal")[0]?.reason ?? null];
      assertEquals(found, "maxLag" in options ? [false, "max-lag"] : [true, null]);
      await scene.stop();
    }
  }),
);

Deno.test(
  "LiveRun fetches missed trades only with --backfill, and without a journal drops an open gap at its end",
  inScene(async (folder) => {
    for (const state of [`${folder}/run.db`, "none"]) {
      await using rest = new RestSide();
      await using scene = new LiveScene(folder, { ...rest.options, state }, {
        recording: `${state.length}.txt`,
      });
      const { live, view } = scene;
      await scene.start();
      await scene.trades(30);
      scene.miss(5);
      rest.onAsked = async () => {
        await live.emitStatus();
        scene.ending.abort();
      };
      await scene.trades(30);
      const [{ heldGap } = {}] = view.of("status");
      assertEquals(heldGap?.toId, TRADES[34]!.lastId);
      // The next run of the journal can still fetch it.
      assertEquals([live.done, view.of("gap").length], state === "none" ? [false, 1] : [true, 0]);
      await scene.stop();
      assertEquals(view.of("summary").map(({ trades }) => trades), [state === "none" ? 60 : 30]);
    }
  }),
);

Deno.test(
  "LiveRun records and logs notices, and records that it waits for rules and when they arrive",
  inScene(async (folder) => {
    await using rest = new RestSide();
    const options = { ...rest.options, offlineInstruments: "off", symbol: "ABCUSDT" };
    await using scene = new LiveScene(folder, options);
    const { awaitRules } = (await scene.start())!;
    const { live, view, journal, recording } = scene;
    assert(awaitRules !== null);
    await live.take({ kind: "notice", message: "the connection was replaced" });
    assertEquals(view.logged(/replaced/), ["the connection was replaced"]);
    live.draw();
    await live.takeRules({
      rules: {
        lot: "1",
        tick: "1",
        minQuantity: null,
        maxQuantity: null,
        minNotional: "5",
        maxNotional: null,
      },
      instrument: {
        sources: {
          ...{ lot: "exchange", tick: "exchange", minQuantity: "exchange" },
          ...{ maxQuantity: "exchange", minNotional: "exchange", maxNotional: "exchange" },
        },
        exchangeInfo: null,
      },
    });
    live.draw();
    const waits = view.glances.map((glance) => glance.of === "run" && glance.stream.awaitsRules);
    assertEquals([waits, view.of("rules").map(({ rules: { lot } }) => lot)], [[true, false], ["1"]]);
    await scene.stop();
    const notes = [...Deno.readTextFileSync(recording).matchAll(/"event":"([\w-]+)"/g)].map(([, name]) =>
      name
    );
    assertEquals(notes.filter((name) => name !== "kept"), [
      ...["recording", "rules-awaited", "connected", "notice", "rules", "ended"],
    ]);
    const { code, stdout } = await inProcess("verify", "--log-level=error", journal, recording);
    assertEquals(code, 0, stdout);
  }),
);

Deno.test(
  "LiveRun leaves its journal closed, and closes its view without a summary, if it cannot open",
  inScene(async (folder) => {
    await using first = new LiveScene(folder);
    await first.start();
    await first.stop();
    const closed = names(folder);
    const eth = { symbol: "ETHUSDT", lot: "0.0001", tick: "0.01" };
    const refused = [
      [{ short: "6" }, "short was 5 and is 6"],
      [eth, "symbol was BTCUSDT and is ETHUSDT"],
      [{ record: `${folder}/frames.txt` }, "it is not empty"],
    ] as const;
    for (const [options, why] of refused) {
      await using scene = new LiveScene(folder, options, { recording: "next.txt" });
      assertStringIncludes((await assertRejects(() => scene.open(), Error)).message, why);
      await scene.close();
      assertEquals([names(folder), scene.view.closed, scene.view.events], [closed, 1, []]);
    }
    await using stopped = new LiveScene(folder, {}, { recording: "next.txt" });
    stopped.ending.abort();
    assertEquals(await stopped.open(), null);
    await stopped.close();
    assertEquals([names(folder), stopped.view.closed], [closed, 1]);
  }),
);
