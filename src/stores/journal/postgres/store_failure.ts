/** Errors of a database as errors of the journal in it. */
import { failed, JournalError, type Operation } from "../journal_error.ts";
import { DatabaseAway, DatabaseRefusal } from "./database_failure.ts";

/** Turns any error from opening, reading or writing the journal at `path` into a JournalError. */
export function storeFailure(operation: Operation, path: string, error: unknown): JournalError {
  if (error instanceof DatabaseAway) {
    return new JournalError(
      `Cannot ${operation} the journal ${path}: ${error.message}. Check that PostgreSQL is running there ` +
        "and can be reached, then start again.",
      { cause: error },
    );
  }
  if (error instanceof DatabaseRefusal) {
    return new JournalError(`Cannot ${operation} the journal ${path}: ${error.message}.`, { cause: error });
  }
  return failed(operation, path, error);
}
