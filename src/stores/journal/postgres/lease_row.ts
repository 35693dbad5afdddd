/** The lease of a journal: a row with a token that grows with every holder, and the time when the lease ends. */
import { JournalHeld } from "../journal_error.ts";
import type { DatabaseRow, DatabaseSession } from "./database_session.ts";
import { bytesOf, numberOf } from "./postgres_entries.ts";
import type { ChainPlace } from "../entry_log.ts";

/** The holder's proof that it has the lease. */
export interface LeaseToken {
  /** The journal's number in the database. */
  readonly journal: number;
  /** Each later holder has a larger one. */
  readonly token: number;
}

/** Only the database's clock decides, so the clocks of the processes may differ. */
const CLOCK = "clock_timestamp()";
const MS = "* interval '1 millisecond'";
const SESSION_ENDED = "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = journals.session)";
const HOLDER = "session = pg_backend_pid(), address = host(inet_client_addr())";

const FIND = `SELECT journal FROM penstock.journals WHERE name = $1`;
const INSERT = "INSERT INTO penstock.journals (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
const take = (free: string) =>
  `UPDATE penstock.journals SET token = token + 1, expires = ${CLOCK} + $2 ${MS}, pid = $3, ${HOLDER}
    WHERE name = $1 AND (${free}) RETURNING journal, token, seq, hash`;
const FREE = `expires IS NULL OR expires <= ${CLOCK}`;
const TAKE = take(FREE);
const TAKE_EAGERLY = take(`${FREE} OR ${SESSION_ENDED}`);
const SELECT_ROW = `SELECT token, seq, hash, address, pid,
  ceil(extract(epoch FROM expires - ${CLOCK}) * 1000)::bigint AS ends_in_ms`;
const SELECT_BY_NAME = `${SELECT_ROW} FROM penstock.journals WHERE name = $1`;
const SELECT_BY_NUMBER = `${SELECT_ROW} FROM penstock.journals WHERE journal = $1`;
const RENEW = `UPDATE penstock.journals SET expires = ${CLOCK} + $3 ${MS}, ${HOLDER}
  WHERE journal = $1 AND token = $2 RETURNING journal`;
const RELEASE = `UPDATE penstock.journals SET expires = NULL, session = NULL
  WHERE journal = $1 AND token = $2`;

/** The state of a journal's row. */
export interface LeaseRow {
  readonly token: number;
  readonly head: ChainPlace;
  /** The last holder: its address and the number of its process; null for none. */
  readonly holder: string | null;
  /** When the lease ends unless it is renewed, ms from now; null if nobody holds it. */
  readonly endsInMs: number | null;
}

/** The number of the journal with this name; null if there is none. */
export async function journalNumber(session: DatabaseSession, name: string): Promise<number | null> {
  const [row] = await session.query(FIND, [name]);
  return row === undefined ? null : numberOf(row["journal"]);
}

/** The state of the row of a journal, by its name or its number; null if there is none. */
export async function leaseRow(session: DatabaseSession, journal: string | number): Promise<LeaseRow | null> {
  const [row] = await session.query(typeof journal === "string" ? SELECT_BY_NAME : SELECT_BY_NUMBER, [
    journal,
  ]);
  return row === undefined ? null : rowOf(row);
}

/**
 * Takes the lease of the journal called `name` for `lifetimeMs`, and creates the journal if there is none. Throws
 * JournalHeld, which names the journal's `path`, if another process holds it. `isEager` also takes it from a holder
 * without a connection.
 */
export async function takeLease(
  session: DatabaseSession,
  { name, path, lifetimeMs, isEager }: {
    readonly name: string;
    readonly path: string;
    readonly lifetimeMs: number;
    readonly isEager: boolean;
  },
): Promise<LeaseToken> {
  // Checked first, as every attempted insert would use up a number.
  if (await journalNumber(session, name) === null) await session.query(INSERT, [name]);
  const [row] = await session.query(isEager ? TAKE_EAGERLY : TAKE, [name, lifetimeMs, Deno.pid]);
  if (row !== undefined) return { journal: numberOf(row["journal"]), token: numberOf(row["token"]) };
  throw held(path, await leaseRow(session, name));
}

/**
 * Extends the lease to `lifetimeMs` from now, and records `session` as that of its holder. Returns false if another
 * process has taken it.
 */
export async function renewLease(
  session: DatabaseSession,
  { journal, token }: LeaseToken,
  lifetimeMs: number,
): Promise<boolean> {
  return (await session.query(RENEW, [journal, token, lifetimeMs])).length > 0;
}

/** Releases the lease, if this token still holds it and the database answers within `patienceMs`. */
export async function releaseLease(
  session: DatabaseSession,
  { journal, token }: LeaseToken,
  patienceMs: number,
): Promise<void> {
  await session.query(RELEASE, [journal, token], patienceMs);
}

function held(path: string, row: LeaseRow | null): JournalHeld {
  const who = row?.holder ?? "another process";
  const ends = row?.endsInMs == null
    ? ""
    : ` Its lease ends in ${Math.ceil(row.endsInMs / 1000)}s unless it renews it.`;
  return new JournalHeld(
    `Cannot open the journal ${path}: ${who} has it open, and only one may write to it.${ends} ` +
      "Stop that one, wait with --standby, or choose another --name.",
    row?.endsInMs,
  );
}

function rowOf(row: DatabaseRow): LeaseRow {
  const { address, pid, ends_in_ms: ends } = row;
  return {
    token: numberOf(row["token"]),
    head: { seq: numberOf(row["seq"]), hash: bytesOf(row["hash"]!) },
    holder: pid == null ? null : `process ${pid}${address == null ? "" : ` on ${address}`}`,
    endsInMs: ends == null ? null : numberOf(ends),
  };
}
