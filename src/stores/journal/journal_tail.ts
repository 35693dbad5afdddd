/**
 * The end of a journal: its last entry, and the additions to it. Everything that a run keeps goes through here and gets
 * its place in the chain.
 */
import type { ChainPlace, LogLease, SealedEntry } from "./entry_log.ts";
import { entryHash, GENESIS } from "./journal_chain.ts";
import { lastCheckpoint } from "./journal_checkpoint.ts";
import type { Line, Stored } from "./journal_line.ts";
import { closesIn, closesTailOf, KeptCloses } from "./journal_closes.ts";
import { ClosesTail, type DraftCloses, type PlacedCloses } from "./closes_tail.ts";
import { hasCloses, noteText } from "./closes_note.ts";

/** The contents of one commit. */
export interface NewEntries {
  /** Its run: the current one, or the next. */
  readonly run: number;
  readonly entries: readonly Line[];
  /** Becomes the last of the entries, and the journal's state of the run. */
  readonly checkpoint: Stored & Pick<PlacedCloses, "from"> | null;
  /** The numbers of the requests to remove. */
  readonly handled: readonly number[];
}

/** The end of a journal that is open for writing. It moves only once a commit is on disk. */
export class JournalTail {
  readonly #lease: LogLease;
  /** Null if no closes are dropped. */
  readonly #kept: KeptCloses | null;
  #run: number;
  #seq: number;
  #hash: Uint8Array;
  readonly #remembers: number | null;
  /** The closes of this run. */
  #closes = new ClosesTail();

  /**
   * Finds the end of the log that is leased. Closes before the last `remembers` are dropped; none if that is null.
   * Throws a JournalError for a last checkpoint that cannot be read.
   */
  static async of(lease: LogLease, remembers: number | null): Promise<JournalTail> {
    const { log } = lease;
    const head = await log.head() ?? { seq: 0, hash: GENESIS };
    const run = (await log.placeOf(head.seq))?.run ?? 0;
    const kept = remembers === null ? null : await KeptCloses.of(log, remembers);
    const tail = new JournalTail(lease, head, run, kept, remembers);
    const checkpoint = await lastCheckpoint(log, run);
    if (checkpoint !== null) tail.#closes = await closesTailOf(log, checkpoint, remembers ?? 0);
    return tail;
  }

  private constructor(
    lease: LogLease,
    { seq, hash }: ChainPlace,
    run: number,
    kept: KeptCloses | null,
    remembers: number | null,
  ) {
    this.#lease = lease;
    this.#seq = seq;
    this.#hash = hash;
    this.#run = run;
    this.#kept = kept;
    this.#remembers = remembers;
  }

  /** The number of the run that entries are added to; 0 before the first. */
  get run(): number {
    return this.#run;
  }

  /** The last entry's number; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** The last entry's hash. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  /** What a checkpoint of the current run stores if `closes` are new and it comes after `entries` others. */
  placed(closes: DraftCloses, entries: number): PlacedCloses {
    return this.#closes.placed(this.#seq + entries + 1, closes, this.#remembers);
  }

  /** Adds everything in one commit, which is on disk when this returns. Passes on the errors of the lease. */
  async add({ run, entries, checkpoint, handled }: NewEntries): Promise<void> {
    const lines = checkpoint === null ? entries : [...entries, checkpoint.line];
    let { seq, hash } = this;
    const sealed: SealedEntry[] = [];
    for (const { type, time, text } of lines) {
      hash = entryHash(hash, { seq: ++seq, run, type, time }, text);
      sealed.push({ seq, run, type, time, content: text, hash });
    }
    const end = { entries: sealed, head: { seq, hash }, handled };
    if (checkpoint === null) {
      await this.#lease.append({ ...end, state: null, closes: null, closesFrom: null, firstCloses: null });
    } else {
      const { content, note, hash: state, bytes, from } = checkpoint;
      const { decimals, fresh, count, before } = note;
      await this.#lease.append({
        ...end,
        state: { run, seq, content, closes: noteText(note) },
        closes: hasCloses(note) ? { seq, decimals, fresh: Number(fresh), bytes, before, state } : null,
        closesFrom: from,
        firstCloses: this.#kept?.add(seq, count, fresh, from) ?? null,
      });
    }
    // A new run starts without closes, whatever the previous one had.
    if (run !== this.#run) this.#closes = new ClosesTail();
    if (checkpoint !== null) {
      this.#closes.add({ seq, note: checkpoint.note, values: closesIn(checkpoint.bytes) });
    }
    this.#seq = seq;
    this.#hash = hash;
    this.#run = run;
  }
}
