/**
 * Follows a journal while a run in another process writes to it. A poll costs next to nothing while nothing changes,
 * and does a bounded amount of work when something has changed. A file is open only during a poll, so its writer can
 * clean up when it ends, and a poll notices that a file was moved, replaced or restored. The connection to a database
 * stays open.
 */
import type {
  FollowedEvent,
  FollowedMoment,
  FollowedPlace,
  RunFigures,
} from "../../domain/run/followed_moment.ts";
import { type KeptRun, statusOf } from "../../domain/run/run_status.ts";
import type { EntryStore } from "./entry_log.ts";
import { readEntry } from "./journal_entry.ts";
import { damaged, failed } from "./journal_error.ts";
import { JournalReader } from "./journal_reader.ts";
import { storeOf } from "./known_stores.ts";
import { journalEventOf } from "./run_events.ts";
import { FigureReader } from "./run_figures.ts";
import { type KeptEntries, keptEntries, lastRunIn, withHeartbeat } from "./run_reading.ts";

/** The most entries that one poll reads. */
const MOST_READ = 1_000;
/** A file changed more recently than this may change again within the same modification time, ms. */
const UNSETTLED_MS = 100;
/** Entries that were read and checked are not read again for this long, unless there are more of them, ms. */
const CHECK_MS = 5_000;
const START: FollowedPlace = { seq: 0, hash: "" };

/**
 * What a process must be allowed to read to poll the journal file at `path`, besides the store's files: the path as
 * given, and that of a file whose absence is checked.
 */
export function polledFiles(path: string): readonly string[] {
  return [path, `${path}-journal`];
}

/** Where to start: after an entry, whose hash may be known. If null, at the journal's end. */
export type FollowedStart = { readonly seq: number; readonly hash?: string } | null;

/** The store and the clock of a follower. Default: the store of the path, and `Date.now`. */
export interface FollowerOptions {
  readonly store?: EntryStore;
  /** The wall clock, ms since 1970. */
  readonly now?: () => number;
}

/** One journal, followed. It may be missing or unreadable: a poll reports that, and the next one tries again. */
export class JournalFollower implements AsyncDisposable {
  readonly path: string;
  readonly #store: EntryStore;
  readonly #now: () => number;
  /** A journal that started after this is new, and so are all of its events. µs since 1970. */
  readonly #since: number;
  /** Null until the end of the journal is found. */
  #place: { readonly seq: number; readonly hash?: string } | null;
  #kept: KeptRun | null = null;
  /** The entries of the last run as they were last read, up to the one with this hash; null if there are none to use. */
  #entries: { readonly hash: string | null; readonly readAt: number; readonly found: KeptEntries } | null =
    null;
  #figures: RunFigures | null = null;
  #figureReader = new FigureReader();
  #problem: string | null = null;
  #origin: string | null = null;
  /** The open journal between two polls; null for a journal in files, and after a failure. */
  #reader: JournalReader | null = null;
  /** What the files looked like at the last poll; null if they have to be read again. */
  #files: string | null = null;

  /** Follows the journal at `path` from the entry `after`; null for its end, or its start if it is created later. */
  static async open(
    path: string,
    after: FollowedStart,
    { store, now = Date.now }: FollowerOptions = {},
  ): Promise<JournalFollower> {
    return new JournalFollower(path, after, store ?? await storeOf(path), now);
  }

  private constructor(path: string, after: FollowedStart, store: EntryStore, now: () => number) {
    this.path = path;
    this.#place = after;
    this.#store = store;
    this.#now = now;
    this.#since = now() * 1000;
  }

  /**
   * The hash of the journal's first entry, in hexadecimal, as of the last poll that could read it; null before that. No
   * other journal has the same.
   */
  get origin(): string | null {
    return this.#origin;
  }

  /** Polls the journal. Call it again only after it has returned. */
  async poll(): Promise<FollowedMoment> {
    // The journal is read after this moment, so that the status is never older than it says.
    const now = this.#now() * 1000;
    const files = this.#store.isInFiles ? this.#seenFiles() : null;
    const isSame = files !== null && files === this.#files;
    const found = isSame ? NOTHING : await this.#read();
    // Entries that are still unread change no file, and a problem can pass without a change.
    this.#files = found.isBehind || this.#problem !== null ? null : files;
    const { seq, hash = "" } = this.#place ?? {};
    return {
      status: this.#kept === null ? null : statusOf(this.#kept, now),
      figures: this.#figures,
      problem: this.#problem,
      place: seq === undefined ? null : { seq, hash },
      ...found,
    };
  }

  /** Closes the journal if it is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    try {
      await reader?.close();
    } catch {
      // The failure was reported before, or there was nothing left to close.
    }
  }

  async #read(): Promise<Found> {
    try {
      const reader = this.#reader ??= await JournalReader.open(this.path, { store: this.#store });
      return await reader.atOnce(async () => {
        const run = await lastRunIn(reader);
        const kept = withHeartbeat(
          await this.#entriesIn(reader, run),
          await reader.heartbeat(),
          await reader.requests(),
        );
        // Everything is read and checked before any of it is shown.
        const { equity } = statusOf(kept, this.#now() * 1000);
        const { place, ...found } = await this.#eventsIn(reader);
        const figures = await this.#figureReader.read(reader, run, equity);
        // Moved only now: after a failure, the same events are read again.
        this.#place = place;
        this.#kept = kept;
        this.#figures = figures;
        this.#problem = null;
        return found;
      });
    } catch (error) {
      // No content of a journal may end the process that reads it: a failure becomes the problem that is shown.
      this.#kept = null;
      this.#entries = null;
      this.#figures = null;
      this.#problem = failed("read", this.path, error).message;
      await this.#close();
      return NOTHING;
    } finally {
      if (this.#store.isInFiles) await this.#close();
    }
  }

  /** The entries of `run`. Most polls find nothing but another heartbeat, and need not read them again. */
  async #entriesIn(reader: JournalReader, run: number): Promise<KeptEntries> {
    const hash = await reader.hashOf(await reader.lastSeq());
    const now = this.#now();
    const known = this.#entries;
    const isSame = known !== null && known.hash === hash && known.found.run.run === run;
    if (isSame && now >= known.readAt && now - known.readAt < CHECK_MS) return known.found;
    const found = await keptEntries(reader, run);
    this.#entries = { hash, readAt: now, found };
    return found;
  }

  /** Reads the events since the last poll, and the place after them. */
  async #eventsIn(reader: JournalReader): Promise<Found & { readonly place: FollowedPlace }> {
    const last = await reader.lastSeq();
    const isReplaced = this.#place !== null && !await this.#isIn(reader, this.#place);
    if (isReplaced) this.#figureReader = new FigureReader();
    const from = this.#place !== null && !isReplaced ? this.#place : await this.#startIn(reader, last);
    const seq = Math.min(from.seq + MOST_READ, last);
    const hash = seq === 0 ? "" : await reader.hashOf(seq);
    if (hash === null) throw damaged(this.path, `entry ${seq} is missing or cannot be read`);
    const events: FollowedEvent[] = [];
    if (seq > from.seq) {
      const until = { seq, hash: Uint8Array.fromHex(hash) };
      for await (const page of reader.chainedPart(from.seq + 1, until)) {
        for (const raw of page) {
          if (raw.type === "checkpoint") continue;
          const event = journalEventOf(readEntry(raw, this.path), this.path);
          events.push({ run: raw.run, seq: raw.seq, time: raw.time, event });
        }
      }
    }
    this.#origin = await reader.hashOf(1);
    return { events, isBehind: seq < last, isReplaced, place: { seq, hash } };
  }

  /** Whether the journal's chain goes through `place`. */
  async #isIn(reader: JournalReader, { seq, hash }: NonNullable<FollowedStart>): Promise<boolean> {
    if (seq === 0) return true;
    const found = await reader.hashOf(seq);
    return found !== null && (hash === undefined || hash === found);
  }

  /** Where to start in a journal that is read for the first time: at its start if it is new, otherwise at its end. */
  async #startIn(reader: JournalReader, last: number): Promise<FollowedPlace> {
    const first = await reader.first("started", 0, 1);
    if (first === null || first.time >= this.#since) return START;
    return { seq: last, hash: "" };
  }

  /** A fingerprint of the journal's files; null if they cannot be examined, or changed just now. */
  #seenFiles(): string | null {
    const found: string[] = [];
    for (const name of [this.path, `${this.path}-wal`]) {
      try {
        const { dev, ino, size, mtime } = Deno.statSync(name);
        if (mtime === null || this.#now() - mtime.getTime() < UNSETTLED_MS) return null;
        found.push(`${dev} ${ino} ${size} ${mtime.getTime()}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) return null;
        found.push("none");
      }
    }
    return found.join(", ");
  }
}

type Found = Pick<FollowedMoment, "events" | "isBehind" | "isReplaced">;

const NOTHING: Found = { events: [], isBehind: false, isReplaced: false };
