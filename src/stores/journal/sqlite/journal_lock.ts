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
/** The longest process number with its line feed. */
const LONGEST_NUMBER = 20;

/**
 * The right to write to a journal, for one process at a time. It is a lock on a file beside the journal, which the
 * system releases when the process ends, however it ends.
 */
export class JournalLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  /**
   * Takes the lock for the journal at `path`. It creates a missing folder, but the folder's parent must exist. Throws a
   * JournalError that names the process that holds it, or explains why it cannot be taken.
   */
  static take(path: string): JournalLock {
    try {
      refuseLinks(path, "open");
      // Another name of the same file must not have another lock.
      const lockPath = `${realPath(path)}.lock`;
      for (;;) {
        // Through a link, this would empty another file.
        const odd = oddity(lockPath);
        if (odd !== null) throw notOurs(path, lockPath, odd);
        const file = openLock(lockPath);
        try {
          if (!file.tryLockSync(true)) throw held(path, lockPath);
          // The previous holder may just have removed the file, and then the next process would create another one.
          if (!isAt(file, lockPath)) {
            file.close();
            continue;
          }
          if (hasOtherNames(file.statSync())) throw notOurs(path, lockPath, OTHER_NAMES);
          if (!holdsNumber(file)) throw notOurs(path, lockPath, "is not a lock file of Penstock's");
          const lock = new JournalLock(lockPath, file);
          try {
            file.truncateSync(0);
            file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
          } catch (error) {
            // On a full disk the file can be created, but nothing can be written to it.
            lock.#remove();
            throw error;
          }
          return lock;
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
    this.#remove();
    this.#file.close();
  }

  #remove(): void {
    try {
      // While it is still locked, so that no other process's lock is removed.
      if (this.#isInPlace()) Deno.removeSync(this.#path);
    } catch {
      // A file without a lock blocks nobody.
    }
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

/** Whether a file has the content of a lock: the number of a process, or nothing yet. */
function holdsNumber(file: Deno.FsFile): boolean {
  const bytes = new Uint8Array(LONGEST_NUMBER + 1);
  const count = file.readSync(bytes) ?? 0;
  file.seekSync(0, Deno.SeekMode.Start);
  return /^\d*\n?$/.test(new TextDecoder().decode(bytes.subarray(0, count))) && count <= LONGEST_NUMBER;
}

function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    // A link in its place is another file.
    const [open, there] = [file.statSync(), Deno.lstatSync(path)];
    return open.ino === there.ino && open.dev === there.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
