/** Waits for a journal that another process holds, to continue its run when that process ends. */
import type { Configuration } from "../../config/configuration.ts";
import type { Clock } from "../../domain/process/clock.ts";
import type { Journal } from "../../stores/journal/journal.ts";
import { JournalError, JournalHeld } from "../../stores/journal/journal_error.ts";
import { DatabaseAway } from "../../stores/journal/postgres/database_failure.ts";
import { type OpeningOptions, openJournal } from "./opening.ts";

/** How often to try: a holder that ends releases its lease at once. */
const LOOK_MS = 1_000;

/**
 * Returns the run's journal once this process holds it; null if `signal` is aborted before. It tries again when the
 * holder's lease ends, and while the database is unreachable. Throws like `Journal.open` for anything else.
 */
export async function standBy(
  configuration: Configuration,
  options: Pick<OpeningOptions, "signal" | "log" | "surroundings">,
): Promise<Journal | null> {
  const { signal, log, surroundings: { runtime } } = options;
  let said = "";
  const say = (text: string): void => {
    if (text !== said) log({ level: "info", text });
    said = text;
  };
  while (!signal.aborted) {
    try {
      return await openJournal(configuration, options);
    } catch (error) {
      let waitMs = LOOK_MS;
      if (error instanceof JournalHeld) {
        say(`standing by: another process holds the journal ${configuration.config.state}`);
        waitMs = Math.max(1, Math.min(waitMs, error.endsInMs ?? waitMs));
      } else if (error instanceof JournalError && error.cause instanceof DatabaseAway) {
        say(`standing by: ${error.cause.message}`);
      } else throw error;
      await wait(waitMs, signal, runtime);
    }
  }
  return null;
}

function wait(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(done, ms);
    signal.addEventListener("abort", done);
    function done(): void {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
