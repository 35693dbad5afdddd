/**
 * The chain of a journal: every entry stores the SHA-256 of the previous hash and the entry's own canonical text. An
 * entry that is changed, removed, added or moved afterwards no longer fits. The chain has no key: it reveals changes
 * made by accident or by hand, but not those of someone who recomputes all later hashes.
 */
import { hash } from "node:crypto";
import type { ChainPlace, EntryLog } from "./entry_log.ts";
import { contentIn, type RawEntry, textOf } from "./journal_entry.ts";

/** The hash before the first entry: 32 zero bytes. */
export const GENESIS: Uint8Array = new Uint8Array(32);
const HEX_GENESIS = GENESIS.toHex();

/** The result for a chain without a flaw. Times in µs since 1970, null if there are no entries. */
export interface WholeChain {
  readonly isWhole: true;
  /** The number of checked entries. */
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

/** How many entries are in memory at once. */
const CHUNK = 1000;
/** How far around a flaw to search for an entry's old place. */
const REACH = 50_000;
/** The most bytes of a UTF-16 unit in UTF-8. */
const MOST_BYTES = 3;
const ENCODER = new TextEncoder();
let scratch = new Uint8Array(4096);

/**
 * The hash of an entry: SHA-256 over the hash `before` it (32 bytes) and the UTF-8 of `seq`, `run`, `type` and `time`,
 * each ended by a line feed, and the content's JSON. JSON on one line comes last, so no two entries have the same text.
 */
export function entryHash(
  before: Uint8Array,
  entry: Omit<RawEntry, "hash" | "content">,
  content: Uint8Array | string,
): Uint8Array {
  return Uint8Array.fromHex(hexEntryHash(before.toHex(), entry, content));
}

/** The same in hexadecimal, at a third of the cost. */
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

/** Whether an entry matches its hash, given the hash `before` it in hexadecimal. */
export function matchesHash(before: string, entry: RawEntry): boolean {
  return hexEntryHash(before, entry, entry.content) === entry.hash;
}

/** The part of a chain to check; by default all of it. */
export interface ChainPart {
  /** The first entry. Those before it are trusted. */
  readonly first?: number;
  /** The last entry, and its hash. Entries after it are ignored; without it, nothing may follow the end. */
  readonly until?: ChainPlace;
}

/**
 * Checks the entries of `part` and its end, in memory that does not grow with the log. Throws a JournalError if the log
 * cannot be read for a reason other than damage.
 */
export async function verifyEntries(log: EntryLog, part: ChainPart = {}): Promise<ChainResult> {
  const pages = chainedPages(log, part);
  for (let next = await pages.next();; next = await pages.next()) {
    if (next.done) return next.value;
    const unread = next.value.find((entry) => contentIn(textOf(entry)) === null);
    if (unread !== undefined) return unreadable(unread.seq);
  }
}

/** The same, and yields the entries as they were written, many at a time. The caller has to check the content. */
export async function* chainedPages(
  log: EntryLog,
  { first = 1, until }: ChainPart = {},
): AsyncGenerator<readonly RawEntry[], ChainResult> {
  const head = until ?? await log.head();
  if (head === null) return broken(first, "unreadable", "the record of where it ends cannot be read");
  let place = { run: 0, hash: HEX_GENESIS };
  if (first > 1) {
    const found = await log.placeOf(first - 1);
    if (found === null) return broken(first - 1, "hole", `entry ${first - 1} is missing or cannot be read`);
    place = found;
  }
  let { run, hash: before } = place;
  let seq = first - 1;
  let from: number | null = null;
  let to: number | null = null;
  for (let isOver = false; !isOver;) {
    const page = await log.after(seq, CHUNK);
    const checked: RawEntry[] = [];
    let flaw: BrokenChain | null = null;
    for (const entry of page) {
      const expected = seq + 1;
      if (entry.seq !== null && entry.seq !== expected) flaw = hole(expected, entry.seq - 1);
      else if (entry.type === null) flaw = unreadable(expected);
      else if (!matchesHash(before, entry)) flaw = await diagnosed(log, before, entry, head.seq);
      else if (entry.seq > head.seq) flaw = added(entry, head.seq);
      else if (entry.run !== (entry.type === "started" ? ++run : run)) flaw = ofOtherRun(entry, run);
      if (flaw !== null || entry.type === null) break;
      seq = expected;
      before = entry.hash;
      from ??= entry.time;
      to = entry.time;
      checked.push(entry);
      if (seq === until?.seq) break;
    }
    if (checked.length > 0) yield checked;
    if (flaw !== null) return flaw;
    isOver = page.length < CHUNK || seq === until?.seq;
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
    `entry ${seq} (${type}) says that it belongs to run ${run}, but it is in run ${expected}`,
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

/** The likely cause of an entry that does not match its hash. */
async function diagnosed(
  log: EntryLog,
  before: string,
  entry: RawEntry,
  end: number,
): Promise<BrokenChain> {
  const { seq, type } = entry;
  const place = await placeBefore(log, entry);
  if (place !== null && place !== seq) {
    return broken(seq, "moved", `entry ${seq} (${type}) was moved: its place was ${place}`);
  }
  if (seq > end) return added(entry, end);
  const [next] = await log.after(seq, 1);
  if (next !== undefined && next.type !== null && matchesHash(before, { ...next, seq })) {
    return broken(seq, "added", `entry ${seq} (${type}) was inserted`);
  }
  return broken(
    seq,
    "hash",
    `entry ${seq} (${type}) does not match its hash: it was changed, or the one before it was removed`,
  );
}

/** Where an entry was when its hash was computed; null if no entry near it was its predecessor. */
async function placeBefore(log: EntryLog, entry: RawEntry): Promise<number | null> {
  const fits = (before: string, seq: number) => matchesHash(before, { ...entry, seq });
  if (fits(HEX_GENESIS, 1)) return 1;
  const end = entry.seq + REACH;
  for (let last = Math.max(0, entry.seq - REACH); last < end;) {
    const page = await log.after(last, CHUNK);
    for (const near of page) {
      // An entry that cannot be read does not show where another was.
      if (near.seq === null || near.seq > end) return null;
      last = near.seq;
      if (near.type === null) continue;
      // Right after `near`, or one off because moving the entry shifted those in between.
      for (const place of [last + 1, last, entry.seq + 1]) if (fits(near.hash, place)) return place;
    }
    if (page.length < CHUNK) return null;
  }
  return null;
}
