/** The right to add to a log in a SQLite database. */
import type { Addition, EntryLog, KeptHeartbeat, LogLease } from "../entry_log.ts";
import { beginPatiently, failed, isBusy, type JournalDatabase } from "./journal_file.ts";
import { writeHeartbeat } from "./journal_heartbeat.ts";
import type { JournalLock } from "./journal_lock.ts";
import { JournalWatch } from "./journal_watch.ts";
import { SqliteLog } from "./sqlite_log.ts";

/**
 * How large the log beside a journal may grow, in pages of 4 KiB, before it is copied into the file: about 45 fills.
 */
const LOG_PAGES = 250;

/** The lease of a journal's file: its lock, and a database that is open for writing. */
export class SqliteLease implements LogLease {
  readonly log: EntryLog;
  readonly #path: string;
  readonly #database: JournalDatabase;
  readonly #lock: JournalLock;
  readonly #watch: JournalWatch;
  readonly #statements: ReturnType<typeof statementsOf>;

  /** Closes `database` and releases `lock` in the end. */
  constructor(database: JournalDatabase, path: string, lock: JournalLock) {
    database.prepare(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`).get();
    this.log = new SqliteLog(database, path);
    this.#path = path;
    this.#database = database;
    this.#lock = lock;
    this.#watch = new JournalWatch(path);
    this.#statements = statementsOf(database);
  }

  append(addition: Addition): Promise<void> {
    return this.#write(() => {
      try {
        this.#append(addition);
      } catch (error) {
        this.#undo();
        throw error;
      }
    });
  }

  writeHeartbeat(heartbeat: KeptHeartbeat): Promise<void> {
    return this.#write(() => {
      try {
        writeHeartbeat(this.#database, heartbeat);
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
    });
  }

  loss(): Promise<string | null> {
    return Promise.try(() => this.#watch.loss());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.log[Symbol.asyncDispose]();
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  #append({ entries, head, state, closes, closesFrom, firstCloses, handled }: Addition): void {
    const statements = this.#statements;
    beginPatiently(statements.begin);
    for (const { seq, run, type, time, content, hash } of entries) {
      statements.entry.run(seq, run, type, time, content, hash);
    }
    statements.head.run(head.seq, head.hash);
    for (const id of handled) statements.handle.run(id);
    if (state !== null) statements.state.run(state.run, state.seq, state.content, state.closes);
    if (closesFrom !== null) statements.merge.run(closesFrom);
    if (closes !== null) {
      const { seq, decimals, fresh, bytes, before, state } = closes;
      const hash = state === null ? null : Uint8Array.fromHex(state);
      statements.closes.run(seq, decimals, fresh, bytes, before, hash);
    }
    if (firstCloses !== null) statements.prune.run(firstCloses);
    statements.commit.run();
  }

  /** Undoes what a failed write left behind, if anything. */
  #undo(): void {
    try {
      this.#statements.rollback.run();
    } catch {
      // Then there is nothing to undo, or closing undoes it.
    }
  }

  #write(write: () => void): Promise<void> {
    return Promise.try(() => {
      try {
        write();
      } catch (error) {
        throw failed("write to", this.#path, error);
      }
    });
  }
}

function statementsOf(database: JournalDatabase) {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    entry: database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)"),
    head: database.prepare("UPDATE head SET seq = ?, hash = ? WHERE one = 1"),
    state: database.prepare("INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?)"),
    closes: database.prepare("INSERT INTO checkpoint_prices VALUES (?, ?, ?, ?, ?, ?)"),
    merge: database.prepare("DELETE FROM checkpoint_prices WHERE seq >= ?"),
    prune: database.prepare("DELETE FROM checkpoint_prices WHERE seq < ?"),
    handle: database.prepare("DELETE FROM requests WHERE id = ?"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
  };
}
