/** Errors of a database as errors of the journal in it. */
import { type Doing, failed, JournalError } from "../journal_error.ts";
import { DatabaseAway, DatabaseRefusal } from "./database_failure.ts";

/** Turns any error of opening, reading or writing the journal at `path` into a JournalError. */
export function storeFailure(doing: Doing, path: string, error: unknown): JournalError {
  if (error instanceof DatabaseAway) {
    return new JournalError(
      `Cannot ${doing} the journal ${path}: ${error.message}. Check that PostgreSQL is running there and can be reached, ` +
        "then start again.",
      { cause: error },
    );
  }
  if (error instanceof DatabaseRefusal) {
    return new JournalError(`Cannot ${doing} the journal ${path}: ${error.message}.`, { cause: error });
  }
  return failed(doing, path, error);
}
