/** Reads a journal, even while a run writes to it. */
import { chainedEntries, type ChainPlace, type ChainResult, hashAt } from "./journal_chain.ts";
import { type AccountRow, type Checkpoint, lastCheckpoint, type PositionRow } from "./journal_checkpoint.ts";
import {
  BOUND_TYPE,
  type Entry,
  type EntryType,
  ofTypeInRun,
  RAW_COLUMNS,
  type RawEntry,
  readEntry,
} from "./journal_entry.ts";
import {
  type Connect,
  connect as connectToFile,
  damaged,
  failed,
  isThere,
  type JournalDatabase,
  refused,
  type Row,
} from "./sqlite/journal_file.ts";
import { chainedAll, type CheckedEnd, inspectEnd, lastRunOf, verifyAll } from "./journal_inspection.ts";
import { heartbeatOf, type KeptHeartbeat } from "./sqlite/journal_heartbeat.ts";
import {
  type FiledRequest,
  isWaiting,
  prepareRequests,
  type RequestKey,
  requestsIn,
} from "./sqlite/journal_requests.ts";
import { connectToRead, versionOf } from "./sqlite/journal_schema.ts";
import { FIRST_WITH_HEARTBEAT, FIRST_WITH_STATES } from "./sqlite/journal_tables.ts";
import { linkedEntry } from "./linked_entry.ts";

/** Which entries to read; all unless it says otherwise. */
export interface EntriesWanted {
  /** Only those after this one. */
  readonly afterSeq?: number;
  readonly types?: readonly EntryType[];
  readonly run?: number;
}

const COUNTS = `SELECT type, count(*) AS count
  FROM (SELECT ${BOUND_TYPE} AS type FROM entries WHERE type <> 'checkpoint'`;
/** A run has a checkpoint for every decision, which says how many there were: without one there are few. */
const MOST_COUNTED = 1_000_000;
/** How many entries are in memory at once, of each type. */
const CHUNK = 500;

/** A journal open for reading. It sees what is written meanwhile, and never blocks a writer. */
export class JournalReader implements Disposable {
  readonly #path: string;
  readonly #database: JournalDatabase;
  #isClosed = false;

  /**
   * Opens the journal at `path`. Throws a JournalError if there is none or it cannot be read, and says why.
   *
   * It takes no permission to write. But SQLite has to find the files -wal and -shm beside the journal, or make them:
   * in a folder that the user may not write to, a journal can be read only while a run has it open or when the last
   * one was killed.
   */
  static open(path: string, { connect = connectToFile }: { readonly connect?: Connect } = {}): JournalReader {
    try {
      if (!isThere(path, "read")) {
        throw refused(path, "there is none. Name the file that a run keeps its journal in.");
      }
      return new JournalReader(path, connectToRead(path, "read", connect).database);
    } catch (error) {
      throw failed("read", path, error);
    }
  }

  private constructor(path: string, database: JournalDatabase) {
    this.#path = path;
    this.#database = database;
  }

  /** Where the journal is. */
  get path(): string {
    return this.#path;
  }

  /** The number of the last run; 0 before the first. */
  get lastRun(): number {
    return this.#read(() => lastRunOf(this.#database, this.#path));
  }

  /** The number of the last entry; 0 before the first. */
  get lastSeq(): number {
    return this.#read(() =>
      Number(this.#database.prepare("SELECT max(seq) AS seq FROM entries").get()?.["seq"] ?? 0)
    );
  }

  /** The last heartbeat of a process that writes, of whatever run; null before the first. */
  get heartbeat(): KeptHeartbeat | null {
    return this.#read(() =>
      versionOf(this.#database, this.#path) < FIRST_WITH_HEARTBEAT
        ? null
        : heartbeatOf(this.#database, this.#path)
    );
  }

  /** Whether a request to the run that writes still waits; the journal has to be of the present version. */
  isWaiting(key: RequestKey): boolean {
    return this.#read(() => isWaiting(this.#database, key));
  }

  /** The requests that wait for the process that writes, or for the next one, oldest first. */
  requests(): FiledRequest[] {
    return this.#read(() =>
      versionOf(this.#database, this.#path) < FIRST_WITH_STATES
        ? []
        : requestsIn(prepareRequests(this.#database))
    );
  }

  /** The time of the last entry, µs since 1970; null if there is none. */
  get lastEntryTime(): number | null {
    return this.#read(() => {
      const row = this.#database.prepare("SELECT time FROM entries ORDER BY seq DESC LIMIT 1").get();
      return row === undefined ? null : Number(row["time"]);
    });
  }

  /**
   * Entries in their order as they stand there, unchecked, read as they are taken, in memory that does not grow with the
   * journal. Those that are written meanwhile come too. Throws a JournalError at one that cannot be read.
   */
  *entries({ afterSeq = 0, types, run }: EntriesWanted = {}): Generator<Entry> {
    if (types === undefined) {
      yield* run === undefined
        ? this.#follow("seq > ?", afterSeq)
        : this.#follow("run = ? AND seq > ?", afterSeq, run);
      return;
    }
    // Run by run, as the index of the types is in order within one.
    for (let at = run ?? 1; at <= (run ?? this.lastRun); at++) {
      yield* inOrder(
        types.map((type) => this.#follow(`${ofTypeInRun(type)} AND seq > ?`, afterSeq, type, at)),
      );
    }
  }

  /**
   * The last up to `count` entries of one type, in their order, of `run` or of the last run. Throws a JournalError for one
   * that cannot be read or does not fit between its neighbours.
   */
  latest(type: EntryType, count: number, run = this.lastRun): Entry[] {
    const sql = `SELECT ${RAW_COLUMNS} FROM entries WHERE ${ofTypeInRun(type)} ORDER BY seq DESC LIMIT ?`;
    const rows = this.#read(() => this.#database.prepare(sql).all(type, run, count));
    return rows.reverse().map((row) => this.#read(() => linkedEntry(this.#database, this.#path, row)));
  }

  /** The first entry of one type after `afterSeq` in `run`; null if there is none. Throws like `latest`. */
  first(type: EntryType, afterSeq: number, run: number): Entry | null {
    const sql = `SELECT ${RAW_COLUMNS} FROM entries WHERE ${
      ofTypeInRun(type)
    } AND seq > ? ORDER BY seq LIMIT 1`;
    return this.#read(() => {
      const row = this.#database.prepare(sql).get(type, run, afterSeq);
      return row === undefined ? null : linkedEntry(this.#database, this.#path, row);
    });
  }

  /** The hash of an entry, in hexadecimal; null if there is no such entry. */
  hashOf(seq: number): string | null {
    return this.#read(() => hashAt(this.#database, seq));
  }

  /** How many entries of each type but checkpoints there are, in `run` or in all. */
  counts(run?: number): Partial<Record<EntryType, number>> {
    const rows = this.#read(() =>
      run === undefined
        ? this.#database.prepare(`${COUNTS} LIMIT ?) GROUP BY type`).all(MOST_COUNTED + 1)
        : this.#database.prepare(`${COUNTS} AND run = ? LIMIT ?) GROUP BY type`).all(run, MOST_COUNTED + 1)
    );
    if (rows.some(({ type }) => type === null)) {
      throw damaged(this.#path, "the type of an entry cannot be read");
    }
    if (rows.reduce((sum, { count }) => sum + Number(count), 0) > MOST_COUNTED) {
      throw damaged(
        this.#path,
        `more than ${MOST_COUNTED} of its entries have no checkpoint that counts them`,
      );
    }
    return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
  }

  /** `run` or the last run at its last checkpoint; null before the first. */
  checkpoint(run = this.lastRun): Checkpoint | null {
    return this.#read(() => lastCheckpoint(this.#database, this.#path, run));
  }

  /** The account of `run` or of the last run, as of its last checkpoint; null before the first. */
  account(run = this.lastRun): AccountRow | null {
    return this.checkpoint(run)?.account ?? null;
  }

  /** The positions of `run` or of the last run, as of its last checkpoint, in the order of their symbols. */
  positions(run = this.lastRun): PositionRow[] {
    const positions = this.checkpoint(run)?.positions ?? [];
    return positions.toSorted((a, b) => a.symbol < b.symbol ? -1 : 1);
  }

  /**
   * Looks at the end of `run`, no more than `most` entries, as `inspectEnd` does. To be called `atOnce`. Throws a
   * JournalError if it is not as Penstock left it.
   */
  inspectEnd(run: number, most: number): CheckedEnd {
    return this.#read(() => inspectEnd(this.#database, this.#path, run, most));
  }

  /**
   * The entries from `first` to `until`, each once its hash was found to be right, in memory that does not grow with
   * them. Throws a JournalError at the first that is not as Penstock left it.
   */
  *chainedPart(first: number, until: ChainPlace): Generator<RawEntry> {
    const entries = chainedEntries(this.#database, this.#path, { first, until });
    for (;;) {
      const { done, value } = this.#read(() => entries.next());
      if (!done) yield value;
      else if (value.isWhole) return;
      else throw damaged(this.#path, value.what);
    }
  }

  /**
   * Looks at the whole journal as it stands now: every entry, the tables that derive from them, the prices that are
   * kept and the database itself. Throws a JournalError if it cannot be read.
   */
  verifyChain(): ChainResult {
    return this.atOnce(() => verifyAll(this.#database, this.#path));
  }

  /** Calls `read` on one state of the journal, whatever is written meanwhile. Calls cannot be nested. */
  atOnce<T>(read: () => T): T {
    return this.#read(() => {
      this.#database.prepare("BEGIN").run();
      try {
        return read();
      } finally {
        this.#database.prepare("ROLLBACK").run();
      }
    });
  }

  /**
   * The same while it is read: every entry as it was written, once its hash was found to be right, and what there is
   * to say of all at the end. What they say the caller has to look at. Meanwhile this reader sees one state of the
   * journal. Throws a JournalError if it cannot be read.
   */
  *chained(): Generator<RawEntry, ChainResult> {
    const run = (sql: string) => this.#read(() => this.#database.prepare(sql).run());
    run("BEGIN");
    try {
      return yield* chainedAll(this.#database, this.#path);
    } catch (error) {
      throw failed("read", this.#path, error);
    } finally {
      if (!this.#isClosed) run("ROLLBACK");
    }
  }

  /** Closes it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Entries after one another, a chunk at a time, so that a slow caller does not hold a transaction open. */
  *#follow(where: string, afterSeq: number, ...values: readonly (string | number)[]): Generator<Entry> {
    const sql = `SELECT ${RAW_COLUMNS} FROM entries WHERE ${where} ORDER BY seq LIMIT ${CHUNK}`;
    const statement = this.#read(() => this.#database.prepare(sql));
    for (let after = afterSeq;;) {
      const rows: Row[] = this.#read(() => statement.all(...values, after));
      for (const row of rows) {
        const entry = readEntry(row, this.#path);
        if (entry.seq <= after) throw damaged(this.#path, `entry ${entry.seq} stands after entry ${after}`);
        after = entry.seq;
        yield entry;
      }
      if (rows.length < CHUNK) return;
    }
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw failed("read", this.#path, error);
    }
  }
}

/** Several sequences of entries as one, in the order of their numbers. */
function* inOrder(sequences: readonly Generator<Entry>[]): Generator<Entry> {
  const heads = sequences.map((sequence) => sequence.next());
  for (;;) {
    let first = -1;
    heads.forEach(({ done, value }, at) => {
      if (!done && (first < 0 || value.seq < heads[first]!.value.seq)) first = at;
    });
    if (first < 0) return;
    yield heads[first]!.value as Entry;
    heads[first] = sequences[first]!.next();
  }
}
