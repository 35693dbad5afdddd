/** Logs of entries in SQLite files, one database each. */
import type { EntryLog, EntryStore, LogLease, RequestBox } from "../entry_log.ts";
import { missing, refused } from "../journal_error.ts";
import { copyJournal } from "./journal_copy.ts";
import {
  type Connect,
  connect as connectToFile,
  failed,
  type JournalDatabase,
  journalExists,
  prepareToWrite,
  realPath,
} from "./journal_file.ts";
import { JournalLock } from "./journal_lock.ts";
import { fileRequest, withdraw } from "./journal_requests.ts";
import {
  connectToRead,
  createJournal,
  migrate,
  MIGRATIONS,
  type Migrations,
  mustBeAsMade,
} from "./journal_schema.ts";
import { SCHEMA_VERSION } from "./journal_tables.ts";
import { filesOfJournal } from "./journal_watch.ts";
import { SqliteLease } from "./sqlite_lease.ts";
import { SqliteLog } from "./sqlite_log.ts";

/** How a store reaches its files. */
export interface SqliteOptions {
  /** Opens a database; by default, through node:sqlite. */
  readonly connect?: Connect;
  /** How older versions are migrated to the current one; by default, with Penstock's own migrations. */
  readonly migrations?: Migrations;
}

/**
 * Journals in files. Reading one needs no permission to write. But SQLite must find the files -wal and -shm beside it, or
 * create them: in a folder that the user may not write to, a journal can be read only while a run has it open, or after
 * the last run was killed. For writing, a missing journal is created with its folder, whose parent must exist.
 */
export function sqliteStore(
  { connect = connectToFile, migrations = MIGRATIONS }: SqliteOptions = {},
): EntryStore {
  return {
    isInFiles: true,
    has: (path) => Promise.try(() => journalExists(path, "open")),
    read: (path) => Promise.try(() => read(path, connect)),
    lease: (path, check) => lease(path, check, { connect, migrations }),
    files: (path) => ({ reads: filesOfJournal(realPath(path)), writes: [`${path}.lock`] }),
    requestBox: (path) => Promise.try(() => requestBox(path, connect)),
    copy: copyJournal,
  };
}

function read(path: string, connect: Connect): EntryLog {
  try {
    if (!journalExists(path, "read")) throw missing(path);
    return new SqliteLog(connectToRead(path, "read", connect).database, path);
  } catch (error) {
    throw failed("read", path, error);
  }
}

async function lease(
  path: string,
  check: (log: EntryLog) => Promise<void>,
  { connect, migrations }: Required<SqliteOptions>,
): Promise<LogLease> {
  const lock = JournalLock.take(path);
  let database: JournalDatabase | null = null;
  try {
    let version = SCHEMA_VERSION;
    if (journalExists(path, "open")) {
      // A connection that only reads leaves a damaged file alone even when it is closed.
      const { database: reading, version: found } = connectToRead(path, "open", connect);
      version = found;
      await using log = new SqliteLog(reading, path, "open");
      if (version === SCHEMA_VERSION) await check(log);
    } else createJournal(path, connect);
    database = connect(path, false);
    prepareToWrite(database, path);
    if (version < SCHEMA_VERSION) {
      migrate(database, path, version, migrations);
      mustBeAsMade(database, path, SCHEMA_VERSION);
      await check(new SqliteLog(database, path, "open"));
      database.prepare("COMMIT").run();
    } else {
      // Taking the lock proves nothing: that works even if writing is impossible.
      database.prepare("UPDATE head SET seq = seq").run();
      database.prepare("ROLLBACK").run();
    }
    return new SqliteLease(database, path, lock);
  } catch (error) {
    // Closing undoes what was started.
    database?.close();
    lock[Symbol.dispose]();
    throw failed("open", path, error);
  }
}

/** Throws if an older Penstock has the journal open. */
function requestBox(path: string, connect: Connect): RequestBox {
  try {
    const { database: reading, version } = connectToRead(path, "read", connect);
    reading.close();
    if (version < SCHEMA_VERSION) {
      throw refused(
        path,
        `an older Penstock has it open (version ${version}; requests came with ${SCHEMA_VERSION}). ` +
          "Stop that one, then try again.",
      );
    }
  } catch (error) {
    throw failed("read", path, error);
  }
  const database = connect(path, false);
  const write = <T>(work: () => T): Promise<T> =>
    Promise.try(() => {
      try {
        return work();
      } catch (error) {
        throw failed("write to", path, error);
      }
    });
  return {
    file: (request) => write(() => fileRequest(database, request)),
    withdraw: (key) => write(() => withdraw(database, key)),
    [Symbol.asyncDispose]: () => write(() => database.close()),
  };
}
