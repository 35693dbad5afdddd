/** Where the parse stage stands, in plain values. */
import type { SeenIds } from "../domain/continuity.ts";

/** What the parse stage has counted since it was made. */
export interface ParseCounts {
  readonly duplicates: number;
  readonly rejected: number;
  /** Messages of other streams or symbols, acknowledgements. */
  readonly passedOver: number;
  /** Trades never seen that came after later ones: none of them is traded on. Absent in older journals. */
  readonly outOfOrder?: number;
  /** How often the ids started over. Absent in older journals. */
  readonly resets?: number;
}

/** Where the stage stands, to be taken up again. */
export interface ParseSnapshot {
  /** The last trade id read; -1 before the first trade. */
  readonly lastId: number;
  /** The price unit. */
  readonly decimals: number;
  readonly counts: ParseCounts;
  /** Which ids were seen, and the latest time of a trade, µs since 1970; 0 before the first. Absent in older journals. */
  readonly seen?: SeenIds & { readonly latest: number };
}
