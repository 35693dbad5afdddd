/** The program's tables in a database, and how the program creates and migrates them. */
import { refused } from "../journal_error.ts";
import { QUEUE_PRIVILEGES, QUEUE_TABLES, SWEEPER, WORKER } from "../../queue/queue_tables.ts";
import type { DatabaseSession } from "./database_session.ts";

/** The roles that are granted privileges if they exist: one that writes journals, and one that only reads them. */
export const WRITER = "penstock_writer";
export const READER = "penstock_reader";

/**
 * The statements that make each version from the one before, the first from nothing. Once released, they never
 * change. Times are µs since 1970, except those of the lease, which are of the database's own clock; amounts are
 * decimal text in JSON, or numeric.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [[
  `CREATE SCHEMA penstock`,
  `CREATE TABLE penstock.version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL
  )`,
  // seq and hash: the end of the chain. token: grows with every holder of the lease, which ends when it expires; null
  // if it is free. session: the server process that the holder is connected to. address, pid: the holder's own.
  `CREATE TABLE penstock.journals (
    journal integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    seq bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    token bigint NOT NULL DEFAULT 0,
    expires timestamptz,
    session integer,
    address text,
    pid integer
  ) WITH (fillfactor = 50)`,
  // content: JSON. hash: SHA-256, see journal_chain.ts.
  `CREATE TABLE penstock.entries (
    journal integer NOT NULL REFERENCES penstock.journals,
    seq bigint NOT NULL,
    run integer NOT NULL,
    type text NOT NULL,
    time bigint NOT NULL,
    content text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (journal, seq)
  )`,
  // Checkpoints are left out: there is one for each commit, and only the last is ever searched, near the end.
  `CREATE INDEX entries_by_type ON penstock.entries (journal, type, run, seq) WHERE type <> 'checkpoint'`,
  `CREATE FUNCTION penstock.entries_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'entries of a journal are never changed or removed'; END $$`,
  `CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON penstock.entries
    FOR EACH STATEMENT EXECUTE FUNCTION penstock.entries_stay()`,
  // Each run at its last checkpoint, at the entry seq. content: state, account, positions. closes: where its closes are.
  `CREATE TABLE penstock.states (
    journal integer NOT NULL REFERENCES penstock.journals,
    run integer NOT NULL,
    seq bigint NOT NULL,
    content text NOT NULL,
    closes text NOT NULL,
    PRIMARY KEY (journal, run)
  ) WITH (fillfactor = 50)`,
  // bytes: float64, little-endian, integers in units of 10^-decimals. state: SHA-256 of the content of the state.
  `CREATE TABLE penstock.closes (
    journal integer NOT NULL REFERENCES penstock.journals,
    seq bigint NOT NULL,
    decimals integer NOT NULL,
    fresh integer NOT NULL,
    bytes bytea NOT NULL,
    before bigint,
    state bytea,
    PRIMARY KEY (journal, seq)
  )`,
  `CREATE TABLE penstock.heartbeats (
    journal integer PRIMARY KEY REFERENCES penstock.journals,
    run integer NOT NULL,
    seq bigint NOT NULL,
    time bigint NOT NULL,
    pid bigint NOT NULL,
    trades bigint NOT NULL,
    trades_per_second bigint NOT NULL,
    lag_ms bigint,
    price numeric,
    price_time bigint
  ) WITH (fillfactor = 50)`,
  // The checks refuse a request that the run could not read.
  `CREATE TABLE penstock.requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal integer NOT NULL REFERENCES penstock.journals,
    run integer NOT NULL,
    kind text NOT NULL CHECK (length(kind) <= 40),
    time bigint NOT NULL CHECK (time BETWEEN 0 AND 9007199254740991),
    content text NOT NULL CHECK (length(content) <= 10000)
  )`,
  `CREATE INDEX requests_by_journal ON penstock.requests (journal, id)`,
], QUEUE_TABLES];

/** The tables of the queue, and the one that a process has to read before it uses them. */
const OF_QUEUE = "penstock.version, penstock.sweeps, penstock.tasks, penstock.workers";

/** What the roles may do, if they exist. Only the owner may change entries or the tables. */
export const GRANTS: readonly string[] = [
  ...[WRITER, READER, SWEEPER, WORKER].map((role) => grant(role, "USAGE ON SCHEMA penstock")),
  ...[WRITER, READER].map((role) => grant(role, "SELECT ON ALL TABLES IN SCHEMA penstock")),
  ...[SWEEPER, WORKER].map((role) => grant(role, `SELECT ON ${OF_QUEUE}`)),
  grant(
    WRITER,
    "INSERT (name), UPDATE (seq, hash, token, expires, session, address, pid) ON penstock.journals",
  ),
  grant(WRITER, "INSERT ON penstock.entries"),
  grant(WRITER, "INSERT, UPDATE ON penstock.states"),
  grant(WRITER, "INSERT, UPDATE ON penstock.heartbeats"),
  grant(WRITER, "INSERT, DELETE ON penstock.closes"),
  grant(WRITER, "INSERT, DELETE ON penstock.requests"),
  ...QUEUE_PRIVILEGES.map(([role, privileges]) => grant(role, privileges)),
];

/**
 * Returns a psql script that creates the roles and the tables, and grants the privileges. It is for a database in which
 * runs may not create tables.
 */
export function schemaScript(): string {
  const roles = [WRITER, READER, SWEEPER, WORKER].map((role) =>
    `DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role}; END IF;
  END $$`
  );
  const made = `INSERT INTO penstock.version VALUES (true, ${MIGRATIONS.length})`;
  return ["BEGIN", ...roles, ...MIGRATIONS.flat(), made, ...GRANTS, "COMMIT"]
    .map((statement) => `${statement};\n`).join("\n");
}

/** A number that nothing else in the database locks: the first four letters of Penstock in ASCII. */
const LOCK = 0x50656e73;
/** Reads the catalogue, because `to_regclass` may return a cached answer within a transaction. */
const HAS_TABLES = `SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class AS made JOIN pg_catalog.pg_namespace AS named ON named.oid = made.relnamespace
    WHERE named.nspname = 'penstock' AND made.relname = 'version'
  ) AS made`;
const OWNED = `SELECT pg_has_role(relowner, 'USAGE') AS owned, relowner::regrole AS owner FROM pg_class
  WHERE oid = 'penstock.version'::regclass`;
const HELD = "SELECT count(*) AS held FROM penstock.journals WHERE expires > clock_timestamp()";

function grant(role: string, privileges: string): string {
  return `DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN GRANT ${privileges} TO ${role}; END IF;
  END $$`;
}

/** The version of the tables in the database; 0 if there are none. */
export async function schemaVersion(session: DatabaseSession): Promise<number> {
  const [found] = await session.query(HAS_TABLES);
  if (found?.["made"] !== "t") return 0;
  const [row] = await session.query("SELECT version FROM penstock.version");
  return Number(row?.["version"] ?? 0);
}

/**
 * Throws a JournalError, which names the journal's `path`, unless the tables are of a version that this program reads.
 * Returns whether there are any.
 */
export async function mustKnowSchema(session: DatabaseSession, path: string): Promise<boolean> {
  const version = await schemaVersion(session);
  if (version === 0) return false;
  const known = MIGRATIONS.length;
  if (version > known) throw refused(path, `${newer(version, known)}. Use that Penstock.`);
  if (version === known) return true;
  throw refused(
    path,
    `an older Penstock made its tables (version ${version}). A run migrates them when it starts.`,
  );
}

/** Creates the error that says why the tables are not used. */
export type Refuse = (why: string) => Error;

/**
 * Creates the tables, or migrates them, in one transaction, one process at a time. Throws the error of
 * `refuse`, by default a JournalError that names the journal's `path`, if a newer Penstock made them, if an older one
 * still writes to them, or if they cannot be kept in this database.
 */
export async function prepareSchema(
  session: DatabaseSession,
  path: string,
  migrations: readonly (readonly string[])[] = MIGRATIONS,
  refuse: Refuse = (why) => refused(path, why),
): Promise<void> {
  const known = migrations.length;
  if (await schemaVersion(session) === known) return;
  await session.query("BEGIN");
  try {
    await session.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    const version = await schemaVersion(session);
    if (version > known) throw refuse(`${newer(version, known)}. Use that Penstock.`);
    if (version === known) {
      // Another process made them while this one waited, and may hold a lease by now.
      await session.query("COMMIT");
      return;
    }
    if (version === 0) await mustBeUtf8(session, refuse);
    else {
      await mustBeOwned(session, refuse);
      await mustBeIdle(session, refuse);
    }
    for (const statement of migrations.slice(version).flat()) await session.query(statement);
    if (version === 0) await session.query(`INSERT INTO penstock.version VALUES (true, ${known})`);
    else {
      await session.query(`UPDATE penstock.version SET version = ${known}`);
      // Then a process of an older version that was paused or cut off can commit nothing when it comes back.
      await session.query("UPDATE penstock.journals SET token = token + 1, expires = NULL");
    }
    for (const statement of GRANTS) await session.query(statement);
    await session.query("COMMIT");
  } catch (error) {
    // If even that fails, the session is lost, and the server rolls back.
    await session.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

function newer(version: number, known: number): string {
  return `a newer Penstock made its tables (version ${version}; this one knows ${known})`;
}

/**
 * Throws the error of `refuse` unless the database is in UTF-8, the encoding that returns every text as it was written.
 */
async function mustBeUtf8(session: DatabaseSession, refuse: Refuse): Promise<void> {
  const [row] = await session.query("SHOW server_encoding");
  const encoding = row?.["server_encoding"];
  if (encoding === "UTF8") return;
  throw refuse(
    `its database keeps text as ${encoding}, which cannot hold every character. Create one with createdb ` +
      "--encoding=UTF8 --template=template0.",
  );
}

/** Throws the error of `refuse` unless the user may migrate the tables. The privilege to use them is not enough. */
async function mustBeOwned(session: DatabaseSession, refuse: Refuse): Promise<void> {
  const [row] = await session.query(OWNED);
  if (row?.["owned"] === "t") return;
  throw refuse(
    `its tables are of an older version, and only their owner, ${row?.["owner"]}, may migrate them. ` +
      "Start this Penstock once as that user.",
  );
}

async function mustBeIdle(session: DatabaseSession, refuse: Refuse): Promise<void> {
  // A process that requests a lease from now on waits for the migration, then finds that it is too old.
  await session.query("LOCK TABLE penstock.journals IN ACCESS EXCLUSIVE MODE");
  const [row] = await session.query(HELD);
  const held = Number(row?.["held"]);
  if (held === 0) return;
  throw refuse(
    `its tables are of an older version, and ${held} ${held === 1 ? "run" : "runs"} of an older Penstock ` +
      `${held === 1 ? "uses" : "use"} them. Stop ${held === 1 ? "it" : "them"}, then start this one again.`,
  );
}
