/** The columns of trades. */

/** The columns that a reader fills, a row for each trade. */
export interface Columns {
  /** Trade ids; for an aggregate that of its last trade. */
  readonly id: Float64Array;
  /** The trades' own times, µs since 1970. */
  readonly time: Float64Array;
  /** Integer counts of the block's unit. */
  readonly price: Float64Array;
  /** Whole units of base currency traded. */
  readonly quantityWhole: Float64Array;
  /** Plus this many hundred-millionths of one, 0 to 99,999,999. */
  readonly quantityFraction: Uint32Array;
  /** 1 when the taker sold, otherwise 0. */
  readonly buyerIsMaker: Uint8Array;
  /** When they arrived over the stream or were fetched, µs since 1970; 0 if that is not known. */
  readonly receivedAt: Float64Array;
}
