/**
 * Backfilled trades, which were fetched because the stream had missed them: as an exchange sends them, and as
 * text.
 */
import { DecimalBytes, READ_AHEAD } from "../numbers/decimal_bytes.ts";
import { PRICE_TEXT, QUANTITY_TEXT } from "../numbers/price.ts";
import { microseconds } from "../numbers/time.ts";
import { isCount, shownJson } from "./json_value.ts";
import type { ReadResult, TradeFields, TradeReader } from "./trade_reader.ts";

/** One fetched trade, or one aggregate of them, as the exchange wrote it. */
export interface BackfilledTrade {
  /** Trade ids covered, both inclusive; the same number unless it is an aggregate. */
  readonly firstId: number;
  readonly lastId: number;
  /** Decimal text, quote currency. */
  readonly price: string;
  /** Decimal text, base currency. */
  readonly quantity: string;
  /** The exchange's time stamp: ms since 1970, or µs from 10^14 on. */
  readonly time: number;
  /** True when the taker sold. */
  readonly buyerIsMaker: boolean;
}

/** No aggregate, which has one price and one millisecond, covers more trades: a row that claims to is wrong. */
const MOST_COVERED = 1_000_000;
const SAMPLE_CHARACTERS = 200;
/** Room for any ordinary amount; a longer text gets its own buffer. */
const SCRATCH_BYTES = 64;
const ENCODER = new TextEncoder();
const NONE: readonly BackfilledTrade[] = [];

/**
 * Reads the fetched trades of one symbol by the same rules as a decoder reads the stream's frames. `open` a page, then
 * call `next` until it returns null.
 *
 * An aggregate is read once for every trade id that it covers. All its trades have its price and its time, so
 * averages over them equal averages over the trades themselves. The exchange does not say how its quantity is
 * split: the last trade gets all of it, the others 0.
 *
 * @example
 * ```ts
 * import { BackfilledTrades } from "./backfilled_trades.ts";
 * import { assertEquals } from "@std/assert";
 * const rows = new BackfilledTrades("BTCUSDT").open([
 *   { firstId: 7, lastId: 7, price: "61837.60", quantity: "0.02", time: 1723161255342, buyerIsMaker: true },
 * ]);
 * assertEquals(rows.next(), "trade");
 * assertEquals([rows.trade.price, rows.trade.decimals], [618376, 1]);
 * assertEquals(rows.next(), null);
 * ```
 */
export class BackfilledTrades implements TradeReader {
  readonly symbol: string;
  readonly isBackfilled = true;
  receivedAt = 0;
  readonly #fields = new Fields();
  readonly #decimal = new DecimalBytes();
  readonly #scratch = new Uint8Array(SCRATCH_BYTES + READ_AHEAD);
  readonly #scratchView = new DataView(this.#scratch.buffer);
  #rows = NONE;
  #taken = 0;
  #skipped = 0;
  /** The last id of the current row. */
  #lastId = -1;
  #reason = "";

  /** A reader for `symbol`, in upper case as the exchange writes it. */
  constructor(symbol: string) {
    this.symbol = symbol;
  }

  get trade(): TradeFields {
    return this.#fields;
  }

  get reason(): string {
    return this.#reason;
  }

  /** Always -1: a page with an unusable row never gets this far. */
  get emptyFirstId(): number {
    return -1;
  }

  get emptyId(): number {
    return -1;
  }

  /** How many missing trades were skipped before the first row of the page; 0 after that row. */
  get skipped(): number {
    return this.#taken === 1 ? this.#skipped : 0;
  }

  /** Rows of the page that `next` has read. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Opens a page and drops the rest of the last one. `skipped` missing trades were skipped before it; it
   * arrived at `receivedAt`, µs since 1970, or 0 if that is not known.
   */
  open(rows: readonly BackfilledTrade[], skipped = 0, receivedAt = 0): this {
    this.receivedAt = receivedAt;
    this.#rows = rows;
    this.#skipped = skipped;
    this.#taken = 0;
    this.#lastId = -1;
    return this;
  }

  next(): ReadResult | null {
    if (this.#lastId > this.#fields.lastId) return this.#readOn();
    const row = this.#rows[this.#taken];
    if (row === undefined) return null;
    this.#taken++;
    const { firstId, lastId, price, quantity, time, buyerIsMaker } = row;
    const fields = this.#fields;
    const decimal = this.#decimal;
    if (
      !isCount(firstId) || !isCount(lastId) || lastId < firstId || lastId - firstId >= MOST_COVERED
    ) {
      return this.#reject(
        `trade id is ${shownJson(firstId)}${firstId === lastId ? "" : ` to ${shownJson(lastId)}`}`,
      );
    }
    if (!this.#readAll(price, (view) => decimal.readPrice(view, 0))) {
      return this.#reject(`price is ${shownJson(price)}, not ${PRICE_TEXT}`);
    }
    if (!this.#readAll(quantity, (view) => decimal.readQuantity(view, 0))) {
      return this.#reject(
        `quantity is ${shownJson(quantity)}, not ${QUANTITY_TEXT}`,
      );
    }
    if (!isCount(time) || time === 0) return this.#reject(`trade time is ${shownJson(time)}`);
    if (typeof buyerIsMaker !== "boolean") {
      return this.#reject(`the maker's side is ${shownJson(buyerIsMaker)}, not true or false`);
    }
    fields.time = microseconds(time);
    fields.price = decimal.price;
    fields.decimals = decimal.decimals;
    fields.quantityWhole = fields.quantityFraction = 0;
    fields.buyerIsMaker = buyerIsMaker;
    fields.lastId = firstId - 1;
    this.#lastId = lastId;
    return this.#readOn();
  }

  /** Moves to the next trade of the current row. */
  #readOn(): ReadResult {
    const fields = this.#fields;
    fields.firstId = ++fields.lastId;
    if (fields.lastId === this.#lastId) {
      fields.quantityWhole = this.#decimal.quantityWhole;
      fields.quantityFraction = this.#decimal.quantityFraction;
    }
    return "trade";
  }

  sample(): string {
    const row = this.#rows[this.#taken - 1];
    return row === undefined ? "" : JSON.stringify(asArray(row)).slice(0, SAMPLE_CHARACTERS);
  }

  #reject(reason: string): ReadResult {
    this.#reason = reason;
    return "rejected";
  }

  /** Whether `read` reads the whole of `text`, which comes from outside and may be anything. */
  #readAll(text: unknown, read: (view: DataView) => number): boolean {
    if (typeof text !== "string") return false;
    const { read: taken, written } = ENCODER.encodeInto(text, this.#scratch.subarray(0, SCRATCH_BYTES));
    if (taken === text.length) {
      // A digit left from an earlier text would look like part of this one.
      this.#scratch[written] = 0;
      return read(this.#scratchView) === written;
    }
    const bytes = ENCODER.encode(text);
    const padded = new Uint8Array(bytes.length + READ_AHEAD);
    padded.set(bytes);
    return read(new DataView(padded.buffer)) === bytes.length;
  }
}

/** The trade read last. */
class Fields implements TradeFields {
  firstId = 0;
  lastId = 0;
  time = 0;
  price = 0;
  decimals = 0;
  quantityWhole = 0;
  quantityFraction = 0;
  buyerIsMaker = false;
}

/**
 * What is wrong with `rows`, or null. BackfilledTrades must be able to read every row, and each must follow
 * the one before without a hole or an overlap.
 */
export function faultOf(rows: readonly BackfilledTrade[]): string | null {
  const reader = new BackfilledTrades("");
  let before: BackfilledTrade | null = null;
  for (const row of rows) {
    if (reader.open([row]).next() !== "trade") return reader.reason;
    if (before !== null && row.firstId !== before.lastId + 1) {
      return `trade ${row.firstId} comes after trade ${before.lastId}, expected ${before.lastId + 1}`;
    }
    before = row;
  }
  return null;
}

/** Splits the rows where ids are missing, into runs of consecutive trades. */
export function runsOf(rows: readonly BackfilledTrade[]): BackfilledTrade[][] {
  const runs: BackfilledTrade[][] = [];
  let lastId = -Infinity;
  for (const row of rows) {
    if (runs.length === 0 || row.firstId > lastId + 1) runs.push([]);
    runs.at(-1)!.push(row);
    lastId = row.lastId;
  }
  return runs;
}

/** The first hole in the ids of `rows` from `next` on, as a sentence; null if there is none. */
export function holeIn(rows: readonly BackfilledTrade[], next: number): string | null {
  for (const { firstId, lastId } of rows) {
    if (firstId > next) return `trade ${next} is missing, the first one after it is ${firstId}`;
    next = lastId + 1;
  }
  return null;
}

/** The result of reading a page's text. */
export type ReadRows =
  | { readonly rows: readonly BackfilledTrade[] }
  /** What is wrong with the text, with the value found. */
  | { readonly malformed: string };

/**
 * A page as one line of compact JSON, for recordings: an array of
 * `[firstId,lastId,"price","quantity",time,buyerIsMaker]`.
 *
 * @example
 * ```ts
 * import { backfilledText, readBackfilledText } from "./backfilled_trades.ts";
 * import { assertEquals } from "@std/assert";
 * const rows = [
 *   { firstId: 7, lastId: 9, price: "61837.60", quantity: "0.02", time: 1723161255342, buyerIsMaker: true },
 * ];
 * const text = backfilledText(rows);
 * assertEquals(text, `[[7,9,"61837.60","0.02",1723161255342,true]]`);
 * assertEquals(readBackfilledText(text), { rows });
 * ```
 */
export function backfilledText(rows: readonly BackfilledTrade[]): string {
  return JSON.stringify(rows.map(asArray));
}

/**
 * Reads what `backfilledText` wrote. Rows with a fault (see `faultOf`) are malformed too.
 */
export function readBackfilledText(text: string): ReadRows {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { malformed: "the backfilled trades are not JSON" };
  }
  if (!Array.isArray(parsed)) {
    return { malformed: `the backfilled trades are ${shownJson(parsed)}, not an array` };
  }
  const rows: BackfilledTrade[] = [];
  for (const entry of parsed) {
    if (!Array.isArray(entry) || entry.length !== 6) {
      return { malformed: `a backfilled trade is ${shownJson(entry)}, not an array of 6 values` };
    }
    const [firstId, lastId, price, quantity, time, buyerIsMaker] = entry;
    rows.push({ firstId, lastId, price, quantity, time, buyerIsMaker });
  }
  const fault = faultOf(rows);
  return fault === null ? { rows } : { malformed: `a backfilled trade cannot be used: ${fault}` };
}

function asArray({ firstId, lastId, price, quantity, time, buyerIsMaker }: BackfilledTrade): unknown[] {
  return [firstId, lastId, price, quantity, time, buyerIsMaker];
}
