/**
 * The chain of a journal: every entry has the SHA-256 over the hash before it and a canonical text of its own. What
 * was changed, removed, added or moved afterwards no longer fits. It has no key: it shows what was altered by
 * accident or by hand, not what somebody who computes all later hashes again puts in its place.
 */
import { hash } from "node:crypto";
import {
  BOUND_CONTENT,
  BOUND_TYPE,
  contentIn,
  HEX_HASH,
  type RawEntry,
  rawEntry,
  textOf,
} from "./journal_entry.ts";
import { failed, type JournalDatabase, resultCode } from "./sqlite/journal_file.ts";

/** What comes before the first entry: 32 zero bytes. */
export const GENESIS: Uint8Array = new Uint8Array(32);
const HEX_GENESIS = GENESIS.toHex();

/** The result for a chain without a flaw. Times in µs since 1970, null if there are no entries. */
export interface WholeChain {
  readonly isWhole: true;
  /** Entries looked at. */
  readonly entries: number;
  /** Times of the first and the last of them. */
  readonly from: number | null;
  readonly to: number | null;
}

/** The first flaw of a journal. */
export interface BrokenChain {
  readonly isWhole: false;
  /** The entry at which it shows. */
  readonly seq: number;
  readonly flaw: "hash" | "hole" | "moved" | "added" | "removed" | "unreadable" | "derived";
  /** The same as a clause that names the entry, such as "entry 7 (fill) does not match its hash: …". */
  readonly what: string;
}

/** The result of checking a chain. */
export type ChainResult = WholeChain | BrokenChain;

/** The columns read of an entry, as a list, and as text if possible: both cost a third of the usual way. */
const COLUMNS = `seq, run, ${BOUND_TYPE}, time, ${BOUND_CONTENT}, ${HEX_HASH},
  octet_length(type) + octet_length(content)`;
/** The values of these. */
type EntryRow = readonly [
  seq: unknown,
  run: unknown,
  type: unknown,
  time: unknown,
  content: unknown,
  hash: unknown,
  bytes: unknown,
];

/** How many entries are in memory at once. */
const CHUNK = 1000;
/** How far around a flaw an entry's old place is looked for. */
const REACH = 50_000;
/** Of one UTF-16 unit in UTF-8. */
const MOST_BYTES = 3;
const ENCODER = new TextEncoder();
/** Penstock never wrote a type that is not UTF-8, however it reads. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
let scratch = new Uint8Array(4096);
/** Below every number that a row can have but one. */
const LOWEST = -(2n ** 63n);

/**
 * The hash of an entry: SHA-256 over the hash `before` it (32 bytes) and the UTF-8 of `seq`, `run`, `type` and `time`,
 * each ended by a line feed, and the content's JSON. JSON on one line comes last, so no two entries read the same.
 */
export function entryHash(
  before: Uint8Array,
  entry: Omit<RawEntry, "hash" | "content">,
  content: Uint8Array | string,
): Uint8Array {
  return Uint8Array.fromHex(hexEntryHash(before.toHex(), entry, content));
}

/** The same in hexadecimal, which costs a third. */
function hexEntryHash(
  before: string,
  { seq, run, type, time }: Omit<RawEntry, "hash" | "content">,
  content: Uint8Array | string,
): string {
  let text = `${seq}\n${run}\n${type}\n${time}\n`;
  const isText = typeof content === "string";
  if (isText) text += content;
  const length = before.length + text.length * MOST_BYTES + (isText ? 0 : content.length);
  if (scratch.length < length) scratch = new Uint8Array(2 * length);
  let end = scratch.setFromHex(before).written;
  end += ENCODER.encodeInto(text, scratch.subarray(end)).written;
  if (!isText) {
    scratch.set(content, end);
    end += content.length;
  }
  return hash("sha256", scratch.subarray(0, end));
}

/** Whether an entry has its hash, with the hash `before` it in hexadecimal. */
export function hasHash(before: string, entry: RawEntry): boolean {
  return hexEntryHash(before, entry, entry.content) === entry.hash;
}

/** One place of a chain: an entry's number and its hash. */
export interface ChainPlace {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** Where the journal says that it ends: the last entry and its hash; null if it does not say. */
export function headOf(database: JournalDatabase): ChainPlace | null {
  const { seq, hash } = database.prepare("SELECT seq, hash FROM head WHERE one = 1").get() ?? {};
  return Number.isSafeInteger(seq) && hash instanceof Uint8Array ? { seq: seq as number, hash } : null;
}

/** Which part of a chain to look at; all of it unless it says otherwise. */
export interface ChainPart {
  /** The first entry. Those before it are trusted. */
  readonly first?: number;
  /** The last one, and its hash. Entries after it are ignored; without it, nothing may follow the end. */
  readonly until?: ChainPlace;
}

/**
 * Checks the entries of `part` and its end, in memory that does not grow with the journal. Throws a JournalError,
 * with the journal's `path`, if the database cannot be read for another reason than being damaged.
 */
export function verifyEntries(database: JournalDatabase, path: string, part: ChainPart = {}): ChainResult {
  const entries = chainedEntries(database, path, part);
  for (let next = entries.next();; next = entries.next()) {
    if (next.done) return next.value;
    if (contentIn(textOf(next.value)) === null) return unreadable(next.value.seq);
  }
}

/** The same, and yields every entry as it was written. The caller has to check the content. */
export function* chainedEntries(
  database: JournalDatabase,
  path: string,
  { first = 1, until }: ChainPart = {},
): Generator<RawEntry, ChainResult> {
  const head = until ?? headOf(database);
  if (head === null) return broken(first, "unreadable", "the record of where it ends cannot be read");
  let before = HEX_GENESIS;
  let run = 0;
  if (first > 1) {
    const found = database.prepare(`SELECT run, ${HEX_HASH} AS hash FROM entries WHERE seq = ?`).get(
      first - 1,
    );
    if (typeof found?.["hash"] !== "string") {
      return broken(first - 1, "hole", `entry ${first - 1} is missing or cannot be read`);
    }
    before = found["hash"];
    run = Number(found["run"]);
  }
  let seq = first - 1;
  let from: number | null = null;
  let to: number | null = null;
  for (let size = CHUNK;;) {
    let rows: readonly EntryRow[];
    try {
      rows = rowsAfter(database, seq, size);
    } catch (error) {
      // A number that no journal can hold, or a page that makes no sense.
      if (!(error instanceof RangeError) && resultCode(error) !== 11) throw failed("read", path, error);
      if (size === 1) return unreadable(seq + 1);
      // Reads one by one, up to the entry that cannot be read.
      size = 1;
      continue;
    }
    for (const row of rows) {
      const entry = entryIn(row);
      const [found] = row;
      const expected = seq + 1;
      if (typeof found === "number" && found !== expected) return hole(expected, found - 1);
      if (entry === null) return unreadable(expected);
      if (!hasHash(before, entry)) {
        return diagnosed(database, before, entry, head.seq);
      }
      if (entry.seq > head.seq) return added(entry, head.seq);
      if (entry.type === "started") run++;
      if (entry.run !== run) return ofOtherRun(entry, run);
      seq = expected;
      before = entry.hash;
      from ??= entry.time;
      to = entry.time;
      yield entry;
      if (until !== undefined && seq === until.seq) break;
    }
    if (rows.length < size || seq === until?.seq) break;
  }
  if (seq < head.seq) {
    const which = head.seq - seq === 1 ? `entry ${head.seq} is` : `entries ${seq + 1} to ${head.seq} are`;
    return broken(seq + 1, "removed", `${which} missing at the end`);
  }
  if (before !== head.hash.toHex()) {
    const where = until === undefined ? "that the record of the journal's end names" : "that it was";
    return broken(seq, "hash", `entry ${seq} is not the one ${where}`);
  }
  return { isWhole: true, entries: seq - first + 1, from, to };
}

/** A flaw found at entry `seq`. */
export function broken(seq: number, flaw: BrokenChain["flaw"], what: string): BrokenChain {
  return { isWhole: false, seq, flaw, what };
}

/** The flaw of an entry with the wrong run: the run's number changes with each `started`, and only there. */
function ofOtherRun({ seq, type, run }: RawEntry, expected: number): BrokenChain {
  return broken(
    seq,
    "derived",
    `entry ${seq} (${type}) says that it is of run ${run}, but it is in run ${expected}`,
  );
}

/** The flaw of an entry without readable content. */
export function unreadable(seq: number): BrokenChain {
  return broken(seq, "unreadable", `entry ${seq} cannot be read`);
}

function hole(from: number, to: number): BrokenChain {
  // Numbers only grow, so a number below the expected one is below the first.
  if (to < from) return broken(to + 1, "added", `entry ${to + 1} comes before the first`);
  return broken(
    from,
    "hole",
    from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`,
  );
}

function added({ seq, type }: RawEntry, end: number): BrokenChain {
  return broken(seq, "added", `entry ${seq} (${type}) was added after the journal's end at ${end}`);
}

/** What is likely to have happened to an entry that does not match its hash. */
function diagnosed(
  database: JournalDatabase,
  before: string,
  entry: RawEntry,
  end: number,
): BrokenChain {
  const { seq, type } = entry;
  const place = placeBefore(database, entry);
  if (place !== null && place !== seq) {
    return broken(seq, "moved", `entry ${seq} (${type}) was moved: it stood at ${place}`);
  }
  if (seq > end) return added(entry, end);
  const next = entryAfter(database, seq);
  if (next !== null && hasHash(before, { ...next, seq })) {
    return broken(seq, "added", `entry ${seq} (${type}) was inserted`);
  }
  return broken(
    seq,
    "hash",
    `entry ${seq} (${type}) does not match its hash: it was changed, or the one before it was removed`,
  );
}

/** Where an entry was when its hash was made; null if no entry near it was its predecessor. */
function placeBefore(database: JournalDatabase, entry: RawEntry): number | null {
  const fits = (before: string, seq: number) => hasHash(before, { ...entry, seq });
  if (fits(HEX_GENESIS, 1)) return 1;
  try {
    const near = database.prepare(
      "SELECT seq, hash FROM entries WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
    );
    for (let last = entry.seq - REACH; last < entry.seq + REACH;) {
      const rows = near.all(last + 1, entry.seq + REACH, CHUNK);
      for (const { seq, hash } of rows) {
        if (typeof seq !== "number" || !(hash instanceof Uint8Array)) continue;
        last = seq;
        // The one before it, where it was, or up or down by one for an entry that was moved.
        for (const place of [seq + 1, seq, entry.seq + 1]) if (fits(hash.toHex(), place)) return place;
      }
      if (rows.length < CHUNK) break;
    }
  } catch {
    // An entry that cannot be read does not show where another was.
  }
  return null;
}

function rowsAfter(database: JournalDatabase, seq: number, limit: number): EntryRow[] {
  const entries = database.prepare(`SELECT ${COLUMNS} FROM entries WHERE seq > ? ORDER BY seq LIMIT ?`);
  entries.setReturnArrays(true);
  // The first look goes below 1 too: nothing may stand there.
  const rows = entries.all(seq === 0 ? LOWEST : seq, limit) as unknown as EntryRow[];
  for (const [at, row] of rows.entries()) if (!isPlain(row)) rows[at] = withBytes(database, row);
  return rows;
}

/** Whether type and content in a row are texts that no other bytes read as. */
function isPlain([, , type, , content, , bytes]: EntryRow): boolean {
  if (typeof type !== "string" || typeof content !== "string") return false;
  // One character for every byte and none that stands for what is not UTF-8: that is ASCII, and nothing was cut off.
  return type.length + content.length === bytes && !content.includes("\ufffd") && !type.includes("\ufffd");
}

/** The row with the bytes of its content, and with all of its type. */
function withBytes(database: JournalDatabase, [seq, run, , time, , hash, bytes]: EntryRow): EntryRow {
  const row = database.prepare(
    `SELECT CAST(${BOUND_TYPE} AS BLOB) AS type, CAST(${BOUND_CONTENT} AS BLOB) AS content
      FROM entries WHERE seq = ?`,
  ).get(seq as number);
  const type = row?.["type"];
  return [
    seq,
    run,
    type instanceof Uint8Array ? DECODER.decode(type) : type,
    time,
    row?.["content"],
    hash,
    bytes,
  ];
}

function entryIn([seq, run, type, time, content, hash]: EntryRow): RawEntry | null {
  return rawEntry({ seq, run, type, time, content, hash });
}

function entryAfter(database: JournalDatabase, seq: number): RawEntry | null {
  try {
    const [row] = rowsAfter(database, seq, 1);
    return row === undefined ? null : entryIn(row);
  } catch {
    return null;
  }
}

/** In hexadecimal; null if there is none. */
export function hashAt(database: JournalDatabase, seq: number): string | null {
  const hash = database.prepare("SELECT hash FROM entries WHERE seq = ?").get(seq)?.["hash"];
  return hash instanceof Uint8Array ? hash.toHex() : null;
}
