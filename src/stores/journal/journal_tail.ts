/**
 * The end of a journal: its last entry, and the statements that append to it. Everything that a run keeps goes
 * through here.
 */
import { entryHash, GENESIS, headOf } from "./journal_chain.ts";
import { lastCheckpoint } from "./journal_checkpoint.ts";
import { beginPatiently, type JournalDatabase } from "./sqlite/journal_file.ts";
import type { Line, Stored } from "./journal_line.ts";
import { KeptPrices } from "./journal_prices.ts";
import { hasPrices, noteText } from "./price_note.ts";

/** What one transaction appends. */
export interface Addition {
  /** The run that it belongs to: the present one, or the next. */
  readonly run: number;
  readonly entries: readonly Line[];
  /** Becomes the last of the entries, and the state that the journal has of its run. */
  readonly checkpoint: Stored | null;
  /** The numbers of requests that are removed. */
  readonly handled: readonly number[];
}

/** The end of a journal that is open for writing. It moves only once a transaction is on disk. */
export class JournalTail {
  readonly #statements: ReturnType<typeof statementsOf>;
  readonly #kept: KeptPrices;
  #run: number;
  #seq: number;
  #hash: Uint8Array;
  /** The last checkpoint of this run that has prices or voids those before it. */
  #priced: number | null = null;

  /**
   * Finds the end of the journal in `database`, which is at `path`. The prices of the last `window` trades are kept.
   * Throws a JournalError for a last checkpoint that cannot be read.
   */
  constructor(database: JournalDatabase, path: string, window: number) {
    this.#statements = statementsOf(database);
    const head = headOf(database);
    this.#seq = head?.seq ?? 0;
    this.#hash = head?.hash ?? GENESIS;
    const last = database.prepare("SELECT run FROM entries WHERE seq = ?").get(this.#seq);
    this.#run = Number(last?.["run"] ?? 0);
    this.#kept = new KeptPrices(database, window);
    const checkpoint = lastCheckpoint(database, path, this.#run);
    if (checkpoint !== null) {
      this.#priced = hasPrices(checkpoint.prices) ? checkpoint.seq : checkpoint.prices.before;
    }
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
    // A new run starts without prices, whatever the one before had.
    return run === this.#run ? this.#priced : null;
  }

  /** Adds in one transaction, on disk when this returns. Throws what the database throws: then `undo` it. */
  add({ run, entries, checkpoint, handled }: Addition): void {
    const priced = this.pricedBefore(run);
    const lines = checkpoint === null ? entries : [...entries, checkpoint.line];
    const { begin, head, handle, commit } = this.#statements;
    let seq = this.#seq;
    let hash = this.#hash;
    beginPatiently(begin);
    for (const line of lines) hash = this.#addLine(++seq, run, line, hash);
    head.run(seq, hash);
    for (const id of handled) handle.run(id);
    if (checkpoint !== null) this.#writeState(checkpoint, seq, run);
    commit.run();
    this.#seq = seq;
    this.#hash = hash;
    this.#run = run;
    this.#priced = checkpoint !== null && hasPrices(checkpoint.note) ? seq : priced;
  }

  /** Undoes what a failed write left behind, as far as there is anything. */
  undo(): void {
    try {
      this.#statements.rollback.run();
    } catch {
      // Then there is nothing to undo, or closing undoes it.
    }
  }

  #addLine(seq: number, run: number, { type, time, text }: Line, before: Uint8Array): Uint8Array {
    const hash = entryHash(before, { seq, run, type, time }, text);
    this.#statements.entry.run(seq, run, type, time, text, hash);
    return hash;
  }

  /** Writes the state that the checkpoint at `seq` proves over the one before, and drops prices that no resume needs. */
  #writeState({ content, hash, note, bytes }: Stored, seq: number, run: number): void {
    const { state, prices, prune } = this.#statements;
    state.run(run, seq, content, noteText(note));
    const { decimals, fresh, count, before } = note;
    if (hasPrices(note)) {
      prices.run(seq, decimals, Number(fresh), bytes, before, Uint8Array.fromHex(hash));
    }
    prune.run(this.#kept.add(seq, count, fresh));
  }
}

function statementsOf(database: JournalDatabase) {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    entry: database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)"),
    head: database.prepare("UPDATE head SET seq = ?, hash = ? WHERE one = 1"),
    state: database.prepare("INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?)"),
    prices: database.prepare("INSERT INTO checkpoint_prices VALUES (?, ?, ?, ?, ?, ?)"),
    prune: database.prepare("DELETE FROM checkpoint_prices WHERE seq < ?"),
    handle: database.prepare("DELETE FROM requests WHERE id = ?"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
  };
}
