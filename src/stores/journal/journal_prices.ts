/** The prices beside the checkpoints: of those that a resumed run needs, the ones since the checkpoint before. */
import { hash } from "node:crypto";
import { powerOfTen } from "../../domain/numbers/price.ts";
import { checkedContent, type Checkpoint, holdsState } from "./journal_checkpoint.ts";
import { RAW_COLUMNS } from "./journal_entry.ts";
import { damaged, type JournalDatabase, type Row } from "./journal_file.ts";
import { digestIn, stateProof } from "./journal_state.ts";
import { linkedEntry } from "./linked_entry.ts";
import { hasPrices, noteText, type Prices, type PricesNote } from "./price_note.ts";

const BYTES = 8;

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

/** Which checkpoints' prices are in the journal: as many as the last `window` trades need, and no more. */
export class KeptPrices {
  readonly #window: number;
  #parts: { readonly seq: number; readonly count: number }[];
  #total = 0;

  /** Starts with what the journal has. */
  constructor(database: JournalDatabase, window: number) {
    this.#window = window;
    // Every part but the first has a price at least: those that are needed are no more than that.
    this.#parts = database.prepare(
      "SELECT seq, octet_length(prices) / 8 AS count FROM checkpoint_prices ORDER BY seq DESC LIMIT ?",
    ).all(window + 1).reverse().map(({ seq, count }) => ({ seq: Number(seq), count: Number(count) }));
    for (const { count } of this.#parts) this.#total += count;
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
export function gatherPrices(
  database: JournalDatabase,
  path: string,
  checkpoint: Checkpoint,
  window: number,
): Prices {
  const parts: Prices[] = [];
  let count = 0;
  for (const { note: { decimals }, values } of priceParts(database, path, checkpoint)) {
    parts.push({ decimals, values });
    count += values.length;
    if (count >= window) break;
  }
  const decimals = parts.reduce((finest, part) => Math.max(finest, part.decimals), 0);
  const values = parts.reverse().flatMap((part) => {
    const factor = powerOfTen(decimals - part.decimals);
    return part.values.map((value) => value * factor);
  });
  return { decimals, values: values.slice(-window) };
}

/**
 * Reads all prices that are kept for a checkpoint, which has to be the last one of all, to resume with those of the
 * last `window` trades. Throws a JournalError if one that is needed is missing, one is altered, or one is too many.
 */
export function checkPrices(
  database: JournalDatabase,
  path: string,
  checkpoint: Checkpoint,
  window: number,
): void {
  const { seq, prices } = checkpoint;
  const { rows, oldest } = database.prepare(
    "SELECT count(*) AS rows, min(seq) AS oldest FROM checkpoint_prices",
  ).get() as { readonly rows: number; readonly oldest: number | null };
  // The row beside the last checkpoint repeats what its state says.
  if (hasPrices(prices) && noteText(noteAt(database, path, seq)) !== noteText(prices)) {
    throw altered(path, seq);
  }
  let [parts, count] = [0, 0];
  for (const { at, note: { before, ...note } } of priceParts(database, path, checkpoint)) {
    if (hasPrices(note)) parts++;
    count += note.count;
    // What is older was pruned, which leaves as many as are needed.
    if (before === null || before >= (oldest ?? seq)) continue;
    if (count < window) throw damaged(path, `the prices before those of entry ${at} are missing`);
    break;
  }
  if (parts !== rows) {
    throw damaged(path, `${rows} checkpoints have prices, and the last one leads to ${parts} of them`);
  }
}

/** The prices beside a checkpoint, those before it, and so on back to where all before is void. */
function* priceParts(
  database: JournalDatabase,
  path: string,
  { seq, prices }: Checkpoint,
): Generator<{ readonly at: number; readonly note: PricesNote; readonly values: readonly number[] }> {
  let note = prices;
  for (let at = seq;;) {
    const { fresh, count, before } = note;
    yield { at, note, values: count === 0 ? [] : valuesAt(database, path, at, note) };
    if (before === null) {
      if (!fresh) throw damaged(path, `the prices before those of entry ${at} are missing`);
      return;
    }
    if (before >= at) throw damaged(path, `entry ${at} has its prices in a circle`);
    at = before;
    note = noteAt(database, path, at);
  }
}

/**
 * Where the prices of an earlier checkpoint are: from its entry, or from the row beside it if the entry proves that.
 */
function noteAt(database: JournalDatabase, path: string, seq: number): PricesNote {
  const entry = database.prepare(`SELECT ${RAW_COLUMNS} FROM entries WHERE seq = ?`).get(seq);
  const content = entry === undefined ? {} : linkedEntry(database, path, entry).content;
  const row = database.prepare("SELECT * FROM checkpoint_prices WHERE seq = ?").get(seq);
  if (holdsState(content)) {
    // Its row has been without these from the start.
    if ((row?.["before"] ?? null) !== null || (row?.["state"] ?? null) !== null) throw altered(path, seq);
    return checkedContent(content, seq, path).prices;
  }
  if (row === undefined) throw damaged(path, `the prices of entry ${seq} are missing`);
  const { decimals, fresh, prices, before, state } = row;
  const proof = content["state"];
  if (prices instanceof Uint8Array && state instanceof Uint8Array) {
    const count = prices.length / BYTES;
    const note = { decimals, fresh: fresh === 1, count, hash: hexHash(prices), before } as PricesNote;
    if (stateProof(state.toHex(), note, digestIn(proof)) === proof) return note;
  }
  throw altered(path, seq);
}

function valuesAt(database: JournalDatabase, path: string, seq: number, note: PricesNote): number[] {
  const row: Row | undefined = database.prepare(
    "SELECT decimals, fresh, prices FROM checkpoint_prices WHERE seq = ?",
  ).get(seq);
  if (row === undefined) throw damaged(path, `the prices of entry ${seq} are missing`);
  const { decimals, fresh, prices } = row;
  const isSame = prices instanceof Uint8Array && hexHash(prices) === note.hash &&
    decimals === note.decimals &&
    fresh === Number(note.fresh);
  if (!isSame) throw altered(path, seq);
  const view = new DataView(prices.buffer, prices.byteOffset, prices.byteLength);
  return Array.from({ length: prices.length / BYTES }, (_, at) => view.getFloat64(at * BYTES, true));
}

function altered(path: string, seq: number): Error {
  return damaged(path, `the prices of entry ${seq} are not those that it was written with`);
}
