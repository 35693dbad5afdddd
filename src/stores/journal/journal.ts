/** Keeps a run's decisions so that none is lost, or altered unnoticed. Each is on disk before anyone sees it. */
import type { OrderChange } from "../../stages/order_changes.ts";
import { type Checkpoint, type CheckpointDraft, lastCheckpoint } from "./journal_checkpoint.ts";
import type { Draft, Entry, EntryType } from "./journal_entry.ts";
import {
  type Connect,
  connect as connectToFile,
  damaged,
  failed,
  isBusy,
  isThere,
  type JournalDatabase,
  JournalError,
  prepareToWrite,
} from "./journal_file.ts";
import { JournalLock } from "./journal_lock.ts";
import { inspect } from "./journal_inspection.ts";
import { type Heartbeat, writeHeartbeat } from "./journal_heartbeat.ts";
import { type Line, lineOf, storedCheckpoint } from "./journal_line.ts";
import { lastOrderChanges } from "./journal_orders.ts";
import { gatherPrices } from "./journal_prices.ts";
import { type Prices } from "./price_note.ts";
import { type FiledRequest, prepareRequests, requestsIn } from "./journal_requests.ts";
import { connectToRead, createJournal, migrate, MIGRATIONS, type Migrations } from "./journal_schema.ts";
import { SCHEMA_VERSION } from "./journal_tables.ts";
import { JournalTail } from "./journal_tail.ts";
import { JournalWatch } from "./journal_watch.ts";
import { lastOfType } from "./linked_entry.ts";

/** How large the log beside a journal may grow, in pages of 4 KiB, before it is copied into the file: some 45 fills. */
const LOG_PAGES = 250;

/** What a journal is opened with. */
export interface JournalOptions {
  /** A clock in ms that only goes forward, for `spent`. */
  readonly now: () => number;
  /** How many of the last prices a resume needs. Older ones are dropped. */
  readonly window: number;
  /** Checks the whole chain before it is opened; otherwise only the last entries. */
  readonly verify?: boolean;
  /** Opens the database; through node:sqlite unless it is given. */
  readonly connect?: Connect;
  /** How older versions are migrated to the present one; by default, as Penstock knows. */
  readonly migrations?: Migrations;
}

/** What is committed in one transaction: all of it or nothing. */
export interface Commit {
  readonly entries?: readonly Draft[];
  /** Becomes the last of the entries, and the state that the journal has of its run. */
  readonly checkpoint?: CheckpointDraft;
  /** Requests that have been handled with this, by their numbers: they are removed. */
  readonly handled?: readonly number[];
}

/** The last run, as a resume needs it; its prices come from `lastPrices()`. */
export interface LastRun {
  readonly run: number;
  /** Its first entry, with the configuration that it started with. */
  readonly started: Entry;
  /** Null if it never got that far. */
  readonly checkpoint: Checkpoint | null;
}

/** The time that commits took, by the clock handed in, ms. */
export interface Spent {
  readonly commits: number;
  readonly totalMs: number;
  readonly worstMs: number;
}

/**
 * A journal open for writing, by this process alone. Entries are only ever added, each with a hash over itself and
 * the one before. After a failed write it takes nothing more: the program has to stop and open it again.
 */
export class Journal implements Disposable {
  readonly #path: string;
  readonly #database: JournalDatabase;
  readonly #lock: JournalLock;
  readonly #watch: JournalWatch;
  readonly #now: () => number;
  readonly #window: number;
  readonly #tail: JournalTail;
  readonly #requests: ReturnType<typeof prepareRequests>;
  #spent = { commits: 0, totalMs: 0, worstMs: 0 };
  /** Why it takes nothing more, after a failure. */
  #failure: string | null = null;
  #isClosed = false;

  /**
   * Opens the journal at `path` for writing; if there is none it is made, with its folder, in a folder that has to be
   * there. Before that it is checked: that it is a journal of a version that Penstock knows, its chain, and that what
   * derives from the chain agrees with it. Throws a JournalError that says what is wrong and what to do, and leaves
   * the file as it was; a RangeError for a window below 1.
   */
  static open(path: string, options: JournalOptions): Journal {
    const { connect = connectToFile, migrations = MIGRATIONS, verify = false, window } = options;
    if (!Number.isSafeInteger(window) || window < 1) {
      throw new RangeError(`A window must be a whole number from 1 on: got ${window}`);
    }
    const lock = JournalLock.take(path);
    let database: JournalDatabase | null = null;
    try {
      let version = SCHEMA_VERSION;
      if (isThere(path, "open")) {
        // A connection that only reads leaves a damaged file alone even when it is closed.
        const { database: reading, version: found } = connectToRead(path, "open", connect);
        version = found;
        try {
          if (version === SCHEMA_VERSION) inspect(reading, path, verify);
        } finally {
          reading.close();
        }
      } else createJournal(path, connect);
      database = connect(path, false);
      prepareToWrite(database, path);
      if (version < SCHEMA_VERSION) {
        migrate(database, path, version, migrations);
        inspect(database, path, verify);
        database.prepare("COMMIT").run();
      } else {
        // Taking the lock proves nothing: that works even if writing is impossible.
        database.prepare("UPDATE head SET seq = seq").run();
        database.prepare("ROLLBACK").run();
      }
      return new Journal(path, database, lock, options);
    } catch (error) {
      // Closing undoes what was started.
      database?.close();
      lock[Symbol.dispose]();
      throw failed("open", path, error);
    }
  }

  private constructor(
    path: string,
    database: JournalDatabase,
    lock: JournalLock,
    options: JournalOptions,
  ) {
    this.#path = path;
    this.#database = database;
    this.#lock = lock;
    this.#watch = new JournalWatch(path);
    this.#now = options.now;
    this.#window = options.window;
    database.prepare(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`).get();
    this.#tail = new JournalTail(database, path, options.window);
    this.#requests = prepareRequests(database);
  }

  /** Its path. */
  get path(): string {
    return this.#path;
  }

  /** The number of the run that entries are added to; 0 before the first. */
  get run(): number {
    return this.#tail.run;
  }

  /** The last entry's number, 0 before the first, and its hash. */
  get head(): { readonly seq: number; readonly hash: Uint8Array } {
    const { seq, hash } = this.#tail;
    return { seq, hash };
  }

  /** The time that commits took so far. */
  get spent(): Spent {
    return { ...this.#spent };
  }

  /**
   * Starts a run with a `started` entry, on disk when this returns, and returns its number. Throws like `commit`.
   */
  startRun({ time, content }: Omit<Draft, "type">): number {
    this.#mustTake();
    this.#write([lineOf({ type: "started", time, content })], null, this.run + 1);
    return this.run;
  }

  /**
   * Adds entries to the present run, and a checkpoint after them, in one transaction that is on disk when this
   * returns. Returns the number of the journal's last entry.
   *
   * Throws a JournalError if it cannot be written: do not report the events then; no further commit is taken. All of
   * it or nothing is in the journal: nothing, unless the disk failed in the very act of confirming; opening it again
   * shows. Throws a RangeError or a TypeError, before anything is written, for what no journal can hold.
   */
  commit({ entries = [], checkpoint, handled = [] }: Commit): number {
    this.#mustTake();
    if (this.run === 0) throw new Error(`The journal ${this.#path} has no run yet: startRun() comes first`);
    const lines = entries.map(lineOf);
    if (checkpoint !== undefined || lines.length > 0 || handled.length > 0) {
      this.#write(lines, checkpoint ?? null, this.run, handled);
    }
    return this.#tail.seq;
  }

  /** The requests to this run that other processes have filed, oldest first. Throws a JournalError like `last`. */
  requests(): FiledRequest[] {
    this.#mustTake();
    return this.#read(() => requestsIn(this.#requests));
  }

  /** The number of the last entry of `type` in the present run; null if there is none. Throws like `last`. */
  lastOf(type: EntryType): number | null {
    return this.#read(() => lastOfType(this.#database, this.#path, this.run, type)?.seq ?? null);
  }

  /**
   * Writes a heartbeat for other processes. It is not an entry; see journal_heartbeat.ts. If another process has the
   * journal locked, this heartbeat is skipped. Throws like `commit` if it cannot be written, and like
   * `mustBeInPlace`.
   */
  heartbeat(heartbeat: Heartbeat): void {
    this.#mustTake();
    this.mustBeInPlace();
    if (this.run === 0) throw new Error(`The journal ${this.#path} has no run yet: startRun() comes first`);
    const from = this.#now();
    try {
      writeHeartbeat(this.#database, { ...heartbeat, run: this.run, seq: this.#tail.seq });
    } catch (error) {
      if (!isBusy(error)) throw this.#fail(error);
    }
    this.#spend(this.#now() - from);
  }

  /**
   * Throws a JournalError if a file of the journal was removed or replaced since it was opened: then what is
   * committed is not on disk, or another process may be writing too. No further commit is taken.
   */
  mustBeInPlace(): void {
    const loss = this.#watch.loss();
    if (loss === null) return;
    throw this.#fail(
      new JournalError(
        `Cannot go on with the journal ${this.#path}: ${loss} while it was open. What is decided from here on ` +
          "would not be kept, or not by this process alone. Put the files back, or restore the journal from a " +
          "copy, and start again.",
      ),
    );
  }

  /** The last run in the journal; null before the first. Throws a JournalError if it cannot be read. */
  last(): LastRun | null {
    if (this.run === 0) return null;
    return this.#read(() => {
      const started = lastOfType(this.#database, this.#path, this.run, "started");
      if (started === null) throw damaged(this.#path, `run ${this.run} has no beginning`);
      const checkpoint = lastCheckpoint(this.#database, this.#path, this.run);
      return { run: this.run, started, checkpoint };
    });
  }

  /** The last entries of every run that say what its instrument was, newest first. Throws like `last`. */
  *instruments(): Generator<Entry> {
    for (let run = this.run; run > 0; run--) {
      const entries = (["rules", "resumed", "started"] as const).flatMap((type) =>
        this.#latest(run, type) ?? []
      );
      yield* entries.sort((one, other) => other.seq - one.seq);
    }
  }

  /** How `run` was resumed last, or else started; null if it has no start. Throws like `last`. */
  openingOf(run: number): Entry | null {
    return this.#latest(run, "resumed") ?? this.#latest(run, "started");
  }

  /**
   * How the last run was resumed last, or else started, and the instrument's rules that came since; null before the
   * first run. Throws like `last`.
   */
  lastOpening(): { readonly opening: Entry; readonly rules: Entry | null } | null {
    const opening = this.run === 0 ? null : this.openingOf(this.run);
    if (opening === null) return null;
    const rules = this.#latest(this.run, "rules");
    return { opening, rules: rules !== null && rules.seq > opening.seq ? rules : null };
  }

  #latest(run: number, type: EntryType): Entry | null {
    return this.#read(() => lastOfType(this.#database, this.#path, run, type));
  }

  /**
   * The prices of the last up to `window` trades before the last checkpoint, oldest first, in the finest unit among
   * them; none where the last run has no checkpoint. Throws a JournalError if a part of them is missing or altered.
   */
  lastPrices(): Prices {
    return this.#read(() => {
      const checkpoint = lastCheckpoint(this.#database, this.#path, this.run);
      if (checkpoint === null) return { decimals: 0, values: [] };
      return gatherPrices(this.#database, this.#path, checkpoint, this.#window);
    });
  }

  /**
   * The last `count` changes of waiting orders up to the last checkpoint, oldest first. Throws a JournalError if they
   * are not all there, or an entry between them is altered.
   */
  lastOrderChanges(count: number): OrderChange[] {
    if (count === 0) return [];
    return this.#read(() => {
      const checkpoint = lastCheckpoint(this.#database, this.#path, this.run);
      if (checkpoint === null) return [];
      return lastOrderChanges(this.#database, this.#path, checkpoint, this.run, count);
    });
  }

  /** Closes it and lets other processes write to it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#database.close();
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  #mustTake(): void {
    if (this.#isClosed) throw new Error(`The journal ${this.#path} is closed`);
    if (this.#failure !== null) throw new JournalError(this.#failure);
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw failed("read", this.#path, error);
    }
  }

  #write(
    entries: readonly Line[],
    checkpoint: CheckpointDraft | null,
    run: number,
    handled: readonly number[] = [],
  ): void {
    const stored = checkpoint === null ? null : storedCheckpoint(checkpoint, this.#tail.pricedBefore(run));
    const from = this.#now();
    try {
      this.#tail.add({ run, entries, checkpoint: stored, handled });
    } catch (error) {
      throw this.#fail(error);
    }
    this.#spend(this.#now() - from);
  }

  #fail(error: unknown): JournalError {
    this.#tail.undo();
    const failure = failed("write to", this.#path, error);
    this.#failure = `${failure.message} It takes nothing more until it is opened again.`;
    return failure;
  }

  #spend(ms: number): void {
    const { commits, totalMs, worstMs } = this.#spent;
    this.#spent = { commits: commits + 1, totalMs: totalMs + ms, worstMs: Math.max(worstMs, ms) };
  }
}
