/** Listens for notices of changes in a database, over its own connection, which it reopens when it is lost. */
import type { DatabasePlace } from "../../../domain/run/database_place.ts";
import type { ChangeKind, ChangeListener } from "../entry_log.ts";
import { CHANNELS } from "./change_notices.ts";
import type { DatabaseSecrets } from "./database_secrets.ts";
import { DatabaseSession } from "./database_session.ts";

/** How long an answer may take, ms. Disposing the listener waits no longer than this. */
const PATIENCE_MS = 3_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
/** How often the connection is tested, ms: one that a firewall dropped would otherwise stay silent forever. */
const TRY_MS = 30_000;

/** A listener. It never fails. While it cannot listen, its users poll instead, and polling reports what is wrong. */
export class DatabaseListener implements ChangeListener {
  readonly #place: DatabasePlace;
  readonly #secrets: DatabaseSecrets;
  readonly #kind: ChangeKind;
  readonly #onChange: (name: string | null) => void;
  readonly #ending = Promise.withResolvers<void>();
  readonly #work: Promise<void>;
  #isEnded = false;
  #isListening = false;

  constructor(
    place: DatabasePlace,
    secrets: DatabaseSecrets,
    kind: ChangeKind,
    onChange: (name: string | null) => void,
  ) {
    this.#place = place;
    this.#secrets = secrets;
    this.#kind = kind;
    this.#onChange = onChange;
    this.#work = this.#listenAgain();
  }

  get isListening(): boolean {
    return this.#isListening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    this.#ending.resolve();
    await this.#work;
  }

  async #listenAgain(): Promise<void> {
    for (let failures = -1; !this.#isEnded; failures++) {
      try {
        const onNotice = (name: string) => {
          if (!this.#isEnded) this.#onChange(name);
        };
        await using session = await DatabaseSession.open(this.#place, {
          ...this.#secrets,
          patienceMs: PATIENCE_MS,
          onNotice,
        });
        await session.query(`LISTEN ${CHANNELS[this.#kind]}`);
        failures = -1;
        this.#isListening = true;
        if (!this.#isEnded) this.#onChange(null);
        while (session.isOpen && !this.#isEnded) {
          await this.#wait(TRY_MS, session.ended);
          if (session.isOpen && !this.#isEnded) await session.query("SELECT 1");
        }
      } catch {
        // The database is unreachable or refuses the connection. Reading a journal in it reports that.
      } finally {
        this.#isListening = false;
      }
      await this.#wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10)));
    }
  }

  /** Waits for `ms`, `other` or the end of this listener, whichever comes first. */
  async #wait(ms: number, other: Promise<unknown> = this.#ending.promise): Promise<void> {
    if (this.#isEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, other, this.#ending.promise]);
    clearTimeout(timer);
  }
}
