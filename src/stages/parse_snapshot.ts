/** The state of the parse stage, in plain values. */
import type { SeenIds } from "../domain/market/continuity.ts";
import type { GapAccount } from "./gap_account.ts";

/** The counts of the parse stage since it was made. */
export interface ParseCounts {
  readonly duplicates: number;
  readonly rejected: number;
  /** Messages of other streams or symbols, acknowledgements. */
  readonly passedOver: number;
  /** New trades that arrived after later ones; none of them trades. Absent in older journals. */
  readonly outOfOrder?: number;
  /** How often the ids started over. Absent in older journals. */
  readonly resets?: number;
  /** Ids in gaps under which the exchange itself has no trade; absent if there are none. */
  readonly absent?: number;
}

/** The state of the stage, for `restore`. */
export interface ParseSnapshot {
  /** The last trade id read; -1 before the first trade. */
  readonly lastId: number;
  /** The price unit. */
  readonly decimals: number;
  /** The largest price so far in that unit; absent where a finer unit could hold it too. */
  readonly largest?: number;
  readonly counts: ParseCounts;
  /** The gap that was being filled; absent unless it has more to account for than what was fetched. */
  readonly gap?: GapAccount;
  /**
   * Which ids were seen, and the latest time of a trade, µs since 1970; 0 before the first. Absent in older journals.
   */
  readonly seen?: SeenIds & { readonly latest: number };
}
