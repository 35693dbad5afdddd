/** How a run handles gaps: more than may be fetched, ids that the exchange lacks, and trades that wait meanwhile. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { parseFaults } from "../../src/simulator/faults.ts";
import type { RestAnswer } from "../../src/simulator/rest.ts";
import type { BuiltInExchange } from "../../src/simulator/server.ts";
import { eventsOf, FLAGS, Penstock, type PrintedEvent, QUICKLY, within } from "../support/penstock.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { assertVerifies, reproducibleExchange, startRun, wholeEntries } from "./reference_run.ts";
import { SlowRest } from "./slow_rest.ts";

const ignore = Deno.build.os === "windows";
const test = (name: string, fn: (folder: string) => Promise<void>) =>
  Deno.test({ name, ignore, fn: () => inFolder(fn) });

/** Stops a run as a user does, and returns its events. */
async function stopped(
  program: Penstock,
): Promise<{ readonly printed: PrintedEvent[]; readonly stderr: string }> {
  program.signal("SIGINT");
  const { code, stdout, stderr } = await program.finished();
  assertEquals(code, 0, stderr);
  return { printed: eventsOf(stdout), stderr };
}

/** Decisions about orders, from a journal's entries or a program's events. */
function decided(events: readonly PrintedEvent[]): PrintedEvent[] {
  return events.filter(({ type }) => ["gap", "signal", "refusal", "fill", "expired"].includes(type));
}

test("penstock run, offline for more trades than may be fetched, fetches the newest and trades at once", async (folder) => {
  const path = `${folder}/run.db`;
  await using exchange = reproducibleExchange();
  {
    await using program = startRun(exchange, path, `--record=${folder}/0.txt`);
    await program.event("fill");
    await stopped(program);
  }
  const enough = exchange.released + 3_000;
  while (exchange.released < enough) await new Promise((resolve) => setTimeout(resolve, 20));
  await using program = startRun(
    exchange,
    path,
    `--record=${folder}/1.txt`,
    "--backfill-max=1200",
    "--max-hold=1h",
  );
  const gap = await program.event("gap");
  assertGreater(Number(gap.missing), 3_000);
  assertEquals([Number(gap.toId) - Number(gap.fromId) + 1, gap.filled], [gap.missing, 1_200]);
  await program.event("fill");
  const { printed, stderr } = await stopped(program);
  assertStringIncludes(
    stderr,
    "more than the 1200 that may be fetched (--backfill-max): the newest 1200 are fetched",
  );
  assert(!stderr.includes("could not be fetched"), stderr);
  // If the averages were empty at the first live trade, no order would be possible before the 50th.
  assertEquals(printed.at(-1)!.gaps, 1);
  const { content } = (await wholeEntries(path)).findLast(({ type }) => type === "checkpoint")!;
  assertEquals(content["trades"], printed.at(-1)!.trades);
  await assertVerifies(path, 2);
});

test("penstock run does not count an id without a trade on the exchange as a gap", async (folder) => {
  const path = `${folder}/run.db`;
  let asked = 0;
  const onRest = (url: URL, answer: RestAnswer): RestAnswer => {
    if (!url.pathname.endsWith("historicalTrades")) return answer;
    asked++;
    const rows = JSON.parse(answer.body).filter(({ id }: { id: number }) => id !== 430);
    return { ...answer, body: JSON.stringify(rows) };
  };
  await using exchange = reproducibleExchange({ onRest, faults: parseFaults("hole=60@400"), speed: 5 });
  await using program = startRun(
    exchange,
    path,
    `--record=${folder}/0.txt`,
    "--max-hold=1h",
  );
  const gap = await program.event("gap");
  assertEquals([gap.fromId, gap.toId, gap.missing, gap.filled, gap.absent], [401, 460, 59, 59, 1]);
  assertGreater(asked, 1);
  const { printed, stderr } = await stopped(program);
  assert(!stderr.includes("could not be fetched"), stderr);
  assertEquals(printed.at(-1)!.absent, 1);
  await assertVerifies(path, 1);
});

/** Starts a run that has to wait for `what` while many trades arrive, and ends it after a later fill. */
async function runThatWaited(folder: string, exchange: BuiltInExchange, what: string) {
  const path = `${folder}/run.db`;
  const recording = `${folder}/0.txt`;
  await using rest = new SlowRest(exchange.restEndpoint, what);
  await using program = startRun(
    { endpoint: exchange.endpoint, restEndpoint: rest.endpoint },
    path,
    ...[`--record=${recording}`, "--max-hold=100ms", "--short=2", "--long=4"],
  );
  await within(rest.asked.promise, `the request for ${what}`);
  // The market continues for thousands of trades, with a crossing every few.
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  while (exchange.clients === 0) await pause();
  const enough = exchange.released + 1_500;
  while (exchange.released < enough) await pause();
  rest.answering.resolve();
  // The exchange counts its trades from 1.
  await program.event("fill", ({ tradeId }) => Number(tradeId) > enough);
  const { printed } = await stopped(program);
  await assertVerifies(path, 1);
  return { printed, recording };
}

/** Checks that no trade from `fromId` on that waited too long before the last wait ended led to a decision. */
function assertPassedOver(printed: readonly PrintedEvent[], recording: string, fromId: number): void {
  const lines = Deno.readTextFileSync(recording).split("\n").map((line) => {
    const at = line.indexOf(" ");
    return { received: Number(line.slice(0, at)), frame: line.slice(at + 1) };
  });
  const { until, hold } =
    JSON.parse(lines.findLast(({ frame }) => frame.includes('"waited"'))!.frame).penstock;
  assertEquals(hold, 100_000);
  const waited = lines.filter(({ received, frame }) => received < until - hold && frame.includes('"t":'))
    .map(({ frame }) => Number(/"t":(\d+)/.exec(frame)![1])).filter((id) => id >= fromId);
  assertGreater(waited.length, 0);
  for (const { type, tradeId } of decided(printed)) {
    assert(!waited.includes(Number(tradeId)), `a ${type} at trade ${tradeId}, which waited`);
  }
}

test("penstock run does not trade on trades that waited longer than --max-hold for missed ones", async (folder) => {
  await using exchange = reproducibleExchange({ faults: parseFaults("hole=60@400"), speed: 5 });
  const { printed, recording } = await runThatWaited(folder, exchange, "historicalTrades");
  const gap = printed.find(({ type }) => type === "gap")!;
  assertPassedOver(printed, recording, Number(gap.toId) + 1);
});

test("penstock run does not trade on trades that waited longer than --max-hold for its start", async (folder) => {
  await using exchange = reproducibleExchange({ speed: 5 });
  const { printed, recording } = await runThatWaited(folder, exchange, "exchangeInfo");
  assertPassedOver(printed, recording, 0);
});

test("penstock run shows which missed trades it waits for in its status, and logs them if they take long", async () => {
  await using exchange = reproducibleExchange({ faults: parseFaults("hole=60@400"), speed: 5 });
  await using rest = new SlowRest(exchange.restEndpoint, "historicalTrades");
  await using program = Penstock.start(
    ["run", "--json", "--state=none", "--endpoint", exchange.endpoint, "--rest-endpoint", rest.endpoint],
    [...FLAGS, QUICKLY],
  );
  const { heldGap } = await program.event("status", ({ heldGap }) => heldGap !== undefined);
  const { fromId, toId } = heldGap as { readonly fromId: number; readonly toId: number };
  await program.logged(`60 missed trades (${fromId} to ${toId}) are still being fetched`);
  rest.answering.resolve();
  const gap = await program.event("gap");
  assertEquals([gap.fromId, gap.toId], [fromId, toId]);
  const { heldGap: after } = await program.event("status");
  assertEquals(after, undefined);
  await stopped(program);
});
