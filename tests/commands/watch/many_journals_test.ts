/** Many journals in one database, watched over few connections, with alarms that notices trigger. */
import { assertEquals, assertLessOrEqual, assertMatch, assertRejects } from "@std/assert";
import { Alarms } from "../../../src/commands/watch/alarms.ts";
import { pollJournals } from "../../../src/commands/watch/followed_journals.ts";
import { pause } from "../../../src/feeds/live/alarm.ts";
import { Journal } from "../../../src/stores/journal/journal.ts";
import { postgresStore } from "../../../src/stores/journal/postgres/postgres_store.ts";
import { DEFAULT_TIMING } from "../../../src/views/alarms/alarm_sender.ts";
import { FakeService } from "../../support/fake_service.ts";
import { within } from "../../support/penstock.ts";
import { noPostgres, PostgresServer } from "../../support/postgres_server.ts";
import { checkpoint, inFolder, REMEMBERS } from "../../stores/sample_journal.ts";

/** So long that a regular poll comes too late for any test. */
const NEVER_MS = 3_600_000;
const JOURNALS = 20;

const server = noPostgres ? null! : await PostgresServer.start();

/** A journal with a run in it. */
async function started(path: string): Promise<Journal> {
  const journal = await Journal.open(path, { now: () => 0, remembers: REMEMBERS, store: postgresStore() });
  const content = { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } };
  await journal.startRun({ time: Date.now() * 1000, content });
  return journal;
}

async function fill(journal: Journal): Promise<void> {
  const amounts = { price: "100", quantity: "1", fee: "0.1", cash: "9900", position: "1" };
  const content = { symbol: "BTCUSDT", side: "buy", ...amounts, tradeId: 1, signalTradeId: 1 };
  await journal.commit({
    entries: [{ type: "fill", time: Date.now() * 1000, content }],
    checkpoint: checkpoint(1),
  });
}

/** The places of new journals in a database, and how many connections there are to that. */
async function manyJournals() {
  const database = await server.database();
  const paths = Array.from({ length: JOURNALS }, (_, number) => `${database}#run-${number}`);
  for (const path of paths) await (await started(path)).close();
  const name = database.slice(database.lastIndexOf("/") + 1);
  const connections = async () =>
    Number(await server.sql("postgres", `SELECT count(*) FROM pg_stat_activity WHERE datname = '${name}'`));
  while (await connections() > 0) await pause(5, new AbortController().signal);
  return { paths, connections };
}

/** Of how many journals alarms have saved how far the service got. */
function savedIn(memory: string): number {
  try {
    const { channels } = JSON.parse(Deno.readTextFileSync(memory));
    const [channel] = Object.values(channels) as [{ readonly journals: object }?];
    return Object.keys(channel?.journals ?? {}).length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: noPostgres, fn });
}

test(`penstock watch reads ${JOURNALS} journals of a database over one connection, and listens over another`, async () => {
  const { paths, connections } = await manyJournals();
  const ending = new AbortController();
  const seen = new Map<number, string | null>();
  const counts: number[] = [];
  const all = Promise.withResolvers<void>();
  const polling = pollJournals({ paths, pollMs: 50, notifiedMs: 50 }, async (index, { problem }) => {
    seen.set(index, problem);
    if (index === JOURNALS - 1) counts.push(await connections());
    if (counts.length === 3) all.resolve();
  }, ending.signal);
  await within(all.promise, "three rounds");
  ending.abort();
  await polling;
  assertEquals([...seen.values()], Array(JOURNALS).fill(null));
  assertLessOrEqual(Math.max(...counts), 2);
});

Deno.test("penstock watch polls each of many journals, and ends when one poll fails", async () => {
  const paths = Array.from({ length: 120 }, (_, number) => `missing/run-${number}.db`);
  const seen = new Set<number>();
  const polling = pollJournals({ paths, pollMs: NEVER_MS, notifiedMs: NEVER_MS }, (index, { problem }) => {
    assertMatch(problem!, new RegExp(`missing/run-${index}\\.db`));
    if (seen.add(index).size === paths.length) throw new RangeError("all were seen");
  }, new AbortController().signal);
  await assertRejects(() => polling, RangeError, "all were seen");
});

test("penstock watch continues over a new connection when the one for all journals of a database is lost", async () => {
  const { paths } = await manyJournals();
  const ending = new AbortController();
  const problems: (string | null)[] = [];
  const polling = pollJournals({ paths, pollMs: 20, notifiedMs: 20 }, (_index, { problem }) => {
    problems.push(problem);
  }, ending.signal);
  const rounds = async (count: number) => {
    const from = problems.length;
    while (problems.length < from + count * JOURNALS) await pause(5, ending.signal);
  };
  await rounds(1);
  await server.sql(
    "postgres",
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
     WHERE application_name = 'penstock' AND query NOT LIKE 'LISTEN%'`,
  );
  await rounds(2);
  const later = problems.slice(-JOURNALS);
  ending.abort();
  await polling;
  assertEquals(later, Array(JOURNALS).fill(null));
  // The poll that it happened in may have failed.
  assertLessOrEqual(problems.filter((problem) => problem !== null).length, 1);
});

test("Alarms of a journal in a database are sent on notice, and all journals need two connections", () =>
  inFolder(async (folder) => {
    const { paths, connections } = await manyJournals();
    const sent = Promise.withResolvers<string>();
    await using service = new FakeService(({ body }) => {
      sent.resolve(body);
      return { status: 200 };
    });
    await using alarms = await Alarms.start({
      ...{ notify: `http://${service.host}/hook`, notifyOn: "fill", notifyTokens: null, ping: null },
      ...{ notifyMemory: `${folder}/alarms.json`, journals: paths, version: "1", report: () => {} },
      ...{ pollMs: NEVER_MS, notifiedMs: NEVER_MS },
      timing: { ...DEFAULT_TIMING, firstMs: 1, longestMs: 4, askMs: 60_000, pause },
    });
    const isListening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";
    while (await server.sql("postgres", isListening) === "0") await pause(5, alarms.failed);
    // The places of all journals have been saved once each has been polled.
    while (savedIn(`${folder}/alarms.json`) < JOURNALS) await pause(5, alarms.failed);
    assertLessOrEqual(await connections(), 2);
    await using journal = await started(paths[7]!);
    await fill(journal);
    assertMatch(await within(sent.promise, "the alarm"), /run-7/);
  }));
