/** The seam for strategies: what decides, from bars, whether a run should be long or flat. */
import type { Bar } from "../../domain/market/bar.ts";
import type { Readings, Values, Wish } from "../../domain/market/signal.ts";
import type { Closes } from "../indicators/indicator.ts";

/** A strategy that looks at closes alone, and takes many at once: the same as one by one, and faster. */
export interface BlockStrategy extends Strategy {
  /**
   * Takes the first `size` closes, all in one unit, and writes into `wishes` what `add` would return after each.
   * Returns how many it took; pass the others to `add`. There are at most as many as in a block.
   */
  addAll(closes: Float64Array, size: number, decimals: number, wishes: Int8Array): number;
  /** What `values` would have been after the close in a row that `addAll` took last. */
  valuesAt(row: number): Values | null;
}

/**
 * A strategy for one symbol. It knows bars alone: no orders, no account, and not the stance, which follows from
 * what it wants. What it remembers has two parts: the last closes, of which a store keeps those that are new, and a
 * small state that is written whole at every checkpoint.
 */
export interface Strategy extends Readings {
  /** How many of the last closes `restore` needs; 0 for none. */
  readonly remembers: number;
  /**
   * True if all that it looks at in a bar is the close. Then flat bars are passed over once they change nothing any
   * more.
   */
  readonly seesOnlyCloses?: true;
  /**
   * Takes the next bar, which is lent for this call, and answers what the strategy wants after it. Later bars have as
   * many decimals or more.
   */
  add(bar: Bar): Wish;
  /** Forgets every bar, because the next ones do not follow the previous ones. */
  reset(): void;
  /** How it failed, if it can: it wants nothing new from then on, and the run ends. */
  readonly fault?: Error | null;
  /** Whether there were enough bars to want anything. */
  readonly isReady: boolean;
  /** The last closes that it remembers, `most` of them at most. */
  closes(most: number): Closes;
  /** What it remembers besides closes, as a value that JSON can hold; null for nothing. */
  snapshot(): object | null;
  /**
   * Continues as the strategy that gave the snapshot would. `closes` are the last ones, at least as many as that
   * strategy remembered. Throws an error that says why if no run can have such a snapshot.
   */
  restore(snapshot: object | null, closes: Closes): void;
}
