/** The errors of a journal that cannot be opened, read or written, or that Penstock did not write. */
import type { Exit } from "../../domain/process/exit.ts";

/** A journal cannot be opened, written to or trusted; the message says which one, why, and what to do. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  /** `input` if the journal is damaged, because then no command can use it. */
  readonly exit: Extract<Exit, "input" | "failure">;
  /** What is wrong with its content, as a clause; null if the content is not the problem. */
  readonly damage: string | null;

  /** `damage`, if given, is the clause that the message is built around. */
  constructor(message: string, options: ErrorOptions & { readonly damage?: string } = {}) {
    super(message, options);
    this.damage = options.damage ?? null;
    this.exit = this.damage === null ? "failure" : "input";
  }
}

/** Another process has the journal open for writing. */
export class JournalHeld extends JournalError {
  /** How long until its lease ends unless it is renewed, ms; null if the lease does not expire. */
  readonly endsInMs: number | null;

  constructor(message: string, endsInMs: number | null = null) {
    super(message);
    this.endsInMs = endsInMs;
  }
}

/** The store cannot read a part of the journal, such as an invalid page; `cause` explains it. */
export class JournalUnreadable extends JournalError {
  override readonly exit = "input";
}

/** The operations on a journal. */
export type Operation = "open" | "read" | "write to";

export const RESTORE = "Nothing was changed. Restore it from a copy, or move it away to start a new one.";

/** The error for a journal at `path` that is not opened; `why` gives the reason. */
export function refused(path: string, why: string): JournalError {
  return new JournalError(`Cannot open the journal ${path}: ${why}`);
}

/** The error for a journal that does not exist at `path`. */
export function missing(path: string): JournalError {
  return refused(
    path,
    "there is none yet. Start a run that keeps its journal there, or name the file of another run.",
  );
}

/** The error for a journal at `path` whose content is not what Penstock wrote. */
export function damaged(path: string, what: string): JournalError {
  return new JournalError(`The journal ${path} is damaged: ${what}. ${RESTORE}`, { damage: what });
}

/** Turns any error from opening, reading or writing the journal at `path` into a JournalError. */
export function failed(operation: Operation, path: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new JournalError(
    `Cannot ${operation} the journal ${path}: ${message}. ` +
      "Check that the file and its folder may be read and written, or choose another place.",
    { cause: error },
  );
}
