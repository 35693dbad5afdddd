/** A piece of a recorded file, for its reader. */

/** The layout of a recorded file, as its first lines show it. */
export type Layout =
  /**
   * Binance public data; which column holds what, by the number of its column from 0. With `isBare` the first line
   * is a row, damaged perhaps, and no header, whatever it looks like.
   */
  | { readonly kind: "csv"; readonly columns: CsvColumns; readonly isBare?: true }
  /** `<receive time> <frame>` a line. */
  | { readonly kind: "recording" }
  /** One Binance message a line. */
  | { readonly kind: "messages" };

/** The columns of a Binance public-data file, counted from 0. */
export interface CsvColumns {
  /** Its name in the file's documentation, such as "spot aggTrades". */
  readonly name: string;
  readonly count: number;
  /** Trade ids covered; the same column unless the rows are aggregates. */
  readonly firstId: number;
  readonly lastId: number;
  readonly price: number;
  readonly quantity: number;
  readonly time: number;
  readonly buyerIsMaker: number;
}

/** Where a chunk comes from: one per file or archive member. */
export interface Origin {
  /** The name that the user knows: `trades.csv`, `trades.zip (trades.csv)`, `standard input`. */
  readonly name: string;
  readonly layout: Layout;
  /** It comes from an archive; only its end shows whether the archive is whole. */
  readonly isPacked?: boolean;
  /** It is a recording that Penstock wrote. */
  readonly isOwn?: boolean;
}

/**
 * Whole lines, of which the last of a file may lack its line feed. The bytes are lent: they are overwritten once
 * the next chunk is asked for.
 */
export interface Chunk {
  readonly origin: Origin;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** It is the start of a line that is too long to be read; the rest of the line is dropped. */
  readonly isTooLong?: boolean;
}

/** The longest line that is read, without its line feed, in bytes. */
export const LINE_LIMIT = 1 << 20;
