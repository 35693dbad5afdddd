/** Reads many entries of a log at once when they are looked up one by one, backwards from the last. */
import type { EntryLog } from "./entry_log.ts";
import { matchesHash } from "./journal_chain.ts";
import type { RawEntry, StoredEntry } from "./journal_entry.ts";

/** The part of a log that is needed to look up an entry and its neighbours. */
export type EntryLookup = Pick<EntryLog, "path" | "head" | "after" | "placeOf">;

/** How many are read at once; with one more on either side they are a thousand. */
const PAGE = 998;

/** The same entries as in the log at the first request. Entries never change. */
export class BackwardEntries implements EntryLookup {
  readonly path: string;
  readonly #log: EntryLookup;
  #page = new Map<number, RawEntry>();
  /** The entries of the page whose hashes have been checked. */
  #proven = new Set<number>();

  constructor(log: EntryLookup) {
    this.#log = log;
    this.path = log.path;
  }

  head(): ReturnType<EntryLookup["head"]> {
    return this.#log.head();
  }

  async after(seq: number, limit: number): Promise<readonly StoredEntry[]> {
    if (limit !== 1) return await this.#log.after(seq, limit);
    const kept = this.#page.get(seq + 1);
    if (kept !== undefined) return [kept];
    // With one more on either side, because checking an entry takes both of its neighbours.
    const page = await this.#log.after(Math.max(0, seq - PAGE), PAGE + 2);
    this.#page = new Map();
    this.#proven = new Set();
    for (const entry of page) if (entry.type !== null) this.#page.set(entry.seq, entry);
    const found = this.#page.get(seq + 1);
    return found === undefined ? await this.#log.after(seq, limit) : [found];
  }

  /**
   * Returns the entry if it and its neighbours are in memory and it fits between them; otherwise null, and
   * `linkedEntry` reports why. It is synchronous because an await would cost as much as the check.
   */
  linked(seq: number): RawEntry | null {
    const entry = this.#page.get(seq);
    return entry !== undefined && this.#fits(seq) && this.#fits(seq + 1) ? entry : null;
  }

  /**
   * Whether an entry of the page matches its hash. Most are needed twice: once as the entry, and once as the one after
   * it.
   */
  #fits(seq: number): boolean {
    if (this.#proven.has(seq)) return true;
    const [before, entry] = [this.#page.get(seq - 1), this.#page.get(seq)];
    if (before === undefined || entry === undefined || !matchesHash(before.hash, entry)) return false;
    this.#proven.add(seq);
    return true;
  }

  async placeOf(seq: number): ReturnType<EntryLookup["placeOf"]> {
    return this.#page.get(seq) ?? await this.#log.placeOf(seq);
  }
}
