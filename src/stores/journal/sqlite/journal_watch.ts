/**
 * Checks whether the files of an open journal are still in place. A process can keep writing to a removed file without
 * an error. When the process ends, the system frees the space and nothing is left on disk.
 */
import { realPath } from "./journal_file.ts";

/** The journal itself, the log and its index that SQLite has beside it while it is open, and the lock. */
export function filesOfJournal(path: string): string[] {
  return ["", "-wal", "-shm", ".lock"].map((end) => path + end);
}

/** The files of one journal, as they were when it was opened. */
export class JournalWatch {
  readonly #files: readonly { readonly name: string; readonly was: string | null }[];

  /** Watches the journal at `path`, which must be open for writing, so that all its files exist. */
  constructor(path: string) {
    this.#files = filesOfJournal(realPath(path)).map((name) => ({ name, was: identityOf(name) }));
  }

  /** What was removed or replaced, as a clause; null if everything that may be inspected is in place. */
  loss(): string | null {
    for (const { name, was } of this.#files) {
      let is: string | null;
      try {
        is = identityOf(name);
      } catch (error) {
        if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) {
          continue;
        }
        return `${name} can no longer be examined (${error instanceof Error ? error.message : error})`;
      }
      if (is === was) continue;
      return is === null ? `${name} was removed, moved or renamed` : `${name} was replaced by another file`;
    }
    return null;
  }
}

/** The identity of a file; null if there is none. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev} ${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}
