/** Entries of a log that are looked up one by one, from the last ones back: read many at once. */
import type { EntryLog } from "./entry_log.ts";
import type { RawEntry, StoredEntry } from "./journal_entry.ts";

/** What looking up an entry and its neighbours takes of a log. */
export type EntryLookup = Pick<EntryLog, "path" | "head" | "after" | "placeOf">;

/** How many are read at once; with one more on either side they are a thousand. */
const PAGE = 998;

/** The same entries as in the log, as they were when they were first asked for: none ever changes. */
export class BackwardEntries implements EntryLookup {
  readonly path: string;
  readonly #log: EntryLookup;
  #page = new Map<number, RawEntry>();

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
    // With one more on either side, which are looked at for the one between them.
    const page = await this.#log.after(Math.max(0, seq - PAGE), PAGE + 2);
    this.#page = new Map(page.flatMap((entry) => entry.type === null ? [] : [[entry.seq, entry]]));
    const found = this.#page.get(seq + 1);
    return found === undefined ? await this.#log.after(seq, limit) : [found];
  }

  async placeOf(seq: number): ReturnType<EntryLookup["placeOf"]> {
    return this.#page.get(seq) ?? await this.#log.placeOf(seq);
  }
}
