/** The prices beside each checkpoint: those since the previous one, as far as a resumed run needs them. */
import { hash } from "node:crypto";
import { powerOfTen } from "../../domain/numbers/price.ts";
import { checkedContent, type Checkpoint, holdsState } from "./journal_checkpoint.ts";
import { BackwardEntries, type EntryLookup } from "./backward_entries.ts";
import type { EntryLog, StoredPrices } from "./entry_log.ts";
import { damaged } from "./journal_error.ts";
import { digestIn, stateProof } from "./journal_state.ts";
import { linkedEntry } from "./linked_entry.ts";
import { hasPrices, noteText, type Prices, type PricesNote } from "./price_note.ts";

const BYTES = 8;
const NO_BYTES = new Uint8Array();

/** Prices as the bytes that are stored. Throws a RangeError for one that is not a safe integer. */
export function priceBytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * BYTES);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => {
    if (!Number.isSafeInteger(value)) throw new RangeError(`A price must be a safe integer: got ${value}`);
    view.setFloat64(at * BYTES, value, true);
  });
  return bytes;
}

/** SHA-256 in hexadecimal. */
export function hexHash(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

/** Tracks which checkpoints' prices are in the journal: as many as the last `window` trades need, and no more. */
export class KeptPrices {
  readonly #window: number;
  #parts: { readonly seq: number; readonly count: number }[];
  #total = 0;

  /** Starts with the prices in the journal. */
  static async of(log: EntryLog, window: number): Promise<KeptPrices> {
    // Every part except the first has at least one price, so no more parts are needed.
    return new KeptPrices(window, (await log.pricesKept(window + 1)).toReversed());
  }

  private constructor(window: number, parts: { readonly seq: number; readonly count: number }[]) {
    this.#window = window;
    this.#parts = parts;
    for (const { count } of parts) this.#total += count;
  }

  /**
   * Takes the `count` prices of the checkpoint at `seq`, `fresh` when those before it are void. Returns the number of
   * the first checkpoint whose prices are needed; all before it can go.
   */
  add(seq: number, count: number, fresh: boolean): number {
    if (fresh) {
      this.#parts = [];
      this.#total = 0;
    }
    if (hasPrices({ count, fresh })) this.#parts.push({ seq, count });
    this.#total += count;
    let first = 0;
    for (; first < this.#parts.length && this.#total - this.#parts[first]!.count >= this.#window; first++) {
      this.#total -= this.#parts[first]!.count;
    }
    this.#parts.splice(0, first);
    return this.#parts[0]?.seq ?? seq;
  }
}

/**
 * The prices of the last up to `window` trades before a checkpoint, oldest first, in the finest unit among them.
 * Throws a JournalError if a part of them is missing or is not what its entry says.
 */
export async function gatherPrices(
  log: EntryLog,
  checkpoint: Checkpoint,
  window: number,
): Promise<Prices> {
  const parts: { readonly decimals: number; readonly values: Float64Array }[] = [];
  let count = 0;
  for await (const { note: { decimals }, values } of priceParts(log, checkpoint)) {
    parts.push({ decimals, values });
    count += values.length;
    if (count >= window) break;
  }
  const decimals = parts.reduce((finest, part) => Math.max(finest, part.decimals), 0);
  const all = new Float64Array(count);
  let end = count;
  for (const part of parts) {
    end -= part.values.length;
    const factor = powerOfTen(decimals - part.decimals);
    all.set(factor === 1 ? part.values : part.values.map((value) => value * factor), end);
  }
  return { decimals, values: Array.from(all.subarray(Math.max(0, count - window))) };
}

/**
 * Reads all prices that are kept for a checkpoint, which has to be the last one of all, to resume with those of the
 * last `window` trades. Throws a JournalError if one that is needed is missing, one is altered, or one is too many.
 */
export async function checkPrices(log: EntryLog, checkpoint: Checkpoint, window: number): Promise<void> {
  const { path } = log;
  const { seq, prices } = checkpoint;
  const { parts: stored, oldest } = await log.pricesExtent();
  // What is stored beside the last checkpoint repeats what its state says.
  if (hasPrices(prices) && noteText(await noteAt(log, seq, await log.prices(seq))) !== noteText(prices)) {
    throw altered(path, seq);
  }
  let [parts, count] = [0, 0];
  for await (const { at, note: { before, ...note } } of priceParts(log, checkpoint)) {
    if (hasPrices(note)) parts++;
    count += note.count;
    // Older prices were pruned, which leaves as many as needed.
    if (before === null || before >= (oldest ?? seq)) continue;
    if (count < window) throw damaged(path, `the prices before those of entry ${at} are missing`);
    break;
  }
  if (parts !== stored) {
    throw damaged(path, `${stored} checkpoints have prices, and the last one leads to ${parts} of them`);
  }
}

/** The prices beside a checkpoint, those before it, and so on back to where all before is void. */
async function* priceParts(
  log: EntryLog,
  { seq, prices }: Checkpoint,
): AsyncGenerator<{ readonly at: number; readonly note: PricesNote; readonly values: Float64Array }> {
  const { path } = log;
  const entries = new BackwardEntries(log);
  let note = prices;
  let stored: StoredPrices | null = prices.count === 0 ? null : await provenPrices(log, seq, prices);
  for (let at = seq;;) {
    const { fresh, count, before } = note;
    yield { at, note, values: valuesIn(count === 0 ? NO_BYTES : stored!.bytes!) };
    if (before === null) {
      if (!fresh) throw damaged(path, `the prices before those of entry ${at} are missing`);
      return;
    }
    if (before >= at) throw damaged(path, `entry ${at} has its prices in a circle`);
    at = before;
    stored = await log.prices(at);
    note = await noteAt(entries, at, stored);
  }
}

/**
 * Where the prices of an earlier checkpoint are: from its entry, or from what is stored beside it if the entry proves
 * that.
 */
async function noteAt(entries: EntryLookup, seq: number, stored: StoredPrices | null): Promise<PricesNote> {
  const { path } = entries;
  const [entry] = await entries.after(seq - 1, 1);
  const content = entry?.seq === seq ? (await linkedEntry(entries, entry)).content : {};
  if (holdsState(content)) {
    // Its prices never included these.
    if ((stored?.before ?? null) !== null || (stored?.state ?? null) !== null) throw altered(path, seq);
    const { prices } = checkedContent(content, seq, path);
    if (prices.count > 0 && stored === null) throw damaged(path, `the prices of entry ${seq} are missing`);
    if (prices.count > 0 && !agrees(stored!, prices)) throw altered(path, seq);
    return prices;
  }
  if (stored === null) throw damaged(path, `the prices of entry ${seq} are missing`);
  const { decimals, fresh, bytes, before, state } = stored;
  const proof = content["state"];
  if (bytes !== null && state !== null && decimals !== null && (fresh === 0 || fresh === 1)) {
    const note = {
      ...{ decimals, fresh: fresh === 1, count: bytes.length / BYTES },
      ...{ hash: hexHash(bytes), before },
    };
    // The proof knows only whether it is 1.
    const isFlag = fresh === Number(note.fresh);
    if (isFlag && stateProof(state, note, digestIn(proof)) === proof) return note;
  }
  throw altered(path, seq);
}

/** The prices beside a checkpoint. Throws a JournalError if they are not those of its note. */
async function provenPrices(log: EntryLog, seq: number, note: PricesNote): Promise<StoredPrices> {
  const stored = await log.prices(seq);
  if (stored === null) throw damaged(log.path, `the prices of entry ${seq} are missing`);
  if (!agrees(stored, note)) throw altered(log.path, seq);
  return stored;
}

function agrees({ decimals, fresh, bytes }: StoredPrices, note: PricesNote): boolean {
  return bytes !== null && hexHash(bytes) === note.hash && decimals === note.decimals &&
    fresh === Number(note.fresh);
}

function valuesIn(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(bytes.length / BYTES);
  for (let at = 0; at < values.length; at++) values[at] = view.getFloat64(at * BYTES, true);
  return values;
}

function altered(path: string, seq: number): Error {
  return damaged(path, `the prices of entry ${seq} are not those that it was written with`);
}
