/**
 * Single entries of a journal, each checked against its neighbours: its hash must follow from that of the entry before,
 * and the hash of the entry after must follow from its own. So an old entry can be shown as the one that was written
 * without a check of everything since. Only the whole chain shows that entries were removed elsewhere.
 */
import type { EntryLookup } from "./backward_entries.ts";
import type { EntryLog } from "./entry_log.ts";
import { GENESIS, matchesHash } from "./journal_chain.ts";
import { type Entry, type EntryType, type RawEntry, readEntry, type StoredEntry } from "./journal_entry.ts";
import { damaged } from "./journal_error.ts";

/**
 * The entry with its content. Throws a JournalError, which names the journal's path, if it cannot be read or does not
 * fit between its neighbours.
 */
export async function linkedEntry(log: EntryLookup, stored: StoredEntry): Promise<Entry> {
  const entry = readEntry(stored, log.path);
  if (stored.type !== null) await mustBeLinked(log, stored);
  return entry;
}

/** The last entry of `type` in `run`; null if there is none. Throws like `linkedEntry`. */
export async function lastOfType(log: EntryLog, run: number, type: EntryType): Promise<Entry | null> {
  const [stored] = await log.lastOfType(type, run, 1);
  return stored === undefined ? null : await linkedEntry(log, stored);
}

async function mustBeLinked(log: EntryLookup, entry: RawEntry): Promise<void> {
  const { path } = log;
  const { seq, type, hash } = entry;
  const wrong = (what: string) => damaged(path, `entry ${seq} (${type}) ${what}`);
  const before = seq === 1 ? GENESIS.toHex() : (await log.placeOf(seq - 1))?.hash;
  if (before === undefined) throw damaged(path, `entry ${seq - 1} is missing or cannot be read`);
  if (!matchesHash(before, entry)) {
    throw wrong("does not match its hash: it was changed, or the one before it was");
  }
  let [next] = await log.after(seq, 1);
  if (next === undefined) {
    // The end is read before the next entry, which may be appended meanwhile: it is never ahead of the entries.
    const head = await log.head();
    [next] = await log.after(seq, 1);
    if (next === undefined) {
      if (head?.seq === seq && head.hash.toHex() === hash) return;
      throw wrong("is not the one that the record of the journal's end names");
    }
  }
  if (next.type === null || !matchesHash(hash, next)) {
    throw wrong(`does not fit entry ${seq + 1} after it: one of the two was changed`);
  }
}
