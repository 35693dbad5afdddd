/** `penstock backtest --state`. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { backtest as backtestCommand } from "../../src/commands/backtest.ts";
import { configure } from "../../src/config/config.ts";
import { connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { bytesOf } from "../stores/sample_journal.ts";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";
import { csvText, walk } from "../support/trade_files.ts";
import { backtest, traded } from "./backtest_run.ts";
import { given, WitnessView } from "./live_scene.ts";
import { wholeEntries } from "./reference_run.ts";

const TRADES = walk(12, 2_000, { holes: 2, twice: 10 });
const SWIFT = ["--short=4", "--long=9"];

/** The decisions in a journal, as events are printed but without times. */
async function decisionsIn(path: string): Promise<unknown[]> {
  return (await wholeEntries(path)).filter(({ type }) => !["started", "checkpoint", "stopped"].includes(type))
    .map(({ type, content }) => ({ type, ...content }));
}

/** How many signals and expired orders a journal has. */
function decidedIn(path: string): number {
  const database = connect(path, true);
  const query = "SELECT count(*) AS count FROM entries WHERE type IN ('signal', 'expired')";
  const { count } = database.prepare(query).get()!;
  database.close();
  return Number(count);
}

function withoutTimes(events: readonly PrintedEvent[]): unknown[] {
  return traded(events).map(({ time: _time, ...event }) => event);
}

Deno.test("penstock backtest --state keeps every decision in its own journal", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const path = `${folder.path}/run.db`;
  const args = ["--json", "--state", path, ...SWIFT, file];
  const { code, stdout, stderr } = await backtest(args);
  assertEquals([code, stderr], [0, ""]);
  const printed = withoutTimes(eventsOf(stdout));
  assertEquals(await decisionsIn(path), printed);
  assertGreater(printed.length, 100);
  assertEquals((await wholeEntries(path)).at(-1)!.content, { reason: "the input ended" });

  const short = `${folder.path}/short.db`;
  await backtest(["--stop-after=100", "--state", short, file]);
  assertEquals((await wholeEntries(short)).at(-1)!.content, { reason: "as many trades as asked for" });

  const before = bytesOf(path);
  const again = await backtest(args);
  assertEquals([again.code, again.stdout], [2, ""]);
  assertStringIncludes(again.stderr, `${path} already holds a run`);
  assertEquals(bytesOf(path), before);
});

Deno.test("penstock backtest --state keeps the events before an unusable line", async () => {
  await using folder = new Folder();
  const text = `${csvText(TRADES)}no,trade\n`;
  const path = `${folder.path}/run.db`;
  const { code, stdout } = await backtest(
    ["--json", "--state", path, ...SWIFT, await folder.write("trades.csv", text)],
  );
  assertEquals(code, 3);
  const printed = withoutTimes(eventsOf(stdout));
  assert(printed.length > 100);
  assertEquals(await decisionsIn(path), printed);
  const { type, content } = (await wholeEntries(path)).at(-1)!;
  assertEquals(type, "stopped");
  assertStringIncludes(String(content["reason"]), "trades.csv:");
});

Deno.test("penstock backtest --state shows nothing before the journal has it, including expired orders", async () => {
  await using folder = new Folder();
  const state = `${folder.path}/run.db`;
  const view = new WitnessView();
  const decided = () => view.events.filter(({ type }) => type === "signal" || type === "expired").length;
  let kept = -1;
  view.onEvent = ({ type }) => {
    if (type !== "signal" && type !== "expired") return;
    kept = decidedIn(state);
    assert(kept >= decided(), `${kept} of ${decided()} are in the journal`);
  };
  const options = { state, short: "4", long: "9", latency: "24h" };
  await backtestCommand({
    ...configure(given(options), [], "backtest"),
    ...{ command: "backtest", version: "1" },
    files: [await folder.write("trades.csv", csvText(TRADES.slice(0, 200)))],
    signal: new AbortController().signal,
    blocking: (work) => work(),
  }, { views: [() => view] });
  assertEquals(view.of("fill").length, 0);
  assertGreater(view.of("expired").length, 0);
  assertEquals([view.of("expired").length, kept], [view.of("signal").length, decided()]);
});
