/** Keeps a run's decisions so that none is lost or altered unnoticed. Each is on disk before anyone sees it. */
import { Turns } from "../../domain/process/turns.ts";
import type { Closes } from "../../stages/indicators/indicator.ts";
import type { OrderChange } from "../../stages/order_changes.ts";
import type { EntryLog, EntryStore, FiledRequest, Heartbeat, Holding, LogLease } from "./entry_log.ts";
import { type Checkpoint, type CheckpointDraft, lastCheckpoint } from "./journal_checkpoint.ts";
import type { Draft, Entry, EntryType } from "./journal_entry.ts";
import { damaged, failed, JournalError } from "./journal_error.ts";
import { inspect } from "./journal_inspection.ts";
import { lineOf, storedCheckpoint } from "./journal_line.ts";
import { lastOrderChanges } from "./journal_orders.ts";
import { gatherCloses } from "./journal_closes.ts";
import { JournalTail, type NewEntries } from "./journal_tail.ts";
import { storeOf } from "./known_stores.ts";
import { lastOfType } from "./linked_entry.ts";

/** Options for opening a journal. */
export interface JournalOptions {
  /** A clock in ms that only goes forward, for `spent`. */
  readonly now: () => number;
  /**
   * How many of the last closes a resume needs: as many as the strategy remembers. Older ones are dropped. Null for
   * a writer that does not know the strategy, and drops none.
   */
  readonly remembers: number | null;
  /** Whether to check the whole chain first; otherwise only the last entries are checked. */
  readonly verify?: boolean;
  /** The store of the journal; by default, the one that its path names. */
  readonly store?: EntryStore;
  /** How the journal is held, if others may take it over. */
  readonly holding?: Partial<Holding>;
}

/** One commit, written completely or not at all. */
export interface Commit {
  readonly entries?: readonly Draft[];
  /** Becomes the last of the entries, and the journal's state of the run. */
  readonly checkpoint?: CheckpointDraft;
  /** The numbers of handled requests to remove. */
  readonly handled?: readonly number[];
}

/** The last run, for a resume; `lastCloses()` returns its closes. */
export interface LastRun {
  readonly run: number;
  /** Its first entry, with the configuration that it started with. */
  readonly started: Entry;
  /** Null if it never got that far. */
  readonly checkpoint: Checkpoint | null;
}

/** The time that commits took, by the given clock, ms. */
export interface Spent {
  readonly commits: number;
  readonly totalMs: number;
  readonly worstMs: number;
}

/**
 * A journal open for writing, by this process alone. Entries are only ever added, each with a hash over itself and the
 * one before. Calls run in the order in which they are made. After a failed write it accepts nothing more, and the
 * program has to stop and open it again.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  readonly #lease: LogLease;
  readonly #log: EntryLog;
  readonly #now: () => number;
  readonly #remembers: number | null;
  readonly #tail: JournalTail;
  readonly #turns = new Turns();
  #spent = { commits: 0, totalMs: 0, worstMs: 0 };
  /** Why it accepts nothing more, after a failure. */
  #failure: string | null = null;
  #isClosed = false;

  /**
   * Opens the journal at `path` for writing, and creates it if there is none. First it checks that this is a journal of
   * a known version, that its chain is intact, and that derived data agrees with the chain. Throws a JournalError that
   * says what is wrong and what to do, and leaves the journal as it was; a RangeError if `remembers` is not a count.
   */
  static async open(path: string, options: JournalOptions): Promise<Journal> {
    const { verify = false, remembers } = options;
    if (remembers !== null && (!Number.isSafeInteger(remembers) || remembers < 0)) {
      throw new RangeError(`The closes to remember must be a whole number, 0 or more: got ${remembers}`);
    }
    let lease: LogLease | null = null;
    try {
      const store = options.store ?? await storeOf(path);
      lease = await store.lease(path, (log) => inspect(log, verify), options.holding);
      return new Journal(path, lease, await JournalTail.of(lease, remembers), options);
    } catch (error) {
      await lease?.[Symbol.asyncDispose]();
      throw failed("open", path, error);
    }
  }

  private constructor(path: string, lease: LogLease, tail: JournalTail, options: JournalOptions) {
    this.#path = path;
    this.#lease = lease;
    this.#log = lease.log;
    this.#tail = tail;
    this.#now = options.now;
    this.#remembers = options.remembers;
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

  /** The time that commits have taken so far. */
  get spent(): Spent {
    return { ...this.#spent };
  }

  /**
   * Starts a run with a `started` entry, which is on disk when this returns. Returns the run's number. Throws like
   * `commit`.
   */
  async startRun({ time, content }: Omit<Draft, "type">): Promise<number> {
    const line = lineOf({ type: "started", time, content });
    await this.#write(() => ({ run: this.run + 1, entries: [line], checkpoint: null, handled: [] }));
    return this.run;
  }

  /**
   * Adds entries to the current run, and a checkpoint after them, in one commit that is on disk when this returns.
   * Returns the number of the journal's last entry.
   *
   * Throws a JournalError if the commit cannot be written. Do not report its events then; no further commit is
   * accepted. The journal holds all of it or nothing: nothing, unless the disk failed while confirming the write.
   * Opening the journal again shows which. Throws a RangeError or a TypeError, before anything is written, for values
   * that no journal can hold.
   */
  async commit({ entries = [], checkpoint, handled = [] }: Commit): Promise<number> {
    const lines = entries.map(lineOf);
    await this.#write(() => {
      const { run } = this;
      this.#mustHaveRun();
      if (checkpoint === undefined) return { run, entries: lines, checkpoint: null, handled };
      const { closes, before, from } = this.#tail.placed(checkpoint.closes, lines.length);
      const stored = storedCheckpoint({ ...checkpoint, closes }, before);
      return { run, entries: lines, handled, checkpoint: { ...stored, from } };
    });
    return this.#tail.seq;
  }

  /** The requests to this run that other processes have filed, oldest first. Throws a JournalError like `last`. */
  async requests(): Promise<readonly FiledRequest[]> {
    this.#mustAccept();
    return await this.#read(() => this.#log.requests());
  }

  /** The number of the last entry of `type` in the current run; null if there is none. Throws like `last`. */
  async lastOf(type: EntryType): Promise<number | null> {
    return (await this.#latest(this.run, type))?.seq ?? null;
  }

  /**
   * Writes a heartbeat for other processes. It is not an entry. Throws like `commit` if it cannot be written, and like
   * `mustBeInPlace`.
   */
  async heartbeat(heartbeat: Heartbeat): Promise<void> {
    this.#mustAccept();
    await this.#turns.take(async () => {
      this.#mustNotHaveFailed();
      await this.#mustBeInPlace();
      this.#mustHaveRun();
      const from = this.#now();
      try {
        await this.#lease.writeHeartbeat({ ...heartbeat, run: this.run, seq: this.#tail.seq });
      } catch (error) {
        throw this.#fail(error);
      }
      this.#spend(this.#now() - from);
    });
  }

  /**
   * Throws a JournalError if the journal no longer belongs to this process alone, for example because one of its files
   * was removed or replaced since it was opened. Commits would then be lost, or another process may be writing too. No
   * further commit is accepted.
   */
  mustBeInPlace(): Promise<void> {
    return this.#turns.take(() => this.#mustBeInPlace());
  }

  /** The last run in the journal; null before the first. Throws a JournalError if it cannot be read. */
  async last(): Promise<LastRun | null> {
    const { run } = this;
    if (run === 0) return null;
    const started = await this.#latest(run, "started");
    if (started === null) throw damaged(this.#path, `run ${run} has no first entry`);
    return { run, started, checkpoint: await this.#read(() => lastCheckpoint(this.#log, run)) };
  }

  /** The last entries of every run about its instrument, newest first. Throws like `last`. */
  async *instruments(): AsyncGenerator<Entry> {
    for (let run = this.run; run > 0; run--) {
      const entries: Entry[] = [];
      for (const type of ["rules", "resumed", "started"] as const) {
        const entry = await this.#latest(run, type);
        if (entry !== null) entries.push(entry);
      }
      yield* entries.sort((one, other) => other.seq - one.seq);
    }
  }

  /** The last `resumed` entry of `run`, or else its `started` entry; null if it has none. Throws like `last`. */
  async openingOf(run: number): Promise<Entry | null> {
    return await this.#latest(run, "resumed") ?? await this.#latest(run, "started");
  }

  /**
   * The last `resumed` or `started` entry of the last run, and the instrument's rules that arrived since; null before
   * the first run. Throws like `last`.
   */
  async lastOpening(): Promise<{ readonly opening: Entry; readonly rules: Entry | null } | null> {
    const opening = this.run === 0 ? null : await this.openingOf(this.run);
    if (opening === null) return null;
    const rules = await this.#latest(this.run, "rules");
    return { opening, rules: rules !== null && rules.seq > opening.seq ? rules : null };
  }

  /**
   * The last closes before the last checkpoint, at most as many as the strategy remembers, oldest first, in the finest
   * unit among them; none if the last run has no checkpoint. Throws a JournalError if a part of them is missing or
   * altered.
   */
  lastCloses(): Promise<Closes> {
    return this.#read(async () => {
      const checkpoint = await lastCheckpoint(this.#log, this.run);
      if (checkpoint === null) return { decimals: 0, values: [] };
      return await gatherCloses(this.#log, checkpoint, this.#remembers ?? Infinity);
    });
  }

  /**
   * The last `count` changes of waiting orders up to the last checkpoint, oldest first. Throws a JournalError if one of
   * them is missing, or an entry between them is altered.
   */
  async lastOrderChanges(count: number): Promise<OrderChange[]> {
    if (count === 0) return [];
    return await this.#read(async () => {
      const checkpoint = await lastCheckpoint(this.#log, this.run);
      return checkpoint === null ? [] : await lastOrderChanges(this.#log, checkpoint, this.run, count);
    });
  }

  /** Closes it once everything given to it is on disk, and lets other processes write to it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#turns.take(() => Promise.resolve(this.#lease[Symbol.asyncDispose]()));
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #latest(run: number, type: EntryType): Promise<Entry | null> {
    return this.#read(() => lastOfType(this.#log, run, type));
  }

  #mustAccept(): void {
    if (this.#isClosed) throw new Error(`The journal ${this.#path} is closed`);
    this.#mustNotHaveFailed();
  }

  #mustNotHaveFailed(): void {
    if (this.#failure !== null) throw new JournalError(this.#failure);
  }

  #mustHaveRun(): void {
    if (this.run > 0) return;
    throw new Error(`The journal ${this.#path} has no run yet: call startRun() first`);
  }

  async #mustBeInPlace(): Promise<void> {
    let loss: string | null;
    try {
      loss = await this.#lease.loss();
    } catch (error) {
      throw this.#fail(error);
    }
    if (loss === null) return;
    throw this.#fail(
      new JournalError(
        `Cannot keep using the journal ${this.#path}: ${loss} while it was open. Later decisions would be ` +
          "lost, or another process might be writing too. Put the files back, or restore the journal from a " +
          "copy, and start again.",
      ),
    );
  }

  #read<T>(read: () => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      try {
        return await read();
      } catch (error) {
        throw failed("read", this.#path, error);
      }
    });
  }

  /** Writes what `contents` returns, in its turn. */
  #write(contents: () => NewEntries): Promise<void> {
    this.#mustAccept();
    return this.#turns.take(async () => {
      this.#mustNotHaveFailed();
      const kept = contents();
      if (kept.checkpoint === null && kept.entries.length + kept.handled.length === 0) return;
      const from = this.#now();
      try {
        await this.#tail.add(kept);
      } catch (error) {
        throw this.#fail(error);
      }
      this.#spend(this.#now() - from);
    });
  }

  #fail(error: unknown): JournalError {
    const failure = failed("write to", this.#path, error);
    this.#failure = `${failure.message} It accepts nothing more until it is opened again.`;
    return failure;
  }

  #spend(ms: number): void {
    const { commits, totalMs, worstMs } = this.#spent;
    this.#spent = { commits: commits + 1, totalMs: totalMs + ms, worstMs: Math.max(worstMs, ms) };
  }
}
