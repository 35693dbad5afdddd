/** A run with a journal that is stopped and resumed: what it continues, and what it refuses. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import type { BuiltInExchange } from "../../src/simulator/server.ts";
import type { RestAnswer } from "../../src/simulator/rest.ts";
import { DatabaseSync } from "node:sqlite";
import { eventsOf, type Finished, type Penstock, type PrintedEvent, within } from "../support/penstock.ts";
import { bytesOf, inFolder } from "../stores/sample_journal.ts";
import {
  assertKept,
  assertRunMatchesReference,
  assertVerifies,
  besidesRules,
  reproducibleExchange,
  startRun,
  wholeEntries,
} from "./reference_run.ts";
import { SlowRest } from "./slow_rest.ts";

const ignore = Deno.build.os === "windows";
const test = (name: string, fn: (folder: string) => Promise<void>) =>
  Deno.test({ name, ignore, fn: () => inFolder(fn) });

/** Stops a run as a user does, and returns its events. */
async function stopped(program: Penstock): Promise<PrintedEvent[]> {
  program.signal("SIGINT");
  const { code, stdout, stderr } = await program.finished();
  assertEquals([code, besidesRules(stderr)], [0, ""]);
  return eventsOf(stdout);
}

/** Runs until it has emitted this many fills, and stops. */
async function runFor(
  exchange: BuiltInExchange,
  path: string,
  fills: number,
  ...args: string[]
): Promise<PrintedEvent[]> {
  await using program = startRun(exchange, path, ...args);
  for (let fill = 0; fill < fills; fill++) await program.event("fill");
  return await stopped(program);
}

/** Waits until the exchange has sent `count` more trades. */
async function moreTrades(exchange: BuiltInExchange, count: number): Promise<void> {
  const enough = exchange.released + count;
  while (exchange.released < enough) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function gaps(path: string): Promise<Record<string, unknown>[]> {
  return (await wholeEntries(path)).filter(({ type }) => type === "gap").map(({ content }) => ({
    ...content,
  }));
}

/** Checks how a run that cannot start ends, and that it does not change the journal. */
async function refused(exchange: BuiltInExchange, path: string, ...args: string[]): Promise<Finished> {
  const before = bytesOf(path);
  await using program = startRun(exchange, path, ...args);
  const finished = await program.finished();
  assertEquals(finished.stdout, "");
  assertEquals(bytesOf(path), before);
  return finished;
}

test("penstock run, offline for thousands of trades, resumes as if it had seen them", async (folder) => {
  const path = `${folder}/run.db`;
  await using exchange = reproducibleExchange();
  const printed = [await runFor(exchange, path, 5)];
  await moreTrades(exchange, 3_500);
  printed.push(await runFor(exchange, path, 5));
  assertKept(await wholeEntries(path), printed);
  const [first, second] = printed.map((events) => events.at(-1)!);
  // `resumedAfter` does not count the missed trades.
  assertEquals([first!.resumedAfter, second!.resumedAfter], [undefined, first!.trades]);
  const [gap] = await gaps(path);
  assertGreater(Number(gap!.missing), 3_500);
  const { fills } = await assertRunMatchesReference(path);
  assertGreater(fills, 9);
});

test("penstock run, offline with only aggregates available, resumes as exactly", async (folder) => {
  const path = `${folder}/run.db`;
  const onRest = (url: URL, answer: RestAnswer): RestAnswer =>
    url.pathname.endsWith("historicalTrades") ? { status: 404, body: "no", headers: {} } : answer;
  await using exchange = reproducibleExchange({ onRest });
  await runFor(exchange, path, 5);
  await moreTrades(exchange, 2_500);
  await runFor(exchange, path, 5);
  assertGreater(Number((await gaps(path))[0]!.missing), 2_500);
  await assertRunMatchesReference(path);
});

test("penstock run, stopped while missed trades are being fetched, leaves the gap to the next run", async (folder) => {
  const path = `${folder}/run.db`;
  await using exchange = reproducibleExchange();
  await runFor(exchange, path, 5, `--record=${folder}/0.txt`);
  await moreTrades(exchange, 100);
  {
    const { endpoint } = exchange;
    await using rest = new SlowRest(exchange.restEndpoint, "historicalTrades");
    await using program = startRun(
      { endpoint, restEndpoint: rest.endpoint },
      path,
      `--record=${folder}/1.txt`,
    );
    await within(rest.asked.promise, "the request for missed trades");
    await stopped(program);
  }
  assertEquals((await wholeEntries(path)).filter(({ type }) => type === "resumed").length, 1);
  assertEquals(await gaps(path), []);
  await runFor(exchange, path, 5, `--record=${folder}/2.txt`);
  assertEquals((await gaps(path)).length, 1);
  await assertRunMatchesReference(path);
  await assertVerifies(path, 3);
});

test("penstock run starts its averages again if only some missed trades can be fetched", async (folder) => {
  const path = `${folder}/run.db`;
  let pages = 0;
  const onRest = (url: URL, answer: RestAnswer): RestAnswer =>
    !url.pathname.endsWith("Trades") || url.searchParams.get("fromId") === null || pages++ === 0
      ? answer
      : { status: 403, body: "<html>no</html>", headers: {} };
  await using exchange = reproducibleExchange({ onRest });
  await runFor(exchange, path, 3, `--record=${folder}/0.txt`);
  await moreTrades(exchange, 2_500);
  await using program = startRun(exchange, path, `--record=${folder}/1.txt`);
  const warning = await program.logged("could not be fetched");
  const gap = await program.event("gap");
  await program.event("signal");
  program.signal("SIGINT");
  const { code, stdout } = await program.finished();
  assertEquals(code, 0);
  const [missing, filled] = [Number(gap.missing), Number(gap.filled)];
  assertEquals(filled, 1_000);
  assertStringIncludes(warning, `${missing - filled} of ${missing} missed trades could not be fetched`);
  assertStringIncludes(warning, "403");
  const { type: _type, time: _time, ...content } = gap;
  assertEquals(await gaps(path), [content]);
  await assertVerifies(path, 2);
  // No signal before the averages exist again.
  const signal = eventsOf(stdout).find(({ type }) => type === "signal")!;
  assertGreater(Number(signal.tradeId), Number(gap.toId) + 49);
});

test("penstock run resumes a run only with the options that it started with", async (folder) => {
  const path = `${folder}/run.db`;
  await using exchange = reproducibleExchange();
  await runFor(exchange, path, 3);
  const { code, stderr } = await refused(exchange, path, "--short=5", "--cash=500", "--stale=3s");
  assertEquals(code, 2);
  assertStringIncludes(stderr, `the run in ${path} cannot resume with other options: `);
  assertStringIncludes(stderr, "short was 20 and is 5, cash was 10000 and is 500. ");
  assertStringIncludes(stderr, "--new-run");

  const printed = await runFor(exchange, path, 3, "--new-run", "--short=5", "--cash=500");
  const entries = await wholeEntries(path);
  assertEquals(entries.filter(({ type }) => type === "started").map(({ run }) => run), [1, 2]);
  assertEquals(entries.filter(({ run, type }) => run === 1 && type === "stopped").length, 2);
  const fills = entries.filter(({ run, type }) => run === 2 && type === "fill");
  assertEquals(fills.length, printed.filter(({ type }) => type === "fill").length);
  assert(Number(fills[0]!.content["cash"]) < 500);
});

test("penstock run names the process that holds its journal", async (folder) => {
  const path = `${folder}/run.db`;
  await using exchange = reproducibleExchange();
  await using first = startRun(exchange, path);
  await first.event("connected");
  await using second = startRun(exchange, path);
  const { code, stdout, stderr } = await second.finished();
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, `process ${first.pid} has it open`);
  await first.event("fill");
  await stopped(first);
  await assertRunMatchesReference(path);
});

test("penstock run rejects a file that is not its own journal, or half of it, and does not change it", async (folder) => {
  await using exchange = reproducibleExchange();
  const whole = `${folder}/whole.db`;
  await runFor(exchange, whole, 3);
  const bytes = Deno.readFileSync(whole);
  const damage: Record<string, readonly [(path: string) => void, RegExp]> = {
    "a text": [(path) => Deno.writeTextFileSync(path, "no database\n".repeat(100)), /not a SQLite database/],
    "another program's database": [(path) => {
      using database = new DatabaseSync(path);
      database.exec("CREATE TABLE orders (id INTEGER)");
    }, /another program's database/],
    "a newer version": [(path) => {
      Deno.writeFileSync(path, bytes);
      using database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 99");
    }, /a newer Penstock wrote it \(version 99/],
    "a header overwritten": [(path) => {
      Deno.writeFileSync(path, bytes);
      using file = Deno.openSync(path, { write: true });
      file.writeSync(new Uint8Array(100).fill(7));
    }, /Cannot open the journal/],
    "half a file": [
      (path) => Deno.writeFileSync(path, bytes.subarray(0, bytes.length >> 1)),
      /Cannot open the journal/,
    ],
  };
  for (const [what, [make, expected]] of Object.entries(damage)) {
    const path = `${folder}/${what.replaceAll(/\W/g, "_")}.db`;
    make(path);
    const { code, stderr } = await refused(exchange, path);
    // Half a journal is a journal that is damaged.
    assertEquals(code, what === "half a file" ? 3 : 1, what);
    assertMatch(stderr, expected);
    assert(stderr.includes(path) && !stderr.includes("    at "), stderr);
  }
});
