/** The note in a checkpoint's entry about the last prices for a resumed run, which are kept beside it. */

/** The prices of trades in order, as integers in units of 10^-decimals. */
export interface Prices {
  readonly decimals: number;
  readonly values: readonly number[];
}

/** Where the prices of a checkpoint are. */
export interface PricesNote {
  readonly decimals: number;
  readonly fresh: boolean;
  readonly count: number;
  /** SHA-256 of the stored prices, in hexadecimal. */
  readonly hash: string;
  /** The last checkpoint before it that has prices which count; null for none. */
  readonly before: number | null;
}

/** A note as a row of the states has it. */
export function noteText({ decimals, fresh, count, hash, before }: PricesNote): string {
  return JSON.stringify({ decimals, fresh, count, hash, before });
}

/** Whether the prices before those of a later checkpoint are here. */
export function hasPrices({ count, fresh }: Pick<PricesNote, "count" | "fresh">): boolean {
  return count > 0 || fresh;
}
