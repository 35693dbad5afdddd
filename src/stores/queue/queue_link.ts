/** A connection to the database of a queue: it listens for notices, and waits for a database that is unreachable. */
import { readDatabasePlace } from "../../domain/run/database_place.ts";
import { CHANNELS, notify } from "../journal/postgres/change_notices.ts";
import { DatabaseAway } from "../journal/postgres/database_failure.ts";
import { DatabaseLink, type Patience } from "../journal/postgres/database_link.ts";
import { prepareSchema } from "../journal/postgres/database_schema.ts";
import { secretsOf } from "../journal/postgres/database_secrets.ts";
import type { DatabaseRow, DatabaseSession, DatabaseValue } from "../journal/postgres/database_session.ts";
import { queueFailure, queueRefused } from "./queue_error.ts";

/** How long an answer may take, ms: one may hold thousands of rows. */
const PATIENCE_MS = 30_000;
/** How long a process that was asked to end still waits for the database, ms. */
const GRACE_MS = 1_000;

/** The notices of a queue. */
export type QueueNotice = "tasks" | "results";

/** Options of a link. */
export interface LinkOptions {
  readonly listensTo: QueueNotice;
  /** Called when the database becomes unreachable, and when it is back. */
  readonly onTrouble: (text: string) => void;
  /** Once aborted, nothing waits for the database for more than a moment. */
  readonly signal: AbortSignal;
}

/** One connection, which reconnects when it is lost. */
export class QueueLink implements AsyncDisposable {
  readonly #path: string;
  readonly #link: DatabaseLink;
  readonly #options: LinkOptions;
  #isOpened = false;
  #isAway = false;
  /** Whether the current session listens. */
  #isListening = false;
  /** Whether something may have changed since the last wait. */
  #isChanged = false;
  #wake: (() => void) | null = null;
  #grace: ReturnType<typeof setTimeout> | undefined;
  readonly #onAbort = (): void => {
    this.#grace = setTimeout(() => this.#link.abandon(), GRACE_MS);
  };

  /** Connects to the database at `path`, and creates the tables if there are none. Throws a QueueError. */
  static async open(path: string, options: LinkOptions): Promise<QueueLink> {
    let link: QueueLink | null = null;
    try {
      link = new QueueLink(path, options);
      await link.#link.use((session) =>
        prepareSchema(session, path, undefined, (why) => queueRefused(path, why))
      );
      link.#isOpened = true;
      return link;
    } catch (error) {
      await link?.[Symbol.asyncDispose]();
      throw queueFailure(path, error);
    }
  }

  private constructor(path: string, options: LinkOptions) {
    this.#path = path;
    this.#options = options;
    const place = readDatabasePlace(path);
    const patience: Patience = {
      continues: (failures) => this.#isOpened ? !options.signal.aborted : failures < 2,
      onAway: (why) => this.#reportAway(why),
      signal: options.signal,
    };
    const session = { ...secretsOf(place), patienceMs: PATIENCE_MS, onNotice: () => this.wake() };
    this.#link = new DatabaseLink(place, session, patience, () => {
      this.#isListening = false;
      // A notice may have been missed before.
      this.wake();
      return Promise.resolve();
    });
    options.signal.addEventListener("abort", this.#onAbort);
  }

  /** The rows that a statement returns. The statement must be safe to repeat. Throws a QueueError. */
  query(text: string, values: readonly DatabaseValue[] = []): Promise<readonly DatabaseRow[]> {
    return this.use((session) => session.query(text, values));
  }

  /** Returns what `work` returns, and repeats it if the connection is lost meanwhile. Throws a QueueError. */
  async use<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> {
    try {
      return await this.#link.use(work);
    } catch (error) {
      throw queueFailure(this.#path, error);
    }
  }

  /** The rows that a statement returns, or null if the database is unreachable now. Throws a QueueError if it refuses. */
  async queryIfOpen(text: string, values: readonly DatabaseValue[]): Promise<readonly DatabaseRow[] | null> {
    try {
      return await this.#link.useIfOpen((session) => session.query(text, values));
    } catch (error) {
      if (error instanceof DatabaseAway) return null;
      throw queueFailure(this.#path, error);
    }
  }

  /** Notifies the listeners. A lost notice costs them time, and nothing else. */
  async notify(what: QueueNotice): Promise<void> {
    try {
      await this.#link.useIfOpen((session) => notify(session, what, ""));
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw queueFailure(this.#path, error);
    }
  }

  /**
   * Resolves at the next notice, after `ms`, or once `signal` is aborted; at once if a notice has arrived since the last
   * wait. Listens from the first wait on, which resolves at once, because something may have changed before.
   */
  async changed(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isListening && !signal.aborted) {
      await this.query(`LISTEN ${CHANNELS[this.#options.listensTo]}`);
      this.#isListening = true;
      this.#isChanged = true;
    }
    if (!this.#isChanged && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      const wake = this.#wake = () => resolve();
      signal.addEventListener("abort", wake);
      await promise;
      signal.removeEventListener("abort", wake);
      this.#wake = null;
      clearTimeout(timer);
    }
    this.#isChanged = false;
  }

  /** Stops listening until the next wait: every notice wakes all sessions of the database that listen to anything. */
  async stopListening(): Promise<void> {
    if (this.#isListening) await this.query("UNLISTEN *");
    this.#isListening = false;
  }

  /** Ends a wait. */
  wake(): void {
    this.#isChanged = true;
    this.#wake?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    clearTimeout(this.#grace);
    await this.#link[Symbol.asyncDispose]();
  }

  #reportAway(why: string | null): void {
    const isAway = why !== null;
    if (!this.#isOpened || isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#options.onTrouble(
      isAway
        ? `the database of the queue is unreachable (${why}): waiting until it is back`
        : "the database of the queue is back",
    );
  }
}
