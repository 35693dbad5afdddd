/**
 * Notices of changes in a database, which its server passes on to those that listen. A notice only says when to poll:
 * anyone may send one, and if one is lost, the next poll finds the change.
 *
 * PostgreSQL sends the notices of one transaction at a time, and waits until its commit is on disk. Notices in the
 * commits of entries would make all runs of a database wait for one another. So each notice has its own transaction
 * after the commit, and that one does not wait for the disk.
 */
import type { DatabaseLink } from "./database_link.ts";
import type { DatabaseSession } from "./database_session.ts";

/** The channels of notices. A notice about a journal contains the journal's name, one about the queue nothing. */
export const CHANNELS = {
  entries: "penstock_entries",
  freed: "penstock_freed",
  tasks: "penstock_tasks",
  results: "penstock_results",
} as const;

/** The shortest time between two notices of one run's entries, ms. */
const GAP_MS = 100;

const NOTIFY = `SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`;

/** Announces that a journal has new entries or a new heartbeat: at once, but at most ten times a second. */
export class EntryNotices implements AsyncDisposable {
  readonly #link: DatabaseLink;
  readonly #name: string;
  /** The notice under way; null for none. */
  #sending: Promise<void> | null = null;
  #gap: ReturnType<typeof setTimeout> | undefined;
  #isDue = false;
  #isEnded = false;

  constructor(link: DatabaseLink, name: string) {
    this.#link = link;
    this.#name = name;
  }

  /** Sends a notice, or has one sent soon. Does not wait for it. */
  changed(): void {
    if (this.#isEnded) return;
    if (this.#gap === undefined) this.#send();
    else this.#isDue = true;
  }

  /** Sends the notice that is due, and waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#gap);
    await this.#sending;
    if (this.#isDue) await this.#sent();
  }

  #send(): void {
    this.#isDue = false;
    this.#gap = setTimeout(() => {
      this.#gap = undefined;
      if (this.#isDue) this.changed();
    }, GAP_MS);
    // However long the server takes, only one is under way.
    if (this.#sending === null) this.#sending = this.#sent().finally(() => this.#sending = null);
    else this.#isDue = true;
  }

  async #sent(): Promise<void> {
    try {
      await this.#link.useIfOpen((session) => notify(session, "entries", this.#name));
    } catch {
      // The next commit shows whether the database is unreachable, and listeners also poll.
    }
  }
}

/** Sends one notice. Throws like a session. */
export async function notify(
  session: DatabaseSession,
  what: keyof typeof CHANNELS,
  name: string,
  patienceMs?: number,
): Promise<void> {
  await session.query(NOTIFY, [CHANNELS[what], name], patienceMs);
}
