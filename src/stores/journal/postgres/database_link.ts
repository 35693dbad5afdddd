/** A link to a database: a session that is opened when it is needed, and reopened after it is lost. */
import {
  databaseHost,
  type DatabasePlace,
  readDatabasePlace,
  withoutPassword,
} from "../../../domain/run/database_place.ts";
import { refused } from "../journal_error.ts";
import { DatabaseAway } from "./database_failure.ts";
import {
  type DatabaseRow,
  DatabaseSession,
  type DatabaseValue,
  type SessionOptions,
} from "./database_session.ts";

/** What to do while the database is unreachable. */
export interface Patience {
  /** Whether to try again after this many failures in a row. */
  readonly continues: (failures: number) => boolean;
  /**
   * Called before each wait, with what is wrong, and with null once the database is back; `since` is when the waiting
   * work was started, ms since 1970.
   */
  readonly onAway: (what: string | null, since: number) => void;
  /** Ends a wait early. */
  readonly signal: AbortSignal | null;
}

/** A reader tries a second time, because a restarted server has closed its connections. */
export const ONCE: Patience = { continues: (failures) => failures < 2, onAway: () => {}, signal: null };

const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 1_000;

/** A link for one user at a time. */
export class DatabaseLink implements AsyncDisposable {
  readonly place: DatabasePlace;
  readonly #options: SessionOptions;
  readonly #patience: Patience;
  readonly #onOpen: (session: DatabaseSession) => Promise<void>;
  /** Rejects once the link is abandoned. */
  readonly #abandoned = Promise.withResolvers<never>();
  #isAbandoned = false;
  readonly #uses = new Set<{ readonly from: number }>();
  #session: DatabaseSession | null = null;
  #opening: Promise<DatabaseSession> | null = null;

  /** `onOpen` prepares each new session. */
  constructor(
    place: DatabasePlace,
    options: SessionOptions,
    patience: Patience = ONCE,
    onOpen: (session: DatabaseSession) => Promise<void> = () => Promise.resolve(),
  ) {
    this.place = place;
    this.#options = options;
    this.#patience = patience;
    this.#onOpen = onOpen;
    // Without a use that waits for it, the rejection would count as unhandled.
    this.#abandoned.promise.catch(() => {});
  }

  /** Returns another link to the same database, with its own session. */
  another(): DatabaseLink {
    return new DatabaseLink(this.place, this.#options, this.#patience);
  }

  /** The rows that a statement returns. The statement must be safe to repeat. Throws like a session. */
  query(text: string, values: readonly DatabaseValue[] = []): Promise<readonly DatabaseRow[]> {
    return this.use((session) => session.query(text, values));
  }

  /**
   * Returns what `work` returns. If the session is lost, `work` is repeated in a new one, as the link's patience
   * allows.
   */
  async use<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> {
    const own = { from: performance.now() };
    this.#uses.add(own);
    try {
      return await this.#untilDone(work, Date.now());
    } finally {
      this.#uses.delete(own);
    }
  }

  async #untilDone<T>(work: (session: DatabaseSession) => Promise<T>, since: number): Promise<T> {
    for (let failures = 0;;) {
      try {
        const done = await Promise.race([this.#open().then(work), this.#abandoned.promise]);
        if (failures > 0) this.#patience.onAway(null, since);
        return done;
      } catch (error) {
        if (!(error instanceof DatabaseAway)) throw error;
        if (this.#isAbandoned || !this.#patience.continues(++failures)) throw error;
        // If the session is still open, another transaction was in the way, and the next try usually succeeds.
        if (failures > 1 || !this.#session?.isOpen) this.#patience.onAway(error.message, since);
        await this.#wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10)));
      }
    }
  }

  /** Returns what `work` returns in the open session, without a second try; null if no session is open. */
  async useIfOpen<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T | null> {
    return this.#session?.isOpen ? await work(this.#session) : null;
  }

  /** When the oldest unfinished use started, by `performance.now()`; null if there is none. */
  get waitsSince(): number | null {
    return this.#uses.values().next().value?.from ?? null;
  }

  /** Ends every wait for an answer, now and later. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#session?.destroy();
    this.#abandoned.reject(new DatabaseAway(`${databaseHost(this.place)}: it does not answer`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
    this.#session = null;
  }

  async #open(): Promise<DatabaseSession> {
    if (this.#session?.isOpen) return this.#session;
    this.#opening ??= this.#connect();
    try {
      return this.#session = await this.#opening;
    } finally {
      this.#opening = null;
    }
  }

  async #connect(): Promise<DatabaseSession> {
    const session = await DatabaseSession.open(this.place, this.#options);
    try {
      await this.#onOpen(session);
      if (this.#isAbandoned) {
        throw new DatabaseAway(`${databaseHost(this.place)}: it answered after Penstock had stopped waiting`);
      }
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  #wait(ms: number): Promise<void> {
    // An aborted signal no longer ends a wait.
    const signal = this.#patience.signal?.aborted ? null : this.#patience.signal;
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
    });
  }
}

/** Returns the journal in a database that a path names. Throws a JournalError that says what is wrong with the path. */
export function journalPlace(path: string): DatabasePlace & { readonly journal: string } {
  const place = databasePlace(path);
  if (place.journal !== null) return { ...place, journal: place.journal };
  throw refused(path, "it names a database, but no journal in it. Name one after #, or with --name.");
}

/** Returns the database that a path names. Throws a JournalError that says what is wrong with the path. */
export function databasePlace(path: string): DatabasePlace {
  try {
    return readDatabasePlace(path);
  } catch (error) {
    throw error instanceof RangeError ? refused(withoutPassword(path), `expected ${error.message}.`) : error;
  }
}
