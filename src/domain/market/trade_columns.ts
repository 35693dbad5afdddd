/** Trades as columns in a WebAssembly loop's memory. `assembly/columns.ts` has the same numbers for the loops. */
import type { ReadBlock } from "./block.ts";
import { TradeBlock } from "./trade_block.ts";
import type { Followed, TradeFields } from "./trade_reader.ts";

/** The most rows that a loop reads at once. */
export const COLUMN_ROWS = 2048;
/** Where the columns start in memory: those of doubles, then those of 32 bits, then those of bytes. */
const COLUMNS = 4096;
const WIDE = 8 * COLUMN_ROWS, NARROW = 4 * COLUMN_ROWS;
const NARROWS = COLUMNS + 6 * WIDE, BYTES = NARROWS + 2 * NARROW;
/** After the columns: where the text that a loop reads starts. */
export const TEXT_START = BYTES + 2 * COLUMN_ROWS;
/** The unit to pass to a loop where each price has its own unit, without trailing zeros. */
export const OWN_UNIT = -1;
/** Where the strings that a loop compares with start, each with its length in 256 bytes. */
export const COMPARED = 2048, COMPARED_BYTES = 256;
/** Doubles: a loop writes here where the first row that it did not read starts. */
const STOPPED_AT = 768;
/** The doubles after that one, and how many there are in all. */
const LAST_ID_BEFORE = 1, TIME_BEFORE = 2, LATEST = 3, HIGHEST = 4, RESULTS = 5;

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
  /** Where the row starts in memory; for frames, where each frame ends, which is an input of the loop. */
  readonly start: Uint32Array;
  readonly decimals: Uint8Array;
  /** 1 when the taker sold, otherwise 0. */
  readonly buyerIsMaker: Uint8Array;
  readonly #results: Float64Array;
  #block: TradeBlock | null = null;

  /** The columns in the memory of a loop, which must not grow. */
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

  /** Where in memory the first row that the last call did not read starts. */
  get stoppedAt(): number {
    return this.#results[0]!;
  }

  /** Prepares the loop to read a block that must follow this trade. */
  startAfter({ id, time }: Followed): void {
    const results = this.#results;
    results[LAST_ID_BEFORE] = id;
    results[TIME_BEFORE] = time;
    results[LATEST] = -Infinity;
    results[HIGHEST] = -Infinity;
  }

  /** The block of `size` rows that the loop has read, always the same object. */
  block(symbol: string, size: number, decimals: number): ReadBlock {
    const block = this.#block ??= new TradeBlock(symbol, { ...this, id: this.lastId });
    const results = this.#results;
    block.size = size;
    block.decimals = decimals;
    block.firstId = this.firstId[0]!;
    block.latest = results[LATEST]!;
    block.highest = results[HIGHEST]!;
    // A run with bars may have had the block before.
    block.bars = null;
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
