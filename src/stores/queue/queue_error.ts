/** Errors of a queue that cannot be used. */
import { DatabaseAway, DatabaseRefusal } from "../journal/postgres/database_failure.ts";

/** A queue cannot be reached or used; the message says which one, why, and what to do. */
export class QueueError extends Error {
  override readonly name = "QueueError";
  readonly exit = "failure";
}

/**
 * A result that no worker computed, although somebody wrote it into the queue; the message says what is wrong with it.
 */
export class UnusableResult extends Error {
  override readonly name = "UnusableResult";
}

/** The error for a queue in the database at `path` that is not used; `why` gives the reason. */
export function queueRefused(path: string, why: string): QueueError {
  return new QueueError(`Cannot use the queue in ${path}: ${why}`);
}

/** Turns an error of the database at `path` into a QueueError; returns any other error unchanged. */
export function queueFailure(path: string, error: unknown): unknown {
  if (error instanceof DatabaseAway) {
    return new QueueError(
      `Cannot use the queue in ${path}: ${error.message}. Check that PostgreSQL is running there and can be reached, ` +
        "then start again.",
      { cause: error },
    );
  }
  if (error instanceof DatabaseRefusal) {
    return new QueueError(`Cannot use the queue in ${path}: ${error.message}.`, { cause: error });
  }
  return error;
}
