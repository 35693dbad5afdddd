/** Reads many entries of a log at once when they are looked up one by one, backwards from the last. */
import type { EntryLog } from "./entry_log.ts";
import { hasHash } from "./journal_chain.ts";
import type { RawEntry, StoredEntry } from "./journal_entry.ts";

/** The part of a log that is needed to look up an entry and its neighbours. */
export interface EntryLookup extends Pick<EntryLog, "path" | "head" | "after" | "placeOf"> {
  /** As `hasHash` of the chain, where the answers are kept. */
  readonly hasHash?: (before: string, entry: RawEntry) => boolean;
}

/** How many are read at once; with one more on either side they are a thousand. */
const PAGE = 998;

/** The same entries as in the log at the first request. Entries never change. */
export class BackwardEntries implements EntryLookup {
  readonly path: string;
  readonly #log: EntryLookup;
  #page = new Map<number, RawEntry>();
  /** Entries that have their hash, with the hash before each. */
  #proven = new WeakMap<RawEntry, string>();

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
    // With one more on either side, which are needed to check the one between them.
    const page = await this.#log.after(Math.max(0, seq - PAGE), PAGE + 2);
    this.#page = new Map(page.flatMap((entry) => entry.type === null ? [] : [[entry.seq, entry]]));
    const found = this.#page.get(seq + 1);
    return found === undefined ? await this.#log.after(seq, limit) : [found];
  }

  /** Neighbours are looked up one after the other, and each is checked twice: as the entry, and as the one after it. */
  readonly hasHash = (before: string, entry: RawEntry): boolean => {
    if (this.#proven.get(entry) === before) return true;
    const isProven = hasHash(before, entry);
    if (isProven) this.#proven.set(entry, before);
    return isProven;
  };

  async placeOf(seq: number): ReturnType<EntryLookup["placeOf"]> {
    return this.#page.get(seq) ?? await this.#log.placeOf(seq);
  }
}
