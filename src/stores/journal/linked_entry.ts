/**
 * Single entries of a journal, each checked against the one before it and the one after it: its own hash has to follow
 * from that of the one, and the hash of the other from its own. So what is shown of an old entry is what was written,
 * without going through all that came since. That others were removed whole, elsewhere, only the chain between shows.
 */
import { GENESIS, hasHash } from "./journal_chain.ts";
import {
  type Entry,
  type EntryType,
  HEX_HASH,
  ofTypeInRun,
  RAW_COLUMNS,
  type RawEntry,
  rawEntry,
  readEntry,
} from "./journal_entry.ts";
import { damaged, type JournalDatabase, type Row } from "./sqlite/journal_file.ts";

/** In one statement, so that it sees one moment: the hash before an entry, the entry after it, and the journal's end. */
const NEIGHBOURS = `SELECT
    (SELECT ${HEX_HASH} FROM entries WHERE seq = ?1 - 1) AS before,
    (SELECT ${HEX_HASH} FROM head WHERE one = 1 AND seq = ?1) AS ends,
    next.*
  FROM (SELECT 1) LEFT JOIN (SELECT ${RAW_COLUMNS} FROM entries WHERE seq = ?1 + 1) AS next`;

/** Behind the last checkpoint there are only tries to connect: one a minute for two years. */
const MOST_PASSED = 1_000_000;

/**
 * The entry in a row of `RAW_COLUMNS`. Throws a JournalError, with the journal's `path`, if it cannot be read or does
 * not fit between its neighbours.
 */
export function linkedEntry(database: JournalDatabase, path: string, row: Row): Entry {
  const entry = readEntry(row, path);
  mustFit(database, path, rawEntry(row)!);
  return entry;
}

/** The last entry of `type` in `run`; null if there is none. Throws like `linkedEntry`. */
export function lastOfType(
  database: JournalDatabase,
  path: string,
  run: number,
  type: EntryType,
): Entry | null {
  const row = rowOfLast(database, path, run, type);
  return row === undefined ? null : linkedEntry(database, path, row);
}

/**
 * The same as it stands there, unchecked. Throws a JournalError if a checkpoint would be further back than one is.
 */
export function rowOfLast(
  database: JournalDatabase,
  path: string,
  run: number,
  type: EntryType,
): Row | undefined {
  const last = (condition: string, ...values: number[]) =>
    database.prepare(
      `SELECT ${RAW_COLUMNS} FROM entries WHERE ${condition} ORDER BY seq DESC LIMIT 1`,
    ).get(type, run, ...values);
  if (type !== "checkpoint") return last(ofTypeInRun(type));
  // Runs follow one another: nothing of another one has to be passed on the way.
  const startOf = (at: number) => rowOfLast(database, path, at, "started")?.["seq"] as number | undefined;
  const start = startOf(run) ?? 0;
  const end = startOf(run + 1) ??
    Number(database.prepare("SELECT max(seq) AS seq FROM entries").get()?.["seq"] ?? 0);
  const from = Math.max(start, end - MOST_PASSED);
  const row = last(`${ofTypeInRun(type)} AND seq BETWEEN ? AND ?`, from, end);
  if (row === undefined && from > start) {
    throw damaged(path, `none of the last ${MOST_PASSED} entries of run ${run} is a checkpoint`);
  }
  return row;
}

/** The last entry of all; null if there is none. Throws like `linkedEntry`. */
export function lastEntry(database: JournalDatabase, path: string): Entry | null {
  const row = database.prepare(`SELECT ${RAW_COLUMNS} FROM entries ORDER BY seq DESC LIMIT 1`).get();
  return row === undefined ? null : linkedEntry(database, path, row);
}

function mustFit(database: JournalDatabase, path: string, entry: RawEntry): void {
  const { seq, type, hash } = entry;
  const { before, ends, ...row } = database.prepare(NEIGHBOURS).get(seq)!;
  const wrong = (what: string) => damaged(path, `entry ${seq} (${type}) ${what}`);
  const first = seq === 1 ? GENESIS.toHex() : before;
  if (typeof first !== "string") throw damaged(path, `entry ${seq - 1} is missing or cannot be read`);
  if (!hasHash(first, entry)) {
    throw wrong("does not match its hash: it was changed, or the one before it was");
  }
  if (row["seq"] === null) {
    // Nothing follows, so it has to be the last one.
    if (ends !== hash) throw wrong("is not the one that the record of the journal's end names");
    return;
  }
  const next = rawEntry(row);
  if (next === null || !hasHash(hash, next)) {
    throw wrong(`does not fit entry ${seq + 1} after it: one of the two was changed`);
  }
}
