/** A block: consecutive trades of one symbol, as columns. */

/** Where a symbol's trades stand: what the next one is compared with. */
export interface Position {
  /** The id of the last trade. */
  readonly id: number;
  /** Its time, µs since 1970. */
  readonly time: number;
  /** Prices are counted in 10^-decimals quote currency. */
  readonly decimals: number;
}

/** The columns of a block, as long as one another. */
export interface BlockColumns {
  readonly lastId: Float64Array;
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly quantityWhole: Float64Array;
  readonly quantityFraction: Uint32Array;
  readonly buyerIsMaker: Uint8Array;
  readonly receivedAt: Float64Array;
}

/**
 * Trades of which each follows on the one before it, by its ids and within an hour, with prices in one unit. There is no
 * gap before any row but the first. Its reader fills it again and again: what is in it is valid until the reader is
 * asked for more.
 */
export class Block {
  readonly symbol: string;
  /** How many rows there are, from row 0 on; at least one. */
  size = 0;
  /** The prices are integer counts of 10^-decimals quote currency. */
  decimals = 0;
  /** First trade id that row 0 covers. That of every other row is the `id` of the row before it, and 1. */
  firstId = 0;
  /** Trades missing before row 0, and trades that were missing there and have been fetched since: as in `Tick`. */
  missing = 0;
  filled = 0;
  /** Whether its trades were fetched after the fact. */
  late = false;
  /** The highest and the lowest price. */
  highest = 0;
  lowest = 0;
  /** The latest time, µs since 1970. */
  latest = 0;
  /** Of each row: the trade's id, for an aggregate that of its last trade. */
  readonly id: Float64Array;
  /** µs since 1970. */
  readonly time: Float64Array;
  readonly price: Float64Array;
  /** Whole units of base currency, and with them so many hundred-millionths. */
  readonly quantityWhole: Float64Array;
  readonly quantityFraction: Uint32Array;
  /** 1 when the taker sold, else 0. */
  readonly buyerIsMaker: Uint8Array;
  /** When it was received, µs since 1970; 0 where that is not known. */
  readonly receivedAt: Float64Array;

  /** A block without rows, over these columns. */
  constructor(symbol: string, columns: BlockColumns) {
    this.symbol = symbol;
    this.id = columns.lastId;
    this.time = columns.time;
    this.price = columns.price;
    this.quantityWhole = columns.quantityWhole;
    this.quantityFraction = columns.quantityFraction;
    this.buyerIsMaker = columns.buyerIsMaker;
    this.receivedAt = columns.receivedAt;
  }
}
