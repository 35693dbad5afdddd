/**
 * A run in PostgreSQL whose connection is cut at every statement in turn, or whose statements fail: it keeps every fill
 * once, and what it decided follows from its recording.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { configure, shownConfig } from "../../../../src/config/config.ts";
import { readDatabasePlace } from "../../../../src/domain/run/database_place.ts";
import type { StoreAway } from "../../../../src/stores/journal/entry_log.ts";
import { JournalError } from "../../../../src/stores/journal/journal_error.ts";
import { DatabaseSession } from "../../../../src/stores/journal/postgres/database_session.ts";
import type { ShownOptions } from "../../../../src/stores/journal/run_journal.ts";
import { wholeEntries } from "../../../commands/reference_run.ts";
import { HandRun } from "../../../support/hand_run.ts";
import { inProcess } from "../../../support/in_process.ts";
import { noPostgres, PostgresServer } from "../../../support/postgres_server.ts";
import { SeededRandom } from "../../../support/random.ts";
import { canMount, mount, run } from "../../../support/small_disk.ts";
import { type FaultOf, StatementProxy } from "../../../support/statement_proxy.ts";
import { inFolder, TIME } from "../../sample_journal.ts";

const OPTIONS: ShownOptions = { ...shownConfig(configure({}).config), short: 2, long: 3, cash: "1000000" };
/** A market with a signal every few trades. */
const PRICES = walk(12);
/** Every statement of this many in a row has the fault in turn. A commit and what follows a cut are fewer. */
const PHASES = 7;
const SESSION = { password: null, certificates: null, patienceMs: 30_000 };
const RENEW = /SET expires = clock_timestamp.* session =/s;
/** Asks whether the commit was made whose answer was lost. */
const LOOK = /^SELECT token/;
const APPEND = /INSERT INTO penstock.entries/;

const server = noPostgres ? null! : await PostgresServer.start({ settings: { deadlock_timeout: "300ms" } });
const database = noPostgres ? "" : await server.database();
let runs = 0;

function test(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({ name, ignore: noPostgres, fn: () => inFolder(fn) });
}

function walk(count: number): number[] {
  const random = new SeededRandom(8);
  let price = 60_000;
  return Array.from({ length: count }, () => price += random.whole(-50, 50));
}

/** A place for a journal, and the same through a proxy. */
function newPlace(port: number): { readonly place: string; readonly through: string } {
  const place = `${database}#run-${runs++}`;
  return { place, through: place.replace(`:${server.port}/`, `:${port}/`) };
}

/** Opens a run, again and again if it has to be started again. */
async function opened(place: string, recording: string, time = TIME): Promise<HandRun> {
  for (let attempt = 1;; attempt++) {
    try {
      return await HandRun.open(place, recording, OPTIONS, time, { isEager: true });
    } catch (error) {
      // The server may not know yet that the connection of the attempt before has gone.
      if (!(error instanceof JournalError) || attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A run through a proxy, from its start to its end; `place` is its journal without the proxy. */
async function faultyRun(folder: string, faultOf: FaultOf) {
  await using proxy = new StatementProxy(server.port, faultOf);
  const { place, through } = newPlace(proxy.port);
  const recording = `${folder}/${runs}.txt`;
  {
    await using run = await opened(through, recording);
    for (const price of PRICES) await run.trade(price);
    await run.checkpoint();
    await run.stop();
  }
  return { place, recording, statements: proxy.statements };
}

/** The types and the contents of the entries of a journal, whose chain and tables are intact. */
async function contents(place: string): Promise<readonly unknown[]> {
  return (await wholeEntries(place)).map(({ type, content }) => ({ type, content }));
}

async function assertVerifies(place: string, ...recordings: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await inProcess("verify", "--log-level=error", place, ...recordings);
  assertEquals([code, stderr], [0, ""], stdout);
}

let whole: readonly unknown[] | undefined;

/** What an undisturbed run keeps, with which others are compared. */
async function wholeRun(folder: string): Promise<readonly unknown[]> {
  return whole ??= await contents((await faultyRun(folder, () => null)).place);
}

/** What a run does to the database; each of these statements must have had the fault. */
const DONE = [
  /^SET synchronous_commit/,
  /SET token = token \+ 1/,
  APPEND,
  /pg_notify/,
  RENEW,
  /SET expires = NULL/,
];
const WORDS = {
  "before": "is cut before any statement",
  "half": "is cut in the middle of any statement",
  "after": "is cut after any statement",
} as const;

for (const fault of ["before", "half", "after"] as const) {
  test(`a run whose connection ${WORDS[fault]} keeps every fill once`, async (folder) => {
    const expected = await wholeRun(folder);
    const cut: string[] = [];
    for (let phase = 0; phase <= PHASES; phase++) {
      // The first of each kind, and what follows a cut.
      const left = phase === PHASES ? [...DONE, LOOK] : [RENEW, LOOK];
      const { place, recording } = await faultyRun(folder, (text, number) => {
        const isNext = left.findIndex((part) => part.test(text));
        if (number % PHASES !== phase && isNext < 0) return null;
        left.splice(isNext, isNext < 0 ? 0 : 1);
        cut.push(text);
        return fault;
      });
      assertEquals(await contents(place), expected);
      await assertVerifies(place, recording);
    }
    for (const part of fault === "after" ? [...DONE, LOOK] : DONE) {
      assert(cut.some((text) => part.test(text)), String(part));
    }
  });
}

test("a run whose statements fail because of others, each in turn, keeps every fill once", async (folder) => {
  const expected = await wholeRun(folder);
  for (const [index, code] of ["40001", "40P01", "40001", "53300", "57P01"].entries()) {
    const { place, recording } = await faultyRun(
      folder,
      (_text, number) => number % 5 === index ? { code } : null,
    );
    assertEquals(await contents(place), expected);
    await assertVerifies(place, recording);
  }
});

/** Resolves once some session of the server waits for a lock. */
async function aLockIsWaitedFor(): Promise<void> {
  const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  while (await server.sql("postgres", waiting) === "0") {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a run logs while it keeps what it decided, and a session of another that gets in its way. */
async function disturbed(
  folder: string,
  disturb: (other: DatabaseSession, name: string, keep: () => Promise<void>) => Promise<void>,
): Promise<readonly string[]> {
  const { place } = newPlace(server.port);
  const [, name = ""] = place.split("#");
  const recording = `${folder}/${runs}.txt`;
  const log: string[] = [];
  const onAway = (away: StoreAway | null) => void log.push(away === null ? "back" : away.what);
  {
    await using other = await DatabaseSession.open(readDatabasePlace(place), SESSION);
    await using run = await HandRun.open(place, recording, OPTIONS, TIME, { onAway });
    let isDisturbed = false;
    for (const price of PRICES) {
      const { events, keep } = run.receive(price);
      if (isDisturbed || events.length === 0) await keep();
      else await disturb(other, name, keep);
      isDisturbed ||= events.length > 0;
    }
    await run.checkpoint();
    await run.stop();
  }
  assertEquals(await contents(place), await wholeRun(folder));
  await assertVerifies(place, recording);
  return log;
}

test("a run that PostgreSQL chooses to end a deadlock tries again, and keeps every fill once", async (folder) => {
  const log = await disturbed(folder, async (other, name, keep) => {
    const journal = `(SELECT journal FROM penstock.journals WHERE name = '${name}')`;
    // The state of the run is locked first here, and last in a commit.
    await other.query("BEGIN");
    await other.query("SET LOCAL deadlock_timeout = '1h'");
    await other.query(`UPDATE penstock.states SET seq = seq WHERE journal = ${journal}`);
    const keeping = keep();
    await aLockIsWaitedFor();
    const updating = other.query(`UPDATE penstock.journals SET pid = pid WHERE name = '${name}'`);
    await updating;
    await other.query("ROLLBACK");
    await keeping;
  });
  assertEquals(log, []);
  assertStringIncludes(server.log, "deadlock detected");
});

test("a run whose commit cannot be serialized tries again, and keeps every fill once", async (folder) => {
  const [, name = ""] = /\/([^/]+)$/.exec(database)!;
  await server.sql(name, `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
  try {
    const log = await disturbed(folder, async (other, journal, keep) => {
      await other.query("BEGIN");
      await other.query(`UPDATE penstock.journals SET pid = pid WHERE name = '${journal}'`);
      const keeping = keep();
      await aLockIsWaitedFor();
      await other.query("COMMIT");
      await keeping;
    });
    assertEquals(log, []);
    assertStringIncludes(server.log, "could not serialize access");
  } finally {
    await server.sql(name, `ALTER DATABASE ${name} RESET default_transaction_isolation`);
  }
});

test("a run whose database has no room left ends and reports it, and continues where it was once there is room", async (folder) => {
  let isFull = false;
  await using proxy = new StatementProxy(
    server.port,
    // Not even its lease can be given back.
    (text) => isFull && /INSERT INTO penstock.entries|expires = NULL/.test(text) ? { code: "53100" } : null,
  );
  const { place, through } = newPlace(proxy.port);
  await assertEndsWhenFull(folder, { place, through }, (full) => {
    isFull = full;
    return Promise.resolve();
  });
});

Deno.test({
  name: "a run whose database is on a disk that is really full does the same, if a small disk can be mounted",
  ignore: noPostgres || !canMount,
  fn: () =>
    inFolder(async (folder) => {
      const disk = Deno.makeTempDirSync({ prefix: "penstock_disk_" });
      const ballast = `${disk}/ballast`;
      try {
        assert(mount(disk, "size=16m,mode=755"));
        Deno.mkdirSync(`${disk}/of`);
        assert(run("chown", "postgres", `${disk}/of`));
        await server.sql("postgres", `CREATE TABLESPACE small LOCATION '${disk}/of'`);
        await server.sql("postgres", "CREATE DATABASE small TABLESPACE small TEMPLATE template0");
        const place = `${server.url("small")}#full`;
        const fill = (isFull: boolean) => {
          if (isFull) assertThrows(() => Deno.writeFileSync(ballast, new Uint8Array(16 << 20)));
          else Deno.removeSync(ballast);
          return Promise.resolve();
        };
        await assertEndsWhenFull(folder, { place, through: place }, fill);
      } finally {
        await server.sql("postgres", "DROP DATABASE IF EXISTS small WITH (FORCE)");
        await server.sql("postgres", "DROP TABLESPACE IF EXISTS small");
        run("umount", disk);
        Deno.removeSync(disk);
      }
    }),
});

/** Runs to a commit for which there is no room, and on from there in another process. */
async function assertEndsWhenFull(
  folder: string,
  { place, through }: { readonly place: string; readonly through: string },
  fill: (isFull: boolean) => Promise<void>,
): Promise<void> {
  const recordings = [`${folder}/full.txt`, `${folder}/room.txt`] as const;
  const half = PRICES.length >> 1;
  {
    await using run = await opened(through, recordings[0]);
    for (const price of PRICES.slice(0, half)) await run.trade(price);
    await fill(true);
    await assertRejects(
      async () => {
        for (;;) await run.checkpoint(), await run.trade(70_000);
      },
      JournalError,
      "the disk of the database is full. Free some space there, then start again",
    );
    run.fail();
  }
  await fill(false);
  {
    await using run = await opened(through, recordings[1], TIME + 60_000_000);
    for (const price of PRICES.slice(run.engine.state.trades)) await run.trade(price);
    await run.stop();
  }
  const entries = await wholeEntries(place);
  assertEquals(entries.filter(({ type }) => type === "resumed").length, 1);
  await assertVerifies(place, ...recordings);
}
