/** Logs of entries in a PostgreSQL database, many in one. */
import {
  databaseHost,
  type DatabasePlace,
  isInDatabase,
  withJournal,
} from "../../../domain/run/database_place.ts";
import {
  CopyExists,
  type EntryLog,
  type EntryStore,
  type Holding,
  type ListedLog,
  type LogLease,
  type RequestBox,
} from "../entry_log.ts";
import { type JournalError, refused } from "../journal_error.ts";
import { DatabaseLink, databasePlace, journalPlace, ONCE, type Patience } from "./database_link.ts";
import { DatabaseListener } from "./database_listener.ts";
import type { DatabaseSession } from "./database_session.ts";
import { mustKnowSchema, prepareSchema } from "./database_schema.ts";
import { secretsOf } from "./database_secrets.ts";
import { examineDatabase } from "./database_checkup.ts";
import { copyInDatabase } from "./database_copy.ts";
import { journalNumber, type LeaseToken, takeLease } from "./lease_row.ts";
import { rowLifetimeMs } from "./lease_time.ts";
import { LeasePatience, PostgresLease } from "./postgres_lease.ts";
import { PostgresLog } from "./postgres_log.ts";
import { numberOf } from "./postgres_entries.ts";
import { storeFailure } from "./store_failure.ts";

/** How long a reader waits for an answer, ms: a page of entries, or a count of a million. */
const READER_MS = 30_000;
const LEASE_MS = 10_000;
/** The longest that the holder of a lease waits for an answer before it reconnects, ms. */
const HOLDER_MS = 10_000;

const FILE = `INSERT INTO penstock.requests (journal, run, kind, time, content)
  VALUES ($1, $2, $3, $4, $5) RETURNING id`;
const LIST = `SELECT name, coalesce(expires > clock_timestamp(), false) AS held,
  CASE WHEN pid IS NOT NULL THEN 'process ' || pid || coalesce(' on ' || address, '') END AS holder
  FROM penstock.journals ORDER BY name`;
const WITHDRAW = "DELETE FROM penstock.requests WHERE journal = $1 AND id = $2 AND time = $3";

/**
 * Journals in a database. A run needs one connection, and a process that listens for changes needs one more. If there
 * are no tables, a run creates them when it starts, provided that its user may.
 */
export function postgresStore(): EntryStore {
  return {
    isInFiles: false,
    has: async (path) =>
      await inDatabase("open", path, (session, { name }) => journalIn(session, path, name)) !== null,
    read: (path) => read(path, linkTo(path), "own"),
    sharing,
    lease,
    files: (path) => {
      const place = databasePlace(path);
      try {
        // Read now, because the process may drop the permission to read them.
        secretsOf(place);
      } catch (error) {
        throw storeFailure("open", path, error);
      }
      return { reads: [], writes: [], hosts: [databaseHost(place)] };
    },
    requestBox,
    listen: (path, kind, onChange) => {
      const place = databasePlace(path);
      try {
        return new DatabaseListener(place, secretsOf(place), kind, onChange);
      } catch (error) {
        throw storeFailure("read", path, error);
      }
    },
    list,
    examine: (path) => examineDatabase(path, linkTo),
    copy: (path, to) =>
      inDatabase("read", path, async (session, { name, place }) => {
        const target = isInDatabase(to) ? journalPlace(to) : null;
        if (
          target === null || databaseHost(target) !== databaseHost(place) ||
          target.database !== place.database
        ) {
          throw refused(
            path,
            `a copy goes to the same database or to a file, and ${to} is neither. Name ${
              withJournal(path, "NAME")
            }, or use pg_dump.`,
          );
        }
        const journal = await journalIn(session, path, name);
        if (journal === null) throw missingIn(path);
        return await copyInDatabase(session, { journal, name: target.journal, to });
      }),
  };
}

/** The error for a journal that the database does not have. */
function missingIn(path: string): JournalError {
  const database = path.replace(/#.*$/s, "");
  return refused(path, `there is none. "penstock status ${database}" lists those that exist.`);
}

async function read(path: string, link: DatabaseLink, use: "own" | "shared"): Promise<EntryLog> {
  try {
    const { journal: name } = journalPlace(path);
    const journal = await link.use((session) => journalIn(session, path, name));
    if (journal === null) throw missingIn(path);
    return new PostgresLog(link, journal, path, use);
  } catch (error) {
    if (use === "own") await link[Symbol.asyncDispose]();
    throw storeFailure("read", path, error);
  }
}

/** The store, with one connection to each database for all logs that are read. */
function sharing(): EntryStore & AsyncDisposable {
  const links = new Map<string, DatabaseLink>();
  return {
    ...postgresStore(),
    read: (path) => {
      const database = path.replace(/#.*$/s, "");
      const link = links.get(database) ?? linkTo(path);
      links.set(database, link);
      return read(path, link, "shared");
    },
    [Symbol.asyncDispose]: async () => {
      for (const link of links.values()) await link[Symbol.asyncDispose]();
    },
  };
}

async function lease(
  path: string,
  check: (log: EntryLog) => Promise<void>,
  given: Partial<Holding> = {},
): Promise<LogLease> {
  const holding: Holding = {
    leaseMs: LEASE_MS,
    isEager: false,
    signal: new AbortController().signal,
    onAway: () => {},
    ...given,
  };
  const { journal: name } = journalPlace(path);
  const patience = new LeasePatience(holding);
  let held: PostgresLease | null = null;
  const link = linkTo(
    path,
    Math.min(holding.leaseMs, HOLDER_MS),
    patience,
    (session) => held?.resume(session) ?? Promise.resolve(),
  );
  try {
    const { leaseMs, isEager } = holding;
    const own: LeaseToken = await link.use(async (session) => {
      await prepareSchema(session, path);
      return await takeLease(session, { name, path, lifetimeMs: rowLifetimeMs(leaseMs), isEager });
    });
    held = new PostgresLease(link, patience, own, path, holding);
    await check(new PostgresLog(link, own.journal, path, "leased", "open"));
    return held;
  } catch (error) {
    await (held ?? link)[Symbol.asyncDispose]();
    throw storeFailure("open", path, error);
  }
}

async function requestBox(path: string): Promise<RequestBox> {
  const link = linkTo(path);
  const write = async <T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> => {
    try {
      return await link.use(work);
    } catch (error) {
      throw storeFailure("write to", path, error);
    }
  };
  try {
    const { journal: name } = journalPlace(path);
    const journal = await link.use((session) => journalIn(session, path, name));
    if (journal === null) throw missingIn(path);
    return {
      file: ({ run, time, request: { kind, ...content } }) =>
        write(async (session) => {
          const [row] = await session.query(FILE, [journal, run, kind, time, JSON.stringify(content)]);
          return { id: numberOf(row?.["id"]), time };
        }),
      withdraw: ({ id, time }) =>
        write(async (session) => void await session.query(WITHDRAW, [journal, id, time])),
      [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
    };
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw storeFailure("read", path, error);
  }
}

async function list(path: string): Promise<readonly ListedLog[]> {
  const database = path.replace(/#.*$/s, "");
  try {
    await using link = linkTo(path);
    const rows = await link.use(async (session) =>
      await mustKnowSchema(session, path) ? await session.query(LIST) : []
    );
    return rows.map(({ name, holder, held }) => ({
      ...{ path: withJournal(database, name!), name: name!, holder: holder ?? null },
      isHeld: held === "t",
    }));
  } catch (error) {
    throw storeFailure("read", database, error);
  }
}

/** Returns what `work` returns in its own session. */
async function inDatabase<T>(
  operation: "open" | "read",
  path: string,
  work: (
    session: DatabaseSession,
    of: { readonly name: string; readonly place: DatabasePlace },
  ) => Promise<T>,
): Promise<T> {
  try {
    const { journal: name } = journalPlace(path);
    await using link = linkTo(path);
    return await link.use((session) => work(session, { name, place: link.place }));
  } catch (error) {
    throw error instanceof CopyExists ? error : storeFailure(operation, path, error);
  }
}

/** The number of a journal in the database; null if it, or all of the tables, are missing. */
async function journalIn(session: DatabaseSession, path: string, name: string): Promise<number | null> {
  return await mustKnowSchema(session, path) ? await journalNumber(session, name) : null;
}

function linkTo(
  path: string,
  patienceMs = READER_MS,
  patience: Patience = ONCE,
  onOpen?: (session: DatabaseSession) => Promise<void>,
): DatabaseLink {
  const place = databasePlace(path);
  try {
    return new DatabaseLink(place, { ...secretsOf(place), patienceMs }, patience, onOpen);
  } catch (error) {
    throw storeFailure("open", path, error);
  }
}
