/** A made-up file format and a made-up view, each used through everything that knows only its seam. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { backtest } from "../../src/commands/backtest.ts";
import { LiveRun } from "../../src/commands/run/live_run.ts";
import type { Started } from "../../src/config/command.ts";
import { configure } from "../../src/config/config.ts";
import type { GivenOptions } from "../../src/config/configuration.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import { ReadAhead } from "../../src/feeds/live/read_ahead.ts";
import { TRADE_FILES } from "../../src/formats/file_layout.ts";
import { Folder, gzip, zip } from "../feeds/recorded_input.ts";
import { byteFile, byteFileOf, recordOf, wordFile, wordsOf } from "../formats/made_up_trade_files.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { csvText, type FileTrade, walk } from "../support/trade_files.ts";
import { MemoryView } from "../views/memory_view.ts";

const FORMATS = [...TRADE_FILES, wordFile, byteFile];
const TRADES = walk(11, 3_000, { holes: 2 });

function given(options: Readonly<Record<string, string>>): GivenOptions {
  return Object.fromEntries(
    Object.entries(options).map(([name, text]) => [name, { text, source: "command line" }]),
  );
}

/** A backtest of files in this process, shown to a view in memory. */
async function backtested(
  files: readonly string[],
  view: MemoryView,
  options: Readonly<Record<string, string>> = {},
): Promise<void> {
  const started: Started = {
    ...configure(given({ short: "5", long: "20", ...options }), [], "backtest"),
    command: "backtest",
    version: "1",
    files,
    signal: new AbortController().signal,
    blocking: (work) => work(),
  };
  await backtest(started, { views: [() => view], formats: FORMATS });
}

/** Events without how long the run took. */
function steady(events: readonly PenstockEvent[]): PenstockEvent[] {
  return events.map((event) =>
    event.type === "summary" ? { ...event, elapsedMs: 0, tradesPerSecond: 0 } : event
  );
}

async function eventsOf(files: readonly string[], options: Readonly<Record<string, string>> = {}) {
  const view = new MemoryView();
  await backtested(files, view, options);
  assertEquals([view.closed, view.settled], [1, view.events.length]);
  return steady(view.events);
}

Deno.test("backtest gives the same events for a made-up format as for CSV, plain, compressed and sorted", async () => {
  await using folder = new Folder();
  const words = (trades: readonly FileTrade[]) => trades.map(wordsOf).join("");
  const bytes = byteFileOf(TRADES.map(recordOf));
  const csv = await eventsOf([await folder.write("a.csv", csvText(TRADES))]);
  assert(csv.filter(({ type }) => type === "fill").length > 20);
  for (
    const content of [
      words(TRADES),
      bytes,
      gzip(words(TRADES)),
      gzip(bytes),
      await zip({ "words.txt": words(TRADES) }),
    ]
  ) {
    assertEquals(await eventsOf([await folder.write("made-up", content)]), csv);
  }
  const [later, earlier] = [TRADES.slice(1_500), TRADES.slice(0, 1_500)];
  const parts = [
    await folder.write("later", words(later)),
    await folder.write("earlier", byteFileOf(earlier.map(recordOf))),
  ];
  assertEquals((await eventsOf(parts, { sort: "on" })).slice(1), csv.slice(1));
});

Deno.test("backtest shows a made-up view every event in order, and the report, then closes it", async () => {
  await using folder = new Folder();
  const view = new MemoryView();
  await backtested([await folder.write("a.csv", csvText(TRADES))], view);
  const types = view.events.map(({ type }) => type);
  assertEquals([types[0], types.at(-1), view.closed], ["started", "summary", 1]);
  const ids = view.events.flatMap((event) => event.type === "fill" ? [event.tradeId] : []);
  assertEquals(ids, ids.toSorted((a, b) => a - b));
  const [report] = view.reports;
  assertEquals(view.reports.length, 1);
  assertEquals(report!.columns.map(({ title }) => title), ["configured"]);
  assertEquals(report!.summary, view.events.at(-1));
});

Deno.test("backtest shows a made-up view the events before a failure, and closes it", async () => {
  await using folder = new Folder();
  const view = new MemoryView();
  const path = await folder.write("words", `${TRADES.map(wordsOf).join("")}#8 sold nothing\n`);
  const error = await assertRejects(() => backtested([path], view), UnusableInput);
  assertEquals(error.place, { name: path, line: 3_001, column: 1 });
  assertEquals([view.closed, view.settled], [1, view.events.length]);
  assert(view.events.some(({ type }) => type === "fill"));
  assertEquals(view.events.some(({ type }) => type === "summary"), false);
});

Deno.test("LiveRun shows a made-up view every event in order, its state and its end, and closes it once", async () => {
  const view = new MemoryView();
  const options = { state: "none", backfill: "off", short: "5", long: "20", lot: "0.00001", tick: "0.01" };
  const configuration = configure(given(options), [], "run");
  const feed = new ReadAhead((async function* () {})());
  const live = new LiveRun(configuration, view, feed, new AbortController().signal);
  await live.open({ command: "run", version: "1" });
  await live.start();
  await live.take({ kind: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 });
  const messages = TRADES.slice(0, 1_000).map((trade) => messageOf(trade));
  await live.take({ kind: "messages", messages: [...messages, "x"], receivedAt: TRADES[0]!.time / 1000 });
  live.draw();
  await live.emitStatus();
  await live.take({ kind: "disconnected", reason: "gone", retryInMs: 1, cause: "closed", hint: "Wait." });
  await live.stop();
  await live.close(1);
  const types = view.events.map(({ type }) => type);
  assertEquals(types[0], "connected");
  assertEquals(types.filter((type) => type === "fill").length > 5, true);
  assertEquals(types.slice(-4), ["rejected", "status", "disconnected", "summary"]);
  assertEquals(view.events.findLast((event) => event.type === "disconnected")?.hint, "Wait.");
  assertEquals([view.glances, view.closed, view.settled], [["run"], 1, view.events.length]);
});
