/** Copies a journal as of one moment, even while a run writes to it. */
import { backup, type DatabaseSync } from "node:sqlite";
import { damaged, missing } from "../journal_error.ts";
import { failed, journalExists, openDatabase } from "./journal_file.ts";
import { JournalLock } from "./journal_lock.ts";
import { inspect } from "../journal_inspection.ts";
import { connectToRead, refuseOthers, removeDraft } from "./journal_schema.ts";
import { linkedEntry } from "../linked_entry.ts";
import { type CopiedJournal, CopyExists } from "../entry_log.ts";
import { SqliteLog } from "./sqlite_log.ts";
import { OWNERS_FILE } from "../../files/owner_only.ts";

/** How many pages are copied at once. */
const PAGES = 10_000;
/** The size of a block, as the system counts them. */
const BLOCK_BYTES = 512;
/** A journal of this size or more takes space on disk, because hashes hardly compress. */
const LARGE_BYTES = 100_000_000;
/** A file may say that it has this many times the bytes that it takes on disk. */
const MOST_SPARSE = 10;

/**
 * Copies the journal at `path` to `to`, which must not exist. The copy has another name until it is complete, so that
 * `to` is a whole copy or nothing. The last entries are checked first. During the copy, this process reacts only to
 * signals that end it at once. The next copy to the same name removes the remains, and no other files. Throws
 * CopyExists if something exists at `to`, and a JournalError if the journal cannot be read or the copy cannot be
 * written.
 */
export async function copyJournal(path: string, to: string): Promise<CopiedJournal> {
  let source: DatabaseSync | null = null;
  try {
    if (!journalExists(path, "read")) throw missing(path);
    source = connectToRead(path, "read", openDatabase).database;
    // From here on it sees one state, so that no writer makes the copy start over.
    source.exec("BEGIN");
    const log = new SqliteLog(source, path);
    await inspect(log, false);
    mustBeStored(source, path);
    const end = await log.last();
    const [stored] = end === null ? [] : await log.after(end.seq - 1, 1);
    const last = stored === undefined ? null : await linkedEntry(log, stored);
    const bytes = await write(source, to);
    return {
      run: last?.run ?? 0,
      entry: last?.seq ?? 0,
      type: last?.type ?? "",
      time: last?.time ?? 0,
      bytes,
    };
  } catch (error) {
    throw error instanceof CopyExists ? error : failed("read", path, error);
  } finally {
    source?.close();
  }
}

/** Throws a JournalError for a journal whose file is almost all holes, because a copy would fill the disk. */
function mustBeStored(source: DatabaseSync, path: string): void {
  const pragma = (name: string) => Number(source.prepare(`PRAGMA ${name}`).get()?.[name]);
  const bytes = pragma("page_count") * pragma("page_size");
  const { blocks } = Deno.statSync(path);
  const stored = blocks === null ? bytes : blocks * BLOCK_BYTES;
  if (bytes > LARGE_BYTES && bytes > MOST_SPARSE * stored) {
    throw damaged(path, `it says that it has ${bytes} bytes, but its file takes ${stored} on disk`);
  }
}

/** Writes all that `source` sees to a file. Returns its size in bytes. */
async function write(source: DatabaseSync, to: string): Promise<number> {
  refuseExisting(to);
  // So that no other process creates a journal there meanwhile.
  using _lock = JournalLock.take(to);
  refuseExisting(to);
  const draft = `${to}.copy`;
  refuseOthers(to, draft);
  removeDraft(draft);
  Deno.openSync(draft, { write: true, createNew: true, mode: OWNERS_FILE }).close();
  try {
    await backup(source, draft, { rate: PAGES });
    using file = Deno.openSync(draft, { read: true, write: true });
    file.syncSync();
    // Reserves the name for this copy: a rename would replace whatever has that name.
    Deno.openSync(to, { write: true, createNew: true, mode: OWNERS_FILE }).close();
    Deno.renameSync(draft, to);
    return file.statSync().size;
  } catch (error) {
    removeDraft(draft);
    if (error instanceof Deno.errors.AlreadyExists) throw exists(to);
    throw failed("write to", to, error);
  }
}

function refuseExisting(path: string): void {
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw failed("write to", path, error);
  }
  throw exists(path);
}

function exists(path: string): CopyExists {
  return new CopyExists(`${path} already exists, and a copy never replaces anything: choose another name`);
}
