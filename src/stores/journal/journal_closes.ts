/** The closes of each checkpoint: those since the previous one, as far as a resumed run needs them. */
import { hash } from "node:crypto";
import { powerOfTen } from "../../domain/numbers/price.ts";
import type { Closes } from "../../stages/indicators/indicator.ts";
import { checkedContent, type Checkpoint, holdsState } from "./journal_checkpoint.ts";
import { BackwardEntries, type EntryLookup } from "./backward_entries.ts";
import type { ClosesAt, EntryLog, StoredCloses } from "./entry_log.ts";
import { type Entry, readEntry } from "./journal_entry.ts";
import { damaged, JournalError } from "./journal_error.ts";
import { digestIn, stateProof } from "./journal_state.ts";
import { linkedEntry } from "./linked_entry.ts";
import { type ClosesNote, hasCloses, noteText } from "./closes_note.ts";
import { type ClosesPart, ClosesTail, isOutOfReach } from "./closes_tail.ts";

const BYTES = 8;
/** The most checkpoints whose closes are read at once. */
const MOST_AT_ONCE = 200;
const NO_BYTES = new Uint8Array();
/** How many closes the first buffer holds. */
const FIRST_ROOM = 4096;

/** Returns the bytes that are stored for closes. Throws a RangeError for one that is not a safe integer. */
export function closeBytes(values: readonly number[]): Uint8Array {
  // The journal has the least significant byte first, as do all machines that Deno runs on.
  const closes = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (!Number.isSafeInteger(value)) throw new RangeError(`A close must be a safe integer: got ${value}`);
    closes[at] = value;
  }
  return new Uint8Array(closes.buffer);
}

/** SHA-256 in hexadecimal. */
export function hexHash(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

/** Tracks which checkpoints' closes are in the journal: enough for the last `remembers`, and no more. */
export class KeptCloses {
  readonly #remembers: number;
  #parts: { readonly seq: number; readonly count: number }[];
  #total = 0;

  /** Starts with the closes in the journal. */
  static async of(log: EntryLog, remembers: number): Promise<KeptCloses> {
    // Every part except the first has at least one close, so no more parts are needed.
    return new KeptCloses(remembers, (await log.closesKept(remembers + 1)).toReversed());
  }

  private constructor(remembers: number, parts: { readonly seq: number; readonly count: number }[]) {
    this.#remembers = remembers;
    this.#parts = parts;
    for (const { count } of parts) this.#total += count;
  }

  /**
   * Takes the `count` closes of the checkpoint at `seq`, `fresh` when those before it are void; `from` is the first
   * checkpoint whose closes are among them, null for none. Returns the number of the first checkpoint whose closes are
   * needed; all before it can go.
   */
  add(seq: number, count: number, fresh: boolean, from: number | null): number {
    if (fresh) {
      this.#parts = [];
      this.#total = 0;
    }
    while (from !== null && (this.#parts.at(-1)?.seq ?? 0) >= from) this.#total -= this.#parts.pop()!.count;
    if (hasCloses({ count, fresh })) this.#parts.push({ seq, count });
    this.#total += count;
    let first = 0;
    for (
      ;
      first < this.#parts.length && this.#total - this.#parts[first]!.count >= this.#remembers;
      first++
    ) {
      this.#total -= this.#parts[first]!.count;
    }
    this.#parts.splice(0, first);
    return this.#parts[0]?.seq ?? seq;
  }
}

/**
 * The last closes before a checkpoint, up to `remembers` of them, oldest first, in the finest unit among them.
 * Throws a JournalError if a part of them is missing or is not what its entry says.
 */
export async function gatherCloses(
  log: EntryLog,
  checkpoint: Checkpoint,
  remembers: number,
): Promise<Closes> {
  let decimals = 0;
  /** Filled from its end, since the newest closes come first. A typed array copies a whole part at once. */
  let kept = new Float64Array(Math.min(remembers, FIRST_ROOM));
  let start = kept.length;
  await eachPart(log, checkpoint, ({ note, values: part }) => {
    if (note.decimals > decimals) {
      scale(kept.subarray(start), powerOfTen(note.decimals - decimals));
      decimals = note.decimals;
    }
    const size = Math.min(part.length, remembers - (kept.length - start));
    while (size > start) {
      const larger = new Float64Array(2 * kept.length);
      larger.set(kept, kept.length);
      start += kept.length;
      kept = larger;
    }
    const end = start;
    start -= size;
    kept.set(part.subarray(part.length - size), start);
    if (note.decimals < decimals) scale(kept.subarray(start, end), powerOfTen(decimals - note.decimals));
    return kept.length - start < remembers;
  });
  const values = new Array<number>(kept.length - start);
  for (let at = 0; at < values.length; at++) values[at] = kept[start + at]!;
  return { decimals, values };
}

function scale(values: Float64Array, factor: number): void {
  for (let at = 0; at < values.length; at++) values[at]! *= factor;
}

/**
 * Checks all closes that are kept to resume at `checkpoint`, the journal's last, with the last `remembers` of them.
 * Throws a JournalError if closes that are needed are missing, if any are altered, or if there are any that it does not
 * lead to.
 */
export async function checkCloses(log: EntryLog, checkpoint: Checkpoint, remembers: number): Promise<void> {
  const { path } = log;
  const { seq, closes } = checkpoint;
  const { parts: stored, oldest } = await log.closesExtent();
  // What is stored with the last checkpoint must agree with the note in its state.
  if (hasCloses(closes)) {
    const [last] = await log.closesUpTo(seq, 1);
    const note = await noteAt(log, seq, last?.seq === seq ? last : null);
    if (noteText(note) !== noteText(closes)) throw altered(path, seq);
  }
  let [parts, count] = [0, 0];
  await eachPart(log, checkpoint, ({ seq: at, note }) => {
    if (hasCloses(note)) parts++;
    count += note.count;
    // Older closes were pruned, which must leave as many as needed.
    if (note.before === null || note.before >= (oldest ?? seq)) return true;
    if (count < remembers) throw damaged(path, `the closes before those of entry ${at} are missing`);
    return false;
  });
  if (parts !== stored) {
    throw damaged(path, `${stored} checkpoints have closes, but the last one leads to ${parts} of them`);
  }
}

/**
 * The end of the closes at a checkpoint, in a run that needs the last `remembers` of them. If some are damaged, nothing
 * is taken over: a resume will report the damage.
 */
export async function closesTailOf(
  log: EntryLog,
  checkpoint: Checkpoint,
  remembers: number,
): Promise<ClosesTail> {
  const { seq, closes: note } = checkpoint;
  const last = hasCloses(note) ? seq : note.before;
  const parts: ClosesPart[] = [];
  let count = 0;
  try {
    await eachPart(log, checkpoint, (part) => {
      if (last === null || part.seq < last && isOutOfReach(part.seq, last)) return false;
      parts.push({ ...part, values: part.values.slice() });
      count += part.note.count;
      return count < remembers;
    });
  } catch (error) {
    if (!(error instanceof JournalError) || error.damage === null) throw error;
    return ClosesTail.at(seq, note, []);
  }
  return ClosesTail.at(seq, note, parts.reverse());
}

/**
 * Calls `take` with the closes of a checkpoint, then with those of each checkpoint before it, until `take` returns
 * false or all earlier closes are void. Throws a JournalError for a part that is missing or altered, and passes on the
 * errors of `take`.
 */
async function eachPart(
  log: EntryLog,
  { seq, closes }: Checkpoint,
  take: (part: ClosesPart) => boolean,
): Promise<void> {
  const { path } = log;
  const entries = new BackwardEntries(log);
  const kept = new BackwardCloses(log);
  let note = closes;
  let stored = closes.count === 0 ? null : await provenCloses(kept, seq, closes);
  for (let at = seq;;) {
    const { fresh, count, before } = note;
    if (!take({ seq: at, note, values: closesIn(count === 0 ? NO_BYTES : stored!.bytes!) })) return;
    if (before === null) {
      if (!fresh) throw damaged(path, `the closes before those of entry ${at} are missing`);
      return;
    }
    if (before >= at) throw damaged(path, `the closes of entry ${at} lead in a circle`);
    at = before;
    if (!kept.covers(at)) await kept.read(at);
    stored = kept.at(at);
    const entry = entries.linked(at);
    note = entry === null
      ? await noteAt(entries, at, stored)
      : noteIn(readEntry(entry, path).content, path, at, stored);
  }
}

/**
 * The note about the closes of an earlier checkpoint: from its entry, or from what is stored with it if the entry
 * proves that.
 */
async function noteAt(entries: EntryLookup, seq: number, stored: StoredCloses | null): Promise<ClosesNote> {
  const [entry] = await entries.after(seq - 1, 1);
  const content = entry?.seq === seq ? (await linkedEntry(entries, entry)).content : {};
  return noteIn(content, entries.path, seq, stored);
}

/** The same, given the content of its entry. */
function noteIn(
  content: Entry["content"],
  path: string,
  seq: number,
  stored: StoredCloses | null,
): ClosesNote {
  if (holdsState(content)) {
    // Closes stored by that version have neither field.
    if ((stored?.before ?? null) !== null || (stored?.state ?? null) !== null) throw altered(path, seq);
    const { closes } = checkedContent(content, seq, path);
    if (closes.count > 0 && stored === null) throw damaged(path, `the closes of entry ${seq} are missing`);
    if (closes.count > 0 && !agrees(stored!, closes)) throw altered(path, seq);
    return closes;
  }
  if (stored === null) throw damaged(path, `the closes of entry ${seq} are missing`);
  const { decimals, fresh, bytes, before, state } = stored;
  const proof = content["state"];
  // The proof covers only whether `fresh` is 1, so any value other than 0 and 1 is refused.
  if (bytes !== null && state !== null && decimals !== null && (fresh === 0 || fresh === 1)) {
    const count = bytes.length / BYTES;
    const note = { decimals, fresh: fresh === 1, count, hash: hexHash(bytes), before };
    if (stateProof(state, note, digestIn(proof)) === proof) return note;
  }
  throw altered(path, seq);
}

/** The closes of a checkpoint. Throws a JournalError if they are not those of its note. */
async function provenCloses(kept: BackwardCloses, seq: number, note: ClosesNote): Promise<StoredCloses> {
  await kept.read(seq);
  const stored = kept.at(seq);
  if (stored === null) throw damaged(kept.path, `the closes of entry ${seq} are missing`);
  if (!agrees(stored, note)) throw altered(kept.path, seq);
  return stored;
}

/** Reads the closes of many checkpoints at once when they are looked up one by one, backwards from the last. */
class BackwardCloses {
  readonly path: string;
  readonly #log: EntryLog;
  /**
   * The closes that were read together, by the entry of their checkpoint, and the first and last entry that they cover.
   */
  #page = new Map<number, ClosesAt>();
  #first = 0;
  #last = -1;
  /** How many to read next: one, then twice as many each time, so that few are read needlessly. */
  #atOnce = 1;

  constructor(log: EntryLog) {
    this.#log = log;
    this.path = log.path;
  }

  /** Whether it has read what is stored with the checkpoint at `seq`. */
  covers(seq: number): boolean {
    return seq >= this.#first && seq <= this.#last;
  }

  /** Reads what is stored with the checkpoint at `seq` and those before it. */
  async read(seq: number): Promise<void> {
    const page = await this.#log.closesUpTo(seq, this.#atOnce);
    this.#page = new Map(page.map((stored) => [stored.seq, stored]));
    this.#first = page.length < this.#atOnce ? 0 : page.at(-1)!.seq;
    this.#last = seq;
    this.#atOnce = Math.min(2 * this.#atOnce, MOST_AT_ONCE);
  }

  /** The closes of the checkpoint at `seq`, which it has read; null for none. */
  at(seq: number): StoredCloses | null {
    return this.#page.get(seq) ?? null;
  }
}

function agrees({ decimals, fresh, bytes }: StoredCloses, note: ClosesNote): boolean {
  return bytes !== null && hexHash(bytes) === note.hash && decimals === note.decimals &&
    fresh === Number(note.fresh);
}

/** The closes in the bytes that are stored. */
export function closesIn(bytes: Uint8Array): Float64Array {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset % BYTES === 0 && length % BYTES === 0) {
    return new Float64Array(buffer, byteOffset, length / BYTES);
  }
  const values = new Float64Array(length / BYTES);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}

function altered(path: string, seq: number): Error {
  return damaged(path, `the closes of entry ${seq} are not those that it was written with`);
}
