/** Drawdown periods: from a peak of equity down and back to it. */
import type { Money } from "./money.ts";

/** One period below a peak. Times are those of trades, µs since 1970; amounts are quote currency. */
export interface DrawdownPeriod {
  /** Equity at the peak. */
  readonly peak: Money;
  /** Peak less trough. */
  readonly amount: Money;
  /** The last trade at the peak. */
  readonly from: number;
  /** The trough. */
  readonly to: number;
  /** The first trade back at the peak or above; null while equity is still below it. */
  readonly recovered: number | null;
}

/** How far equity fell, worked out only for the periods that are kept. */
export type FallTo = () => { readonly peak: Money; readonly amount: Money };

interface Kept extends DrawdownPeriod {
  readonly depth: number;
}

/** The most periods that are kept, the deepest ones. */
export const MAX_PERIODS = 10;

/** Depths below this are rounding of the doubles they are worked out in. */
const DOUBT = 1e-12;

/**
 * Follows the periods of one account. Depths are fractions of the peak in doubles, good enough to choose the
 * deepest periods; the amounts of those are exact.
 */
export class DrawdownPeriods {
  #peakTime = NaN;
  /** The deepest of the present period; 0 at a peak. */
  #depth = 0;
  /** The trough of the present period, where it is deep enough to be kept. */
  #trough: Omit<Kept, "recovered"> | null = null;
  #longest: number | null = null;
  /** Deepest first. */
  #kept: Kept[] = [];

  /** When equity last stood at the peak, µs since 1970. */
  get peakTime(): number {
    return this.#peakTime;
  }

  /** Whether equity has been below the peak since it last stood there. */
  get isBelow(): boolean {
    return this.#depth > DOUBT;
  }

  /** Equity stands at a peak, an old or a new one: the present period ends. */
  atPeak(time: number): void {
    if (this.isBelow) {
      this.#longest = Math.max(this.#longest ?? 0, time - this.#peakTime);
      if (this.#trough !== null) this.#kept = deepest([...this.#kept, { ...this.#trough, recovered: time }]);
      this.#trough = null;
      this.#depth = 0;
    }
    this.#peakTime = time;
  }

  /** Equity is `depth` (a fraction of the peak) below the peak at `time`. */
  fall(depth: number, time: number, fallTo: FallTo): void {
    if (depth <= this.#depth) return;
    this.#depth = depth;
    const shallowest = this.#kept.length < MAX_PERIODS ? DOUBT : this.#kept.at(-1)!.depth;
    if (depth > shallowest) this.#trough = { ...fallTo(), from: this.#peakTime, to: time, depth };
  }

  /** The longest time from a peak until equity was back at it, or until `now`, µs; null if it never fell. */
  longest(now: number): number | null {
    return this.isBelow ? Math.max(this.#longest ?? 0, now - this.#peakTime) : this.#longest;
  }

  /** The deepest periods up to now, deepest first, at most MAX_PERIODS. */
  deepest(): DrawdownPeriod[] {
    const all = this.#trough === null ? this.#kept : [...this.#kept, { ...this.#trough, recovered: null }];
    return deepest(all).map(({ depth: _, ...period }) => period);
  }
}

function deepest(periods: readonly Kept[]): Kept[] {
  return periods.toSorted((a, b) => b.depth - a.depth).slice(0, MAX_PERIODS);
}
