/** Sends a request to the run that has a journal open, and waits for the outcome. */
import type { RunRequest } from "../../domain/run/run_request.ts";
import { connect, failed, refused } from "./sqlite/journal_file.ts";
import { JournalReader } from "./journal_reader.ts";
import { fileRequest, withdraw } from "./sqlite/journal_requests.ts";
import { connectToRead } from "./sqlite/journal_schema.ts";
import { SCHEMA_VERSION } from "./sqlite/journal_tables.ts";

/** How long to wait for the run. */
export interface Asking {
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * The outcome of a request. `done`: the run did it. `dropped`: the run dropped it, or there was nothing to change.
 * `overtaken`: another request came first. `filed`: the run did not answer in time; it will find the request at its
 * next check or its next start.
 */
export type Answered = "done" | "dropped" | "overtaken" | "filed";

const POLL_MS = 100;

/** Throws a JournalError if the journal at `path`, which another process has open, is of an older version. */
export function mustTakeRequests(path: string): void {
  try {
    const { database, version } = connectToRead(path, "read", connect);
    database.close();
    if (version >= SCHEMA_VERSION) return;
    throw refused(
      path,
      `an older Penstock has it open (version ${version}; requests came with ${SCHEMA_VERSION}). ` +
        "Stop that one, then ask again.",
    );
  } catch (error) {
    throw failed("read", path, error);
  }
}

/**
 * Files a request in the journal at `path`, which another process has open, and waits. `answer` looks for what the
 * run wrote about it, null for nothing yet; a request that is overtaken is taken back. Throws a JournalError if the
 * journal cannot be written. It has to be one for which `mustTakeRequests` holds.
 */
export async function askRun(
  path: string,
  asked: { readonly run: number; readonly time: number; readonly request: RunRequest },
  answer: (reader: JournalReader) => "done" | "overtaken" | null,
  { waitMs, signal }: Asking,
): Promise<Answered> {
  const database = connect(path, false);
  try {
    const key = fileRequest(database, asked);
    using reader = JournalReader.open(path);
    const until = performance.now() + waitMs;
    for (;;) {
      const isGone = !reader.isWaiting(key);
      const answered = answer(reader);
      if (answered === "overtaken") withdraw(database, key);
      if (answered !== null) return answered;
      if (isGone) return "dropped";
      if (signal.aborted || performance.now() >= until) return "filed";
      await wait(POLL_MS, signal);
    }
  } catch (error) {
    throw failed("write to", path, error);
  } finally {
    database.close();
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
