/** Trades as columns in a WebAssembly loop's memory. `assembly/columns.ts` has the same numbers for the loops. */
import { Block, type Position } from "./block.ts";
import type { TradeFields } from "./trade_reader.ts";

/** The most rows that a loop reads at once. */
export const COLUMN_ROWS = 2048;
/** Where the columns start in memory: those of doubles, then those of 32 bits, then those of bytes. */
const COLUMNS = 4096;
const WIDE = 8 * COLUMN_ROWS, NARROW = 4 * COLUMN_ROWS;
const NARROWS = COLUMNS + 6 * WIDE, BYTES = NARROWS + 2 * NARROW;
/** Where the text that a loop reads starts: after the columns. */
export const TEXT_START = BYTES + 2 * COLUMN_ROWS;
/** Passed to a loop as its unit if every price has its own, without trailing zeros. */
export const OWN_UNIT = -1;
/** Where the texts that a loop compares with start: 256 bytes for each, with its length. */
export const COMPARED = 2048, COMPARED_BYTES = 256;
/**
 * Where a loop puts its results, as doubles. The first is the address of the first row that it did not read.
 */
const STOPPED_AT = 768;
/** The places of the others, and how many there are. */
const LAST_ID_BEFORE = 1, TIME_BEFORE = 2, LATEST = 3, HIGHEST = 4, LOWEST = 5, RESULTS = 6;

/** Trade fields that can be written. */
export type WritableFields = { -readonly [P in keyof TradeFields]: TradeFields[P] };

/** The columns, as `TradeFields` has them, which the loop overwrites at every call. */
export class TradeColumns {
  readonly firstId: Float64Array;
  readonly lastId: Float64Array;
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly quantityWhole: Float64Array;
  /** When the row was received, µs since 1970. */
  readonly receivedAt: Float64Array;
  readonly quantityFraction: Uint32Array;
  /** Where the row starts in memory. For frames: where they end, which the loop reads here. */
  readonly start: Uint32Array;
  readonly decimals: Uint8Array;
  /** 1 when the taker sold, else 0. */
  readonly buyerIsMaker: Uint8Array;
  readonly #results: Float64Array;
  #block: Block | null = null;

  /** `memory` is the loop's, and must not grow. */
  constructor(memory: ArrayBufferLike) {
    const wide = (column: number) => new Float64Array(memory, COLUMNS + column * WIDE, COLUMN_ROWS);
    const narrow = (column: number) => new Uint32Array(memory, NARROWS + column * NARROW, COLUMN_ROWS);
    const bytes = (column: number) => new Uint8Array(memory, BYTES + column * COLUMN_ROWS, COLUMN_ROWS);
    this.firstId = wide(0);
    this.lastId = wide(1);
    this.time = wide(2);
    this.price = wide(3);
    this.quantityWhole = wide(4);
    this.receivedAt = wide(5);
    this.quantityFraction = narrow(0);
    this.start = narrow(1);
    this.decimals = bytes(0);
    this.buyerIsMaker = bytes(1);
    this.#results = new Float64Array(memory, STOPPED_AT, RESULTS);
  }

  /** Where the first row that the last call did not read is in memory. */
  get stoppedAt(): number {
    return this.#results[0]!;
  }

  /** Starts a block: what the loop reads next, in the unit of `position`, must follow it. */
  startAfter({ id, time }: Position): void {
    const results = this.#results;
    results[LAST_ID_BEFORE] = id;
    results[TIME_BEFORE] = time;
    results[LATEST] = -Infinity;
    results[HIGHEST] = -Infinity;
    results[LOWEST] = Infinity;
  }

  /** The block of `size` rows that the loop has read, always the same object. */
  block(symbol: string, size: number, decimals: number): Block {
    const block = this.#block ??= new Block(symbol, this);
    const results = this.#results;
    block.size = size;
    block.decimals = decimals;
    block.firstId = this.firstId[0]!;
    block.latest = results[LATEST]!;
    block.highest = results[HIGHEST]!;
    block.lowest = results[LOWEST]!;
    return block;
  }

  /** Reads row `at` into `fields`. */
  read(at: number, fields: WritableFields): void {
    fields.firstId = this.firstId[at]!;
    fields.lastId = this.lastId[at]!;
    fields.time = this.time[at]!;
    fields.price = this.price[at]!;
    fields.decimals = this.decimals[at]!;
    fields.quantityWhole = this.quantityWhole[at]!;
    fields.quantityFraction = this.quantityFraction[at]!;
    fields.buyerIsMaker = this.buyerIsMaker[at] === 1;
  }
}
