/**
 * The end of a journal: its last entry, and the additions to it. Everything that a run keeps goes through here and gets
 * its place in the chain.
 */
import type { ChainPlace, LogLease, SealedEntry } from "./entry_log.ts";
import { entryHash, GENESIS } from "./journal_chain.ts";
import { lastCheckpoint } from "./journal_checkpoint.ts";
import type { Line, Stored } from "./journal_line.ts";
import { KeptPrices } from "./journal_prices.ts";
import { hasPrices, noteText } from "./price_note.ts";

/** The contents of one commit. */
export interface Keeping {
  /** Its run: the current one, or the next. */
  readonly run: number;
  readonly entries: readonly Line[];
  /** Becomes the last of the entries, and the journal's state of the run. */
  readonly checkpoint: Stored | null;
  /** The numbers of requests that are removed. */
  readonly handled: readonly number[];
}

/** The end of a journal that is open for writing. It moves only once a commit is on disk. */
export class JournalTail {
  readonly #lease: LogLease;
  readonly #kept: KeptPrices;
  #run: number;
  #seq: number;
  #hash: Uint8Array;
  /** The last checkpoint of this run that has prices or voids those before it. */
  #priced: number | null = null;

  /**
   * Finds the end of the log that is leased. The prices of the last `window` trades are kept. Throws a JournalError for
   * a last checkpoint that cannot be read.
   */
  static async of(lease: LogLease, window: number): Promise<JournalTail> {
    const { log } = lease;
    const head = await log.head() ?? { seq: 0, hash: GENESIS };
    const run = (await log.placeOf(head.seq))?.run ?? 0;
    const tail = new JournalTail(lease, head, run, await KeptPrices.of(log, window));
    const checkpoint = await lastCheckpoint(log, run);
    if (checkpoint !== null) {
      tail.#priced = hasPrices(checkpoint.prices) ? checkpoint.seq : checkpoint.prices.before;
    }
    return tail;
  }

  private constructor(lease: LogLease, { seq, hash }: ChainPlace, run: number, kept: KeptPrices) {
    this.#lease = lease;
    this.#seq = seq;
    this.#hash = hash;
    this.#run = run;
    this.#kept = kept;
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

  /** The last checkpoint whose prices count for the next one of `run`; null for none. */
  pricedBefore(run: number): number | null {
    // A new run starts without prices, whatever the previous one had.
    return run === this.#run ? this.#priced : null;
  }

  /** Adds in one commit, on disk when this returns. Throws what the lease throws. */
  async add({ run, entries, checkpoint, handled }: Keeping): Promise<void> {
    const priced = this.pricedBefore(run);
    const lines = checkpoint === null ? entries : [...entries, checkpoint.line];
    let { seq, hash } = this;
    const sealed: SealedEntry[] = [];
    for (const { type, time, text } of lines) {
      hash = entryHash(hash, { seq: ++seq, run, type, time }, text);
      sealed.push({ seq, run, type, time, content: text, hash });
    }
    const end = { entries: sealed, head: { seq, hash }, handled };
    if (checkpoint === null) {
      await this.#lease.append({ ...end, state: null, prices: null, firstPrices: null });
    } else {
      const { content, note, hash: state, bytes } = checkpoint;
      const { decimals, fresh, count, before } = note;
      await this.#lease.append({
        ...end,
        state: { run, seq, content, prices: noteText(note) },
        prices: hasPrices(note) ? { seq, decimals, fresh: Number(fresh), bytes, before, state } : null,
        firstPrices: this.#kept.add(seq, count, fresh),
      });
    }
    this.#seq = seq;
    this.#hash = hash;
    this.#run = run;
    this.#priced = checkpoint !== null && hasPrices(checkpoint.note) ? seq : priced;
  }
}
