/** The right to write to a journal. */
import { JournalHeld } from "../journal_error.ts";
import {
  failed,
  folderOf,
  hasOtherNames,
  notOurs,
  oddity,
  OTHER_NAMES,
  realPath,
  refuseLinks,
} from "./journal_file.ts";
import { OWNERS_FILE, OWNERS_FOLDER } from "../../files/owner_only.ts";

const PID = /^\d+$/;
/** Of a process, with its line's end. */
const LONGEST_NUMBER = 20;

/**
 * The right to write to a journal, of one process at a time. It is a lock that the system holds on a file beside the
 * journal and releases when the process ends, however it ends.
 */
export class JournalLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  /**
   * Takes it for the journal at `path`; a missing folder is created, the one around it has to be there. Throws a
   * JournalError that names the process which has it, or says why it cannot be taken.
   */
  static take(path: string): JournalLock {
    try {
      refuseLinks(path, "open");
      // Another name of the same file must not have another lock.
      const lockPath = `${realPath(path)}.lock`;
      for (;;) {
        // Through a link this would empty another file, and remove it at the end.
        const odd = oddity(lockPath);
        if (odd !== null) throw notOurs(path, lockPath, odd);
        const file = openLock(lockPath);
        try {
          if (!file.tryLockSync(true)) throw held(path, lockPath);
          // The process that had it before may have removed the file just now; then the next one would make a new
          // file.
          if (!isAt(file, lockPath)) {
            file.close();
            continue;
          }
          if (hasOtherNames(file.statSync())) throw notOurs(path, lockPath, OTHER_NAMES);
          if (!holdsNumber(file)) throw notOurs(path, lockPath, "is not a lock of Penstock's");
          file.truncateSync(0);
          file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
          return new JournalLock(lockPath, file);
        } catch (error) {
          file.close();
          throw error;
        }
      }
    } catch (error) {
      throw failed("open", path, error);
    }
  }

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Releases it. */
  [Symbol.dispose](): void {
    try {
      // While it is still locked, so that no other process's lock is removed.
      if (this.#isInPlace()) Deno.removeSync(this.#path);
    } catch {
      // A file without a lock blocks nobody.
    }
    this.#file.close();
  }

  /** Whether the lock is still in place, as far as may be inspected. */
  #isInPlace(): boolean {
    try {
      return isAt(this.#file, this.#path);
    } catch {
      return true;
    }
  }
}

function held(path: string, lockPath: string): JournalHeld {
  const pid = holderOf(lockPath);
  const who = pid === null ? "another process" : `process ${pid}`;
  return new JournalHeld(
    `Cannot open the journal ${path}: ${who} has it open, and only one may write to it. ` +
      "Stop that one, or choose another journal.",
  );
}

function holderOf(lockPath: string): string | null {
  try {
    const text = Deno.readTextFileSync(lockPath).trim();
    return PID.test(text) ? text : null;
  } catch {
    return null;
  }
}

function openLock(lockPath: string): Deno.FsFile {
  const options = { create: true, read: true, write: true, mode: OWNERS_FILE };
  try {
    return Deno.openSync(lockPath, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(folderOf(lockPath), { mode: OWNERS_FOLDER });
    return Deno.openSync(lockPath, options);
  }
}

/** Whether a lock's file holds what one has: the number of a process, or nothing yet. */
function holdsNumber(file: Deno.FsFile): boolean {
  const bytes = new Uint8Array(LONGEST_NUMBER + 1);
  const count = file.readSync(bytes) ?? 0;
  file.seekSync(0, Deno.SeekMode.Start);
  return /^\d*\n?$/.test(new TextDecoder().decode(bytes.subarray(0, count))) && count <= LONGEST_NUMBER;
}

function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    // A link that took its place is another file.
    const [open, there] = [file.statSync(), Deno.lstatSync(path)];
    return open.ino === there.ino && open.dev === there.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
