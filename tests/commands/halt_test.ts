/** Halts as a user sees them: across a kill and a restart, by `penstock halt`, and their release. */
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import type { OnHalt } from "../../src/domain/risk/halt.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import type { ExchangeTrade } from "../../src/simulator/trade.ts";
import { connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { fileRequest } from "../../src/stores/journal/sqlite/journal_requests.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { CRASH_RECORDINGS, crashed } from "../support/crash.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, Penstock, type PrintedEvent } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { isRecorded } from "../support/recorded_data.ts";
import { computeReference, type PlainTrade } from "../support/reference.ts";
import { backtest, traded } from "./backtest_run.ts";
import { assertRun } from "./event_contract.ts";

const flags = (folder: Folder) => [
  "--no-prompt",
  "--allow-net=127.0.0.1",
  "--allow-read",
  `--allow-write=${folder.path}`,
];

/** Runs `penstock ARGS` to its end. */
async function ended(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await inProcess(...args);
  return { code, out: stdout, err: stderr };
}

/** The reason for a halt in a summary, or null. */
function reasonIn({ halt }: PrintedEvent): unknown {
  return halt === null ? null : (halt as { readonly reason: string }).reason;
}

/** The trades in the form in which the built-in exchange serves them. */
function served(trades: readonly PlainTrade[]): ExchangeTrade[] {
  return trades.map(({ lastId, price, quantity, time }) => {
    return { id: lastId, price, quantity: quantity!, time: time / 1000, buyerIsMaker: true };
  });
}

/** A climb and a crash, which are the same for both actions. */
let climbed: Promise<PlainTrade[]> | null = null;

for (const onHalt of ["hold", "flatten"] as const) {
  Deno.test({
    name:
      `penstock run, killed just before a recorded crash would halt it, halts at the same trade (${onHalt})`,
    ignore: !isRecorded(...CRASH_RECORDINGS),
    fn: async () => {
      await using folder = new Folder();
      const trades = await (climbed ??= crashed({ climbs: true }));
      const choices = {
        ...DEFAULTS,
        ...{ stake: "10000", short: 100, long: 300, latency: 90_000_000, maxDrawdown: "0.05", onHalt },
      };
      const expected = computeReference(trades, choices);
      const at = expected.events.findIndex(({ type }) => type === "halt");
      const halt = expected.events[at] as PipelineEvent & { readonly type: "halt" };
      const haltsAt = trades.findIndex(({ lastId }) => lastId === halt.tradeId);
      const before = expected.events[at - 1] as Extract<PipelineEvent, { readonly tradeId: number }>;
      const options = [
        ...["--json", "--log-level=error", "--state", `${folder.path}/run.db`, "--backfill=off"],
        ...["--stake=10000", "--short=100", "--long=300", "--latency=90s"],
        ...["--max-drawdown=5%", `--on-halt=${onHalt}`, "--stop-after", `${trades.length}`],
      ];
      const printed: PrintedEvent[] = [];
      // A run can resume only at the same address.
      let port = 0;
      {
        // Nothing else happens before the trade that precedes the halt.
        await using exchange = BuiltInExchange.listen({
          trades: served(trades.slice(0, haltsAt)),
          speed: Infinity,
        });
        port = Number(new URL(exchange.endpoint).port);
        await using run = Penstock.start(["run", "--endpoint", exchange.endpoint, ...options], flags(folder));
        await run.event(before.type, ({ tradeId }) => tradeId === before.tradeId);
        run.signal("SIGKILL");
        printed.push(...eventsOf((await run.finished()).stdout));
      }
      {
        await using exchange = BuiltInExchange.listen({ port, trades: served(trades), speed: Infinity });
        await using run = startHere(["run", "--endpoint", exchange.endpoint, ...options]);
        const { code, stdout, stderr } = await run.finished();
        assertEquals([code, stderr], [0, ""]);
        printed.push(...eventsOf(stdout));
      }
      assertEquals(traded(printed), expected.events);
      const summary = printed.at(-1)!;
      for (const name of ["cash", "position", "equity", "realized", "maxDrawdown"] as const) {
        assertEquals(summary[name], expected.totals[name], name);
      }
      assertEquals(reasonIn(summary), "max-drawdown");
    },
  });
}

const DEMO = ["--rate=200", "--speed=10", "--short=5", "--long=12", "--json", "--log-level=error"];

/** Files a halt request in a run's journal, as `penstock halt` does. */
function fileHalt(state: string, action: OnHalt): void {
  const database = connect(state, false);
  try {
    const request = { kind: "halt", action, text: null } as const;
    fileRequest(database, { run: 1, time: Date.now() * 1000, request });
  } finally {
    database.close();
  }
}

Deno.test("penstock run holds and then flattens on request, and its journal and recording agree", async () => {
  await using folder = new Folder();
  const [state, record] = [`${folder.path}/run.db`, `${folder.path}/run.txt`];
  await using demo = startHere(["demo", ...DEMO, "--state", state, "--record", record], { times: 50 });
  await demo.event("fill", ({ side }) => side === "buy");
  fileHalt(state, "hold");
  const held = await demo.event("halt");
  assertEquals([held.reason, held.action], ["manual", "hold"]);
  await demo.event("refusal", ({ reason, side }) => reason === "halted" && side === "buy");
  fileHalt(state, "flatten");
  const flattened = await demo.event("halt");
  assertEquals([flattened.reason, flattened.action], ["manual", "flatten"]);
  // A third one changes nothing.
  fileHalt(state, "hold");
  await demo.event("refusal", ({ reason, side }) => reason === "halted" && side === "sell");
  demo.signal("SIGINT");
  const { code, stdout, stderr } = await demo.finished();
  assertEquals([code, stderr], [0, ""]);
  const events = eventsOf(stdout);
  assertRun(events);
  const summary = events.at(-1)!;
  assertEquals([summary.position, reasonIn(summary)], ["0", "manual"]);
  await using journal = await JournalReader.open(state);
  assertEquals((await journal.latest("halt", 9)).map(({ content }) => content["action"]), [
    "hold",
    "flatten",
  ]);
  await assertFollows(state, record, events);
});

Deno.test("penstock halt and release reach a live run, and verify proves both from its recording", async () => {
  await using folder = new Folder();
  const [state, record] = [`${folder.path}/run.db`, `${folder.path}/run.txt`];
  await using demo = startHere(["demo", ...DEMO, "--state", state, "--record", record], { times: 50 });
  await demo.event("fill", ({ side }) => side === "buy");
  const early = await ended("release", state, "--reason", "too early");
  assertEquals([early.code, early.err], [
    2,
    `penstock: the run in ${state} is not halted: there is nothing to release`,
  ]);
  const halted = await ended("halt", state, "--flatten", "--reason", "feed looks wrong");
  assertEquals([halted.code, halted.err], [0, ""]);
  assertStringIncludes(halted.out, `The run in ${state} is halted: its position is sold at the next trade`);
  const halt = await demo.event("halt");
  assertEquals([halt.reason, halt.action, halt.text], ["manual", "flatten", "feed looks wrong"]);
  assertLessOrEqual(String(halt.requested), String(halt.time));
  await demo.event("refusal", ({ reason }) => reason === "halted");
  const again = await ended("halt", state);
  assertEquals([again.code, again.out], [2, ""]);
  assertStringIncludes(again.err, `the run in ${state} is already halted`);
  const released = await ended("release", state, "--reason", "it was right");
  assertEquals([released.code, released.err], [0, ""]);
  assertStringIncludes(
    released.out,
    "(by hand) is released: it was right. Loss limits count from now on. The run",
  );
  const release = await demo.event("released");
  assertEquals([release.reason, release.text], ["manual", "it was right"]);
  await demo.event("fill", ({ side }) => side === "buy");
  const once = await ended("resume", state, "--reason", "once more");
  assertEquals(once.code, 2);
  demo.signal("SIGINT");
  const { code, stdout, stderr } = await demo.finished();
  assertEquals([code, stderr], [0, ""]);
  const events = eventsOf(stdout);
  assertRun(events);
  assertEquals(reasonIn(events.at(-1)!), null);
  await assertFollows(state, record, events);
});

Deno.test("penstock halt stops a stopped run before it trades again, and release lets it continue", async () => {
  await using folder = new Folder();
  const state = `${folder.path}/run.db`;
  const line = ["demo", ...DEMO, "--state", state];
  {
    await using demo = Penstock.start(line, flags(folder));
    await demo.event("fill", ({ side }) => side === "buy");
    demo.signal("SIGKILL");
    await demo.finished();
  }
  const halted = await ended("halt", state, "--flatten");
  assertEquals([halted.code, halted.err], [0, ""]);
  assertStringIncludes(halted.out, `The run in ${state} is not running. The halt is filed`);
  await using demo = startHere(line);
  await demo.event("halt", ({ action }) => action === "flatten");
  await demo.event("refusal", ({ reason }) => reason === "halted");
  demo.signal("SIGINT");
  const { stdout } = await demo.finished();
  const events = eventsOf(stdout);
  const types = events.map(({ type }) => type).filter((type) => type !== "connected");
  assertEquals(types.slice(0, 2), ["started", "halt"]);
  // The run may have sold before it was killed.
  const fills = events.filter(({ type }) => type === "fill").map(({ side, cause }) => `${side} ${cause}`);
  assert(fills.length === 0 || fills.join() === "sell flatten", fills.join());
  assertEquals(events.at(-1)!.position, "0");
});

Deno.test("penstock run handles a halt that is filed as it ends, before it records that it stopped", async () => {
  await using folder = new Folder();
  const [state, record] = [`${folder.path}/run.db`, `${folder.path}/run.txt`];
  await using demo = startHere(["demo", ...DEMO, "--state", state, "--record", record]);
  await demo.event("fill", ({ side }) => side === "buy");
  fileHalt(state, "hold");
  demo.signal("SIGINT");
  const { code, stdout, stderr } = await demo.finished();
  assertEquals([code, stderr], [0, ""]);
  const events = eventsOf(stdout);
  assertEquals(reasonIn(events.at(-1)!), "manual");
  await using journal = await JournalReader.open(state);
  const [halt, stopped] = [await journal.latest("halt", 9), await journal.latest("stopped", 9)];
  assertEquals([halt.length, stopped.length], [1, 1]);
  assertGreater(stopped[0]!.seq, halt[0]!.seq);
  await assertFollows(state, record, events);
});

/** Checks that a run's journal and its printed events follow from its recording. */
async function assertFollows(
  state: string,
  record: string,
  events: PrintedEvent[],
): Promise<void> {
  const verified = await inProcess("verify", state, record);
  assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
  const again = await backtest(["--json", "--short=5", "--long=12", record]);
  assertEquals(traded(eventsOf(again.stdout)), traded(events));
}

Deno.test({
  name:
    "penstock resume releases a halt for good, keeps the reason in the journal, and fails if there is no halt",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = new Folder();
    const state = `${folder.path}/run.db`;
    const recordings: string[] = [];
    const line = () => {
      recordings.push(`${folder.path}/${recordings.length}.txt`);
      return ["demo", ...DEMO, "--state", state, "--record", recordings.at(-1)!];
    };
    {
      await using demo = Penstock.start(line(), flags(folder));
      await demo.event("fill", ({ side }) => side === "buy");
      assertEquals((await ended("halt", state, "--flatten")).code, 0);
      await demo.event("halt");
      demo.signal("SIGKILL");
      await demo.finished();
    }
    {
      await using demo = startHere(line());
      // Ids start from the beginning, so nothing trades until they are new.
      await demo.event("started");
      demo.signal("SIGTERM");
      const { stdout } = await demo.finished();
      assertEquals(reasonIn(eventsOf(stdout).at(-1)!), "manual");
    }
    const status = async (): Promise<PrintedEvent> =>
      JSON.parse((await inProcess("status", state, "--json")).stdout);
    const halted = await status();
    assertEquals([halted.halted, reasonIn(halted)], [true, "manual"]);
    await using changing = startHere(["demo", ...DEMO, "--state", state, "--participation=10%"]);
    const changed = await changing.finished();
    assertEquals(changed.code, 2);
    assertStringIncludes(changed.stderr, "participation was not set and is 0.1");
    const missing = await inProcess("resume", `${folder.path}/other.db`, "--reason", "mistyped");
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.stderr, "there is none");
    assertEquals([...Deno.readDirSync(folder.path)].filter(({ name }) => name.startsWith("other")), []);
    const unreasoned = await inProcess("resume", state);
    assertEquals(unreasoned.code, 2);
    assertStringIncludes(unreasoned.stderr, "--reason is missing");
    const released = await ended("resume", state, "--reason", "looked at it");
    assertEquals([released.code, released.err], [0, ""]);
    assertStringIncludes(released.out, "is released: looked at it");
    assertEquals((await status()).halted, false);
    const idle = await inProcess("resume", state, "--reason", "again");
    assertEquals(idle.code, 2);
    assertStringIncludes(idle.stderr, "is not halted");
    {
      await using journal = await JournalReader.open(state);
      assertEquals((await journal.latest("released", 9)).map(({ content }) => content["text"]), [
        "looked at it",
      ]);
      assert((await journal.verifyChain()).isWhole);
    }
    await using demo = startHere(line());
    await demo.event("fill", ({ side }) => side === "buy");
    demo.signal("SIGTERM");
    const { code, stdout } = await demo.finished();
    assertEquals([code, reasonIn(eventsOf(stdout).at(-1)!)], [0, null]);
    const verified = await inProcess("verify", state, ...recordings);
    assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
  },
});
