/** The seam for strategies, which decide from bars whether a run should be long or flat. */
import type { Bar } from "../../domain/market/bar.ts";
import type { Readings, Target, ValueNumbers, Values } from "../../domain/market/signal.ts";
import type { Closes } from "../indicators/indicator.ts";

/** A strategy that reads only closes, and takes many at once: with the same result as one by one, but faster. */
export interface BlockStrategy extends Strategy {
  /**
   * Takes the first `size` closes, all in one unit, and writes into `targets` what `add` would return after each.
   * Returns how many it took; pass the others to `add`. `size` is at most the size of a block.
   */
  addAll(closes: Float64Array, size: number, decimals: number, targets: Int8Array): number;
  /** What `values` would have returned after the close in this row of the last `addAll`. */
  valuesAt(row: number): Values | null;
  /** The same values as numbers, for a chart that needs thousands of them: strings would take ten times as long. */
  numbersAt(row: number): ValueNumbers | null;
}

/**
 * A strategy for one symbol. It knows only bars: no orders, no account, and not the stance, which follows from its
 * targets. It remembers two things: the last closes, of which a store keeps the new ones, and a small state, which
 * every checkpoint writes as a whole.
 */
export interface Strategy extends Readings {
  /** How many of the last closes `restore` needs; 0 for none. */
  readonly remembers: number;
  /**
   * True if it reads nothing of a bar but the close. Flat bars are then skipped once they no longer change anything.
   */
  readonly seesOnlyCloses?: true;
  /**
   * Takes the next bar, which is lent for this call, and returns the strategy's target after it. Later bars never have
   * fewer decimals.
   */
  add(bar: Bar): Target;
  /** Forgets every bar, because the next bars do not follow the previous ones. */
  reset(): void;
  /** How the strategy failed, for one that can fail. Its target then stays unchanged, and the run ends. */
  readonly fault?: Error | null;
  /** Whether there have been enough bars for it to have a target. */
  readonly isReady: boolean;
  /** The last closes that it remembers, at most `most`. */
  closes(most: number): Closes;
  /** What it remembers besides closes, as a value that JSON can hold; null for nothing. */
  snapshot(): object | null;
  /**
   * Continues as the strategy that made the snapshot would have. `closes` are the last closes, at least as many as that
   * strategy remembered. If no run can have such a snapshot, throws an error that says why.
   */
  restore(snapshot: object | null, closes: Closes): void;
}
