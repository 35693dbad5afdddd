/** A piece of a recorded file on its way to its reader. */

/** What a recorded file is written in, told by its first lines. */
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
  /** As the file's documentation calls it, such as "spot aggTrades". */
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
  /** As the user knows it: `trades.csv`, `trades.zip (trades.csv)`, `standard input`. */
  readonly name: string;
  readonly layout: Layout;
  /** It comes out of an archive, of which is known only at its end whether it is whole. */
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
  /** It is the start of one line that is too long to be read; the rest of the line is left out. */
  readonly isTooLong?: boolean;
}

/** The longest line that is read, without its line feed, in bytes. */
export const LINE_LIMIT = 1 << 20;
