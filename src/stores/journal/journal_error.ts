/** The errors of a journal that cannot be opened, read or written, or that Penstock did not write. */
import type { Exit } from "../../domain/process/exit.ts";

/** A journal cannot be opened, written to or trusted; the message says which, why and what to do. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  /** Input if the journal is damaged: no command can use it. */
  readonly exit: Extract<Exit, "input" | "failure">;
  /** What is wrong with its content, as a clause; null if something else is. */
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
  /** When its lease ends unless it is renewed, ms from now; null if it has no time of its own. */
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
export type Doing = "open" | "read" | "write to";

export const RESTORE = "Nothing was changed. Restore it from a copy, or move it away to start a new one.";

/** The error that says why the journal at `path` is not opened. */
export function refused(path: string, why: string): JournalError {
  return new JournalError(`Cannot open the journal ${path}: ${why}`);
}

/** The error that says that there is no journal at `path`. */
export function missing(path: string): JournalError {
  return refused(
    path,
    "there is none yet. Start a run that keeps its journal there, or name the file of another run.",
  );
}

/** The error that says that what the journal at `path` holds is not what Penstock wrote. */
export function damaged(path: string, what: string): JournalError {
  return new JournalError(`The journal ${path} is damaged: ${what}. ${RESTORE}`, { damage: what });
}

/** Turns any error of opening, reading or writing the journal at `path` into a JournalError. */
export function failed(doing: Doing, path: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new JournalError(
    `Cannot ${doing} the journal ${path}: ${message}. ` +
      "Check that the file and its folder may be read and written, or choose another place.",
    { cause: error },
  );
}
