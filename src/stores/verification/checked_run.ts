/** Yields the entries of one run in order while it checks the chain of the whole journal. */
import type { Blocking } from "../../domain/process/exit.ts";
import { type BrokenChain, type ChainResult, unreadable } from "../journal/journal_chain.ts";
import { contentIn, type Entry, type EntryType, type RawEntry, textOf } from "../journal/journal_entry.ts";
import { JournalError } from "../journal/journal_error.ts";
import type { JournalReader } from "../journal/journal_reader.ts";

/** The start of a checkpoint's content, in any version; the number is its count of trades. */
const CHECKPOINT = /^\{(?:"state":\{)?"trades":(\d+),/;
const NOTHING: Entry["content"] = {};

/** An entry with a correct hash. */
export class CheckedEntry implements Entry {
  readonly seq: number;
  readonly run: number;
  readonly type: EntryType;
  readonly time: number;
  readonly hash: string;
  /** The content as JSON, as it was written. */
  readonly text: string;
  #content: Entry["content"] | null = null;

  constructor({ seq, run, type, time, hash }: RawEntry, text: string) {
    this.seq = seq;
    this.run = run;
    this.type = type as EntryType;
    this.time = time;
    this.hash = hash;
    this.text = text;
  }

  /** The content, read at its first use; empty if it is not JSON. */
  get content(): Entry["content"] {
    return this.#content ??= contentIn(this.text) ?? NOTHING;
  }

  /** Of a checkpoint: whether it holds the state itself, as those of version 2 and older do. */
  get holdsState(): boolean {
    return this.text.startsWith('{"state":{');
  }

  /** Of a checkpoint: the number of trades shown to the strategy; NaN if it has none. */
  get trades(): number {
    const checkpoint = CHECKPOINT.exec(this.text)?.[1];
    if (checkpoint !== undefined) return Number(checkpoint);
    const { trades, state } = this.content as { readonly trades?: unknown; readonly state?: unknown };
    return Number(trades ?? (state as { readonly trades?: unknown } | undefined)?.trades);
  }
}

/** One run of a journal, as of the moment when this was created. */
export class CheckedRun {
  readonly run: number;
  readonly #blocking: Blocking;
  readonly #pages: AsyncGenerator<readonly RawEntry[], ChainResult>;
  #page: readonly RawEntry[] = [];
  #at = 0;
  #upcoming: CheckedEntry | null = null;
  #taken: CheckedEntry | null = null;
  #before: CheckedEntry | null = null;
  #chain: ChainResult | null = null;
  #lastSeq = 0;
  #seq = 0;
  #count = 0;
  #fills = 0;

  /**
   * Reads `run`, or the last one if that is null. The entries of other runs are checked in `blocking`. Throws a
   * JournalError if there is no such run or it cannot be read.
   */
  static async of(journal: JournalReader, run: number | null, blocking: Blocking): Promise<CheckedRun> {
    const lastRun = await journal.lastRun();
    const checked = new CheckedRun(journal, run ?? lastRun, blocking);
    await checked.#readAhead();
    if (checked.#upcoming !== null || checked.flaw !== null) return checked;
    const which = lastRun === 0 ? "holds no run yet" : `has no run ${checked.run}: there are 1 to ${lastRun}`;
    throw new JournalError(`The journal ${journal.path} ${which}`);
  }

  private constructor(journal: JournalReader, run: number, blocking: Blocking) {
    this.run = run;
    this.#blocking = blocking;
    this.#pages = journal.chained();
  }

  /** The next entry, without taking it; null if none is left or the chain is broken. */
  get upcoming(): CheckedEntry | null {
    return this.#upcoming;
  }

  /** Whether the process that wrote the last taken entry has no more entries. */
  get isPartOver(): boolean {
    const entry = this.#upcoming;
    return entry === null || entry.type === "started" || entry.type === "resumed" || isClosing(entry) ||
      isRelease(entry);
  }

  /** The flaw of the chain once one has been reached, which ends the entries; null before. */
  get flaw(): BrokenChain | null {
    return this.#chain === null || this.#chain.isWhole ? null : this.#chain;
  }

  /** The number of the entry taken last; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** The number of the last checked entry of any run. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The entry before the one that was taken last; null for the first. */
  get before(): CheckedEntry | null {
    return this.#before;
  }

  /** Entries and fills among those taken. */
  get counts(): { readonly entries: number; readonly fills: number } {
    return { entries: this.#count, fills: this.#fills };
  }

  /** Takes the next entry. Throws a JournalError if it cannot be read. */
  async next(): Promise<CheckedEntry | null> {
    const entry = this.#upcoming;
    if (entry === null) return null;
    this.#count++;
    this.#seq = entry.seq;
    this.#before = this.#taken;
    this.#taken = entry;
    if (entry.type === "fill") this.#fills++;
    await this.#readAhead();
    return entry;
  }

  /** Checks the rest of the chain. Throws a JournalError if it cannot be read. */
  finish(): Promise<ChainResult> {
    return this.#blocking(async () => {
      while (this.#chain === null) {
        if (this.#isPageOver) await this.#turnPage();
        else this.#nextInPage();
      }
      return this.#chain;
    });
  }

  async #readAhead(): Promise<void> {
    if (this.#isPageOver) await this.#turnPage();
    this.#upcoming = this.#nextInPage();
    if (!this.#isOfOther) return;
    await this.#blocking(async () => {
      while (this.#isOfOther) {
        if (this.#isPageOver) await this.#turnPage();
        this.#upcoming = this.#nextInPage();
      }
    });
  }

  get #isOfOther(): boolean {
    return this.#upcoming !== null && this.#upcoming.run !== this.run;
  }

  get #isPageOver(): boolean {
    return this.#chain === null && this.#at === this.#page.length;
  }

  async #turnPage(): Promise<void> {
    const { value, done } = await this.#pages.next();
    if (done) this.#chain = value;
    else [this.#page, this.#at] = [value, 0];
  }

  /** The next entry of any run; null at the end of the chain. */
  #nextInPage(): CheckedEntry | null {
    const entry = this.#chain === null ? this.#page[this.#at++] : undefined;
    if (entry === undefined) return null;
    const text = textOf(entry);
    // This run's entries are compared as text. Other entries only need readable content.
    if (text === null || entry.run !== this.run && contentIn(text) === null) {
      this.#chain = unreadable(entry.seq);
      return null;
    }
    this.#lastSeq = entry.seq;
    return new CheckedEntry(entry, text);
  }
}

/** Whether this entry closes a run for the next one, which another process wrote. */
export function isClosing(entry: CheckedEntry | null): boolean {
  return entry?.type === "stopped" && entry.content["reason"] === "new run";
}

/**
 * Whether `penstock release` wrote this entry to release a halt while no process ran. A release that a run made on
 * request has the time of the request, and can be derived from the run's recording.
 */
export function isRelease(entry: CheckedEntry | null): boolean {
  return entry?.type === "released" && "text" in entry.content && !("requested" in entry.content);
}
