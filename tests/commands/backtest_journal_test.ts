/** `penstock backtest --state`. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { Folder } from "../feeds/recorded_input.ts";
import { bytesOf } from "../stores/sample_journal.ts";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";
import { csvText, walk } from "../support/trade_files.ts";
import { backtest, traded } from "./backtest_run.ts";
import { wholeEntries } from "./reference_run.ts";

const TRADES = walk(12, 2_000, { holes: 2, twice: 10 });
const SWIFT = ["--short=4", "--long=9"];

/** The decisions in a journal as they are printed, without their times. */
async function decisionsIn(path: string): Promise<unknown[]> {
  return (await wholeEntries(path)).filter(({ type }) => !["started", "checkpoint", "stopped"].includes(type))
    .map(({ type, content }) => ({ type, ...content }));
}

function withoutTimes(events: readonly PrintedEvent[]): unknown[] {
  return traded(events).map(({ time: _time, ...event }) => event);
}

Deno.test("penstock backtest --state keeps every decision in a journal of its own", async () => {
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
  assertStringIncludes(again.stderr, `${path} holds a run already`);
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
