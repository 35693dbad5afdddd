/** Reads a journal, even while a run writes to it. */
import type {
  ChainPlace,
  EntryLog,
  EntryStore,
  FiledRequest,
  KeptHeartbeat,
  RequestKey,
} from "./entry_log.ts";
import type { Closes } from "../../stages/indicators/indicator.ts";
import { chainedPages, type ChainResult } from "./journal_chain.ts";
import { type AccountRow, type Checkpoint, lastCheckpoint, type PositionRow } from "./journal_checkpoint.ts";
import { type Entry, type EntryType, type RawEntry, readEntry, type StoredEntry } from "./journal_entry.ts";
import { damaged, failed } from "./journal_error.ts";
import { gatherCloses } from "./journal_closes.ts";
import { chainedAll, type CheckedEnd, inspectEnd, lastRunOf, verifyAll } from "./journal_inspection.ts";
import { storeOf } from "./known_stores.ts";
import { linkedEntry } from "./linked_entry.ts";

/** Which entries to read; by default all. */
export interface EntriesWanted {
  /** Only those after this one. */
  readonly afterSeq?: number;
  readonly types?: readonly EntryType[];
  readonly run?: number;
}

/**
 * A run writes a checkpoint with the counts at every decision, so only a few entries can be counted in no checkpoint.
 */
const MOST_COUNTED = 1_000_000;
/** How many entries are in memory at once, of each type. */
const CHUNK = 500;

/** A journal open for reading. It sees what is written meanwhile, and never blocks a writer. */
export class JournalReader implements AsyncDisposable {
  readonly #log: EntryLog;
  #isClosed = false;

  /** Opens the journal at `path`. Throws a JournalError if there is none or it cannot be read, and says why. */
  static async open(
    path: string,
    { store }: { readonly store?: EntryStore } = {},
  ): Promise<JournalReader> {
    try {
      return new JournalReader(await (store ?? await storeOf(path)).read(path));
    } catch (error) {
      throw failed("read", path, error);
    }
  }

  private constructor(log: EntryLog) {
    this.#log = log;
  }

  /** Where the journal is. */
  get path(): string {
    return this.#log.path;
  }

  /** The number of the last run; 0 before the first. */
  lastRun(): Promise<number> {
    return this.#read(() => lastRunOf(this.#log));
  }

  /** The number of the last entry; 0 before the first. */
  async lastSeq(): Promise<number> {
    return (await this.#read(() => this.#log.last()))?.seq ?? 0;
  }

  /** The last heartbeat of any run; null before the first. */
  heartbeat(): Promise<KeptHeartbeat | null> {
    return this.#read(() => this.#log.heartbeat());
  }

  /** Whether a request to the run that writes still waits. */
  isWaiting(key: RequestKey): Promise<boolean> {
    return this.#read(() => this.#log.isWaiting(key));
  }

  /** The requests that wait for the process that writes, or for the next one, oldest first. */
  requests(): Promise<readonly FiledRequest[]> {
    return this.#read(() => this.#log.requests());
  }

  /** The time of the last entry, µs since 1970; null if there is none. */
  async lastEntryTime(): Promise<number | null> {
    return (await this.#read(() => this.#log.last()))?.time ?? null;
  }

  /**
   * The stored entries in order, unchecked, read on demand, in memory that does not grow with the journal. Entries
   * written meanwhile are included. Throws a JournalError for one that cannot be read.
   */
  async *entries({ afterSeq = 0, types, run }: EntriesWanted = {}): AsyncGenerator<Entry> {
    if (types === undefined) {
      for await (const entry of this.#follow(afterSeq, (after) => this.#log.after(after, CHUNK))) {
        if (run === undefined || entry.run === run) yield entry;
      }
      return;
    }
    // Run by run, because a log finds the entries of a type within one run.
    for (let at = run ?? 1; at <= (run ?? await this.lastRun()); at++) {
      yield* inOrder(
        types.map((type) => this.#follow(afterSeq, (after) => this.#log.afterOfType(type, at, after, CHUNK))),
      );
    }
  }

  /**
   * The last entries of one type in `run` or in the last run, up to `count` of them, in order. Throws a JournalError
   * for one that cannot be read or does not fit between its neighbours.
   */
  latest(type: EntryType, count: number, run?: number): Promise<Entry[]> {
    return this.#read(async () => {
      const found = await this.#log.lastOfType(type, run ?? await this.lastRun(), count);
      const entries: Entry[] = [];
      for (const stored of found.toReversed()) entries.push(await linkedEntry(this.#log, stored));
      return entries;
    });
  }

  /** The first entry of one type after `afterSeq` in `run`; null if there is none. Throws like `latest`. */
  first(type: EntryType, afterSeq: number, run: number): Promise<Entry | null> {
    return this.#read(async () => {
      const [stored] = await this.#log.afterOfType(type, run, afterSeq, 1);
      return stored === undefined ? null : await linkedEntry(this.#log, stored);
    });
  }

  /** The hash of an entry, in hexadecimal; null if there is no such entry. */
  async hashOf(seq: number): Promise<string | null> {
    return (await this.#read(() => this.#log.placeOf(seq)))?.hash ?? null;
  }

  /** How many entries of each type except checkpoints there are, in `run` or in all runs. */
  async counts(run: number | null = null): Promise<Partial<Record<EntryType, number>>> {
    const counts = await this.#read(() => this.#log.counts(run, MOST_COUNTED + 1));
    if (counts.some(([type]) => type === null)) {
      throw damaged(this.path, "the type of an entry cannot be read");
    }
    if (counts.reduce((sum, [, count]) => sum + count, 0) > MOST_COUNTED) {
      throw damaged(
        this.path,
        `more than ${MOST_COUNTED} of its entries have no checkpoint that counts them`,
      );
    }
    return Object.fromEntries(counts);
  }

  /** `run` or the last run at its last checkpoint; null before the first. */
  checkpoint(run?: number): Promise<Checkpoint | null> {
    return this.#read(async () => await lastCheckpoint(this.#log, run ?? await this.lastRun()));
  }

  /** The last closes before a checkpoint, up to `most` of them, which restore its strategy. Throws like `latest`. */
  closes(checkpoint: Checkpoint, most: number): Promise<Closes> {
    return this.#read(() => gatherCloses(this.#log, checkpoint, most));
  }

  /** The account of `run` or of the last run, as of its last checkpoint; null before the first. */
  async account(run?: number): Promise<AccountRow | null> {
    return (await this.checkpoint(run))?.account ?? null;
  }

  /** The positions of `run` or of the last run, as of its last checkpoint, in the order of their symbols. */
  async positions(run?: number): Promise<PositionRow[]> {
    const positions = (await this.checkpoint(run))?.positions ?? [];
    return positions.toSorted((a, b) => a.symbol < b.symbol ? -1 : 1);
  }

  /**
   * Checks the end of `run`, at most `most` entries, like `inspectEnd`. Call it within `atOnce`. Throws a JournalError
   * if it is not as Penstock left it.
   */
  inspectEnd(run: number, most: number): Promise<CheckedEnd> {
    return this.#read(() => inspectEnd(this.#log, run, most));
  }

  /**
   * The entries from `first` to `until`, each after its hash was checked, in memory that does not grow with them.
   * Throws a JournalError at the first that is not as Penstock left it.
   */
  async *chainedPart(first: number, until: ChainPlace): AsyncGenerator<readonly RawEntry[]> {
    const pages = chainedPages(this.#log, { first, until });
    for (;;) {
      const { done, value } = await this.#read(() => pages.next());
      if (!done) yield value;
      else if (value.isWhole) return;
      else throw damaged(this.path, value.what);
    }
  }

  /**
   * Checks the whole journal as it is now: every entry, derived data, the stored closes, and the storage. Throws a
   * JournalError if it cannot be read.
   */
  verifyChain(): Promise<ChainResult> {
    return this.atOnce(() => verifyAll(this.#log));
  }

  /** Calls `read` on one state of the journal, whatever is written meanwhile. Calls cannot be nested. */
  atOnce<T>(read: () => Promise<T>): Promise<T> {
    return this.#read(async () => {
      await using _moment = await this.#log.moment();
      return await read();
    });
  }

  /**
   * The same while reading: yields every entry as it was written, many at a time, after its hash was checked, and
   * returns the result for all at the end. The caller has to check the content. Meanwhile this reader sees one state of
   * the journal. Throws a JournalError if it cannot be read.
   */
  async *chained(): AsyncGenerator<readonly RawEntry[], ChainResult> {
    const moment = await this.#read(() => this.#log.moment());
    try {
      return yield* chainedAll(this.#log);
    } catch (error) {
      throw failed("read", this.path, error);
    } finally {
      if (!this.#isClosed) await moment[Symbol.asyncDispose]();
    }
  }

  /** Closes it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#log[Symbol.asyncDispose]();
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Consecutive entries, a page at a time, so that a slow caller does not hold an old state of the log. */
  async *#follow(
    afterSeq: number,
    pageAfter: (seq: number) => Promise<readonly StoredEntry[]>,
  ): AsyncGenerator<Entry> {
    for (let after = afterSeq;;) {
      const page = await this.#read(() => pageAfter(after));
      for (const stored of page) {
        const entry = readEntry(stored, this.path);
        if (entry.seq <= after) throw damaged(this.path, `entry ${entry.seq} comes after entry ${after}`);
        after = entry.seq;
        yield entry;
      }
      if (page.length < CHUNK) return;
    }
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw failed("read", this.path, error);
    }
  }
}

/** Several sequences of entries as one, in the order of their numbers. */
async function* inOrder(sequences: readonly AsyncGenerator<Entry>[]): AsyncGenerator<Entry> {
  const heads = await Promise.all(sequences.map((sequence) => sequence.next()));
  for (;;) {
    let first = -1;
    heads.forEach(({ done, value }, at) => {
      if (!done && (first < 0 || value.seq < heads[first]!.value.seq)) first = at;
    });
    if (first < 0) return;
    yield heads[first]!.value as Entry;
    heads[first] = await sequences[first]!.next();
  }
}
