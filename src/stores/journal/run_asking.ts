/** Sends a request to the run that has a journal open, and waits for the outcome. */
import type { NewRequest } from "./entry_log.ts";
import { failed } from "./journal_error.ts";
import { JournalReader } from "./journal_reader.ts";
import { storeOf } from "./known_stores.ts";

/** How long to wait for the run. */
export interface AskOptions {
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * The outcome of a request. `done`: the run did it. `dropped`: the run dropped it, or there was nothing to change.
 * `overtaken`: another request came first. `filed`: the run did not answer in time; it will find the request at its
 * next check or its next start.
 */
export type RequestOutcome = "done" | "dropped" | "overtaken" | "filed";

const POLL_MS = 100;

/** Throws a JournalError if no requests can be filed in the journal at `path`: an older Penstock may have it open. */
export async function mustAcceptRequests(path: string): Promise<void> {
  await using _box = await (await storeOf(path)).requestBox(path);
}

/**
 * Files a request in the journal at `path`, which another process may have open, and waits. `answer` finds the run's
 * reaction, null for none yet; an overtaken request is withdrawn. Throws a JournalError if the journal cannot be
 * written, and like `mustAcceptRequests`.
 */
export async function askRun(
  path: string,
  asked: NewRequest,
  answer: (reader: JournalReader) => Promise<"done" | "overtaken" | null>,
  { waitMs, signal }: AskOptions,
): Promise<RequestOutcome> {
  try {
    await using box = await (await storeOf(path)).requestBox(path);
    const key = await box.file(asked);
    await using reader = await JournalReader.open(path);
    const until = performance.now() + waitMs;
    for (;;) {
      const isGone = !await reader.isWaiting(key);
      const answered = await answer(reader);
      if (answered === "overtaken") await box.withdraw(key);
      if (answered !== null) return answered;
      if (isGone) return "dropped";
      if (signal.aborted || performance.now() >= until) return "filed";
      await wait(POLL_MS, signal);
    }
  } catch (error) {
    throw failed("write to", path, error);
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
