/** Shows how the tables are created and migrated, and what each role may do. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { schemaFile } from "../../../../build/schema.ts";
import { readDatabasePlace, withJournal } from "../../../../src/domain/run/database_place.ts";
import { JournalError } from "../../../../src/stores/journal/journal_error.ts";
import {
  MIGRATIONS,
  prepareSchema,
  schemaVersion,
} from "../../../../src/stores/journal/postgres/database_schema.ts";
import { DatabaseSession } from "../../../../src/stores/journal/postgres/database_session.ts";
import { renewLease, takeLease } from "../../../../src/stores/journal/postgres/lease_row.ts";
import { postgresStore } from "../../../../src/stores/journal/postgres/postgres_store.ts";
import { noPostgres, PostgresServer } from "../../../support/postgres_server.ts";
import { Writer } from "../entry_log_contract.ts";

const server = noPostgres ? null! : await PostgresServer.start();
const store = postgresStore();
/** The version of the tables. */
const KNOWN = MIGRATIONS.length;
const unchecked = () => Promise.resolve();

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: noPostgres, fn });
}

function session(url: string): Promise<DatabaseSession> {
  return DatabaseSession.open(readDatabasePlace(url), {
    password: null,
    certificates: null,
    patienceMs: 10_000,
  });
}

Deno.test("deploy/postgres.sql creates the tables that the program creates; deno task schema writes it", () => {
  assertEquals(
    Deno.readTextFileSync(new URL("../../../../deploy/postgres.sql", import.meta.url)),
    schemaFile(),
  );
});

test("prepareSchema() creates the tables once, however many processes start at the same time", async () => {
  const url = await server.database();
  const sessions = await Promise.all(Array.from({ length: 4 }, () => session(url)));
  assertEquals(await schemaVersion(sessions[0]!), 0);
  await Promise.all(sessions.map((each) => prepareSchema(each, url)));
  assertEquals(await schemaVersion(sessions[0]!), MIGRATIONS.length);
  for (const each of sessions) await each[Symbol.asyncDispose]();
});

test("prepareSchema() migrates older tables whole or not at all, and only while no run uses them", async () => {
  const url = await server.database();
  const { database } = readDatabasePlace(url);
  const next = [...MIGRATIONS, ["ALTER TABLE penstock.heartbeats ADD note text"]];
  const broken = [...MIGRATIONS, ["ALTER TABLE penstock.heartbeats ADD broken text", "SELECT 1 / 0"]];
  const held = await store.lease(`${url}#one`, unchecked);
  const writer = new Writer(held);
  await writer.append(1, ["started"]);
  await using migrating = await session(url);
  await assertRejects(
    () => prepareSchema(migrating, url, next),
    JournalError,
    "1 run of an older Penstock uses them. Stop it",
  );
  await server.sql(database, "UPDATE penstock.journals SET expires = now()");
  await assertRejects(() => prepareSchema(migrating, url, broken), Error, "division by zero");
  const columns = () =>
    server.sql(
      database,
      "SELECT count(*) FROM information_schema.columns WHERE column_name IN ('note', 'broken')",
    );
  assertEquals([await schemaVersion(migrating), await columns()], [KNOWN, "0"]);
  await prepareSchema(migrating, url, next);
  assertEquals([await schemaVersion(migrating), await columns()], [KNOWN + 1, "1"]);
  // The run of the older version, which was cut off, wakes.
  await assertRejects(() => writer.append(1, ["fill"]), JournalError, "has taken it over");
  await held[Symbol.asyncDispose]();
  for (
    const use of [
      () => store.read(`${url}#one`),
      () => store.lease(`${url}#one`, unchecked),
      () => store.has(`${url}#one`),
    ]
  ) {
    await assertRejects(
      async () => await use(),
      JournalError,
      `a newer Penstock made its tables (version ${KNOWN + 1}; this one knows ${KNOWN})`,
    );
  }
});

test("a database that cannot keep all text is refused", async () => {
  await server.sql("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
  await assertRejects(
    () => store.lease(`${server.url("latin")}#x`, unchecked),
    JournalError,
    "keeps text as LATIN1",
  );
});

test("a user who may only use older tables is told who may migrate them", async () => {
  const url = await server.database();
  const name = readDatabasePlace(url).database;
  {
    await using first = await session(url);
    await prepareSchema(first, url, MIGRATIONS.slice(0, 1));
  }
  await server.sql(
    name,
    "CREATE ROLE eve LOGIN; GRANT USAGE ON SCHEMA penstock TO eve; GRANT SELECT ON penstock.version TO eve",
  );
  await using own = await session(server.url(name, { user: "eve" }));
  const { message } = await assertRejects(() => prepareSchema(own, url), JournalError);
  assertStringIncludes(message, "its tables are of an older version, and only their owner, ");
  assertStringIncludes(message, "may migrate them. Start this Penstock once as that user.");
});

Deno.test({
  name: "a writer may add entries but change none, a reader may only read, and doctor names what is missing",
  ignore: noPostgres,
  fn: async () => {
    const url = await server.database();
    const name = readDatabasePlace(url).database;
    const script = Deno.readTextFileSync(new URL("../../../../deploy/postgres.sql", import.meta.url));
    await server.sql(name, script);
    await server.sql(
      name,
      "CREATE ROLE ann LOGIN IN ROLE penstock_writer; CREATE ROLE bob LOGIN IN ROLE penstock_reader",
    );
    const as = (user: string) => withJournal(server.url(name, { user }), "kept");
    {
      await using lease = await store.lease(as("ann"), unchecked);
      const state = { run: 1, seq: 2, content: "{}", closes: "[]" };
      const closes = { seq: 2, decimals: 2, fresh: 1, bytes: new Uint8Array(8), before: null, state: null };
      const writer = new Writer(lease);
      await writer.append(1, ["started", "checkpoint"], { state, closes });
      await using box = await store.requestBox(as("ann"));
      const { id } = await box.file({
        run: 1,
        time: 1,
        request: { kind: "halt", action: "hold", text: null },
      });
      await writer.append(1, ["halt", "checkpoint"], {
        state: { ...state, seq: 4 },
        firstCloses: 4,
        handled: [id],
      });
      await lease.writeHeartbeat({
        run: 1,
        seq: 4,
        time: 5,
        pid: 5,
        trades: 7,
        tradesPerSecond: 2,
        lagMs: null,
        last: null,
      });
      assertEquals((await store.copy(as("ann"), withJournal(as("ann"), "copy"))).entry, 4);
    }
    await using log = await store.read(as("bob"));
    assertEquals([(await log.last())?.seq, (await log.heartbeat())?.trades, (await log.requests()).length], [
      4,
      7,
      0,
    ]);
    const forbidden: readonly (readonly [user: string, statement: string, why: string])[] = [
      ["ann", "UPDATE penstock.entries SET content = '{}'", "permission denied"],
      ["ann", "DELETE FROM penstock.entries", "permission denied"],
      ["ann", "TRUNCATE penstock.entries CASCADE", "permission denied"],
      ["ann", "DELETE FROM penstock.journals", "permission denied"],
      ["ann", "DROP TABLE penstock.entries", "must be owner"],
      ["ann", "UPDATE penstock.version SET version = 9", "permission denied"],
      [
        "bob",
        "INSERT INTO penstock.requests (journal, run, kind, time, content) VALUES (1, 1, 'halt', 1, '{}')",
        "permission denied",
      ],
      ["bob", "UPDATE penstock.journals SET token = 9", "permission denied"],
      // Not even the owner does it by mistake.
      ["postgres", "UPDATE penstock.entries SET content = '{}'", "never changed or removed"],
      ["postgres", "DELETE FROM penstock.entries", "never changed or removed"],
      ["postgres", "TRUNCATE penstock.entries CASCADE", "never changed or removed"],
    ];
    for (const [user, statement, why] of forbidden) {
      const { message } = await assertRejects(() => server.sql(name, statement, user), Error);
      assertStringIncludes(message, why, `${user}: ${statement}`);
    }
    await assertRejects(() => store.lease(as("bob"), unchecked), JournalError, "bob lacks a privilege");

    const examined = async (user: string, place = as(user)) =>
      (await store.examine!(place)).map(({ step, isGood, found, advice }) =>
        [step, isGood, advice === null ? found : `${found} → ${advice}`] as const
      );
    const [first, ...others] = await examined("ann");
    assertStringIncludes(first![2], "PostgreSQL 1");
    assertStringIncludes(first![2], "not encrypted");
    assert(first![1] && others[0]![1]);
    assertEquals(others.slice(1), [
      ["tables", true, `version ${KNOWN}`],
      ["rights", true, "what a run needs, which does not include changing entries"],
      ["lease", true, "free"],
    ]);
    const lacking = (await examined("bob")).find(([step]) => step === "rights")!;
    assertEquals([lacking[1], lacking[2].includes("lacks INSERT on entries")], [false, true]);
    const empty = withJournal((await server.database()).replace("postgres@", "bob@"), "x");
    const missing = (await examined("bob", empty)).find(([step]) => step === "tables")!;
    assertEquals(missing, [
      "tables",
      false,
      "none yet, and this user may not create them → Create them as a user who may: psql -f deploy/postgres.sql",
    ]);
    assertEquals(await examined("ann", withJournal(server.url("none"), "x")), [[
      "",
      false,
      "there is no database none → Create it: createdb none",
    ]]);
  },
});

test("prepareSchema() ends no lease that was taken while it waited for the process that created the tables", async () => {
  const url = await server.database();
  const [first, late] = await Promise.all([session(url), session(url)]);
  // The lock of those who make tables, which a session can take more than once.
  await first.query(`SELECT pg_advisory_lock(${0x50656e73})`);
  const waiting = prepareSchema(late, url);
  const waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
  while (await server.sql("postgres", waits) === "0");
  await prepareSchema(first, url);
  const own = await takeLease(first, { name: "one", path: url, lifetimeMs: 600_000, isEager: false });
  await first.query(`SELECT pg_advisory_unlock(${0x50656e73})`);
  await waiting;
  assertEquals(await renewLease(first, own, 600_000), true);
  for (const each of [first, late]) await each[Symbol.asyncDispose]();
});
