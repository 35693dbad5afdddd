/** Waits for a journal that another process holds, to continue its run when that process ends. */
import type { Configuration } from "../../config/configuration.ts";
import type { Clock } from "../../domain/process/clock.ts";
import type { Journal } from "../../stores/journal/journal.ts";
import { JournalError, JournalHeld } from "../../stores/journal/journal_error.ts";
import { DatabaseAway } from "../../stores/journal/postgres/database_failure.ts";
import type { ChangeListener } from "../../stores/journal/entry_log.ts";
import { storeOf } from "../../stores/journal/known_stores.ts";
import { readDatabasePlace } from "../../domain/run/database_place.ts";
import { type OpeningOptions, openJournal } from "./opening.ts";

/** How often to try while no notice would arrive when the holder releases the lease, ms. */
const POLL_MS = 1_000;

/**
 * Returns the run's journal once this process holds it; null if `signal` is aborted first. It tries again when the
 * holder's lease ends or is released, and while the database is unreachable. Throws like `Journal.open` for anything
 * else.
 */
export async function standBy(
  configuration: Configuration,
  options: Pick<OpeningOptions, "signal" | "log" | "onAway" | "surroundings">,
): Promise<Journal | null> {
  const { signal, log, surroundings: { runtime } } = options;
  await using listener = new ReleaseListener(configuration.config.state);
  let logged = "";
  const logOnce = (text: string): void => {
    if (text !== logged) log({ level: "info", text });
    logged = text;
  };
  while (!signal.aborted) {
    try {
      return await openJournal(configuration, options);
    } catch (error) {
      let waitMs = POLL_MS;
      if (error instanceof JournalHeld) {
        logOnce(`standing by: another process holds the journal ${configuration.config.state}`);
        const endsInMs = Math.max(1, error.endsInMs ?? waitMs);
        waitMs = await listener.isListening() ? endsInMs : Math.min(waitMs, endsInMs);
      } else if (error instanceof JournalError && error.cause instanceof DatabaseAway) {
        logOnce(`standing by: ${error.cause.message}`);
      } else throw error;
      await listener.wait(waitMs, signal, runtime);
    }
  }
  return null;
}

/** Listens, from the first `isListening` on, for the holder of a journal to release its lease. */
class ReleaseListener implements AsyncDisposable {
  readonly #path: string;
  #listener: ChangeListener | undefined;
  #isFreed = false;
  #wake = (): void => {};

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether a release would be noticed now. Only then may a wait last until the end of the lease. */
  async isListening(): Promise<boolean> {
    this.#listener ??= (await storeOf(this.#path)).listen?.(this.#path, "freed", (name) => {
      if (name !== null && name !== readDatabasePlace(this.#path).journal) return;
      this.#isFreed = true;
      this.#wake();
    });
    return this.#listener?.isListening ?? false;
  }

  /** Waits for `ms`, until the lease is released, or until `signal` is aborted. */
  async wait(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
    if (!this.#isFreed && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = clock.setTimeout(resolve, ms);
      signal.addEventListener("abort", this.#wake);
      await promise;
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", this.#wake);
    }
    this.#isFreed = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
  }
}
