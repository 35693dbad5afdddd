/** Drawdown periods: from a peak of equity down and back to it. */
import { Money, plain } from "../numbers/money.ts";
import { priceAsMoney } from "../numbers/price.ts";

/** Books and a price to mark them at. */
export interface MarkedBooks {
  /** Quote currency. Positions in other symbols count as cash, at their last prices. */
  readonly cash: Money;
  /** Base currency. */
  readonly position: Money;
  /** Integer price at `decimals`. */
  readonly price: number;
  readonly decimals: number;
}

/**
 * A fall of equity from a peak. Its figures are computed only on demand, because most falls are soon surpassed.
 */
export interface Fall {
  readonly peak: MarkedBooks;
  readonly trough: MarkedBooks;
  /** Times of the peak and of the trough, µs since 1970. */
  readonly from: number;
  readonly to: number;
}

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

/** A fall as plain values: amounts as decimal text. */
export interface FallSnapshot {
  readonly peak: BooksSnapshot;
  readonly trough: BooksSnapshot;
  readonly from: number;
  readonly to: number;
}

/** Marked books as plain values: amounts as decimal text. */
export interface BooksSnapshot {
  readonly cash: string;
  readonly position: string;
  readonly price: number;
  readonly decimals: number;
}

/** The state of the periods, as plain values. */
export interface PeriodsSnapshot {
  /** Null before equity was first at a peak. */
  readonly peakTime: number | null;
  readonly depth: number;
  readonly fall: FallSnapshot | null;
  readonly longest: number | null;
  readonly kept: readonly {
    readonly depth: number;
    readonly fall: FallSnapshot;
    readonly recovered: number | null;
  }[];
}

interface Kept {
  /** A fraction of the peak. */
  readonly depth: number;
  readonly fall: Fall;
  readonly recovered: number | null;
}

/** Equity, quote currency: cash plus the position at the price. */
export function worth({ cash, position, price, decimals }: MarkedBooks): Money {
  return position.isZero() ? cash : cash.plus(position.times(priceAsMoney(price, decimals)));
}

/** The figures of a fall. */
export function periodOf({ peak, trough, from, to }: Fall, recovered: number | null = null): DrawdownPeriod {
  const top = worth(peak);
  return { peak: top, amount: top.minus(worth(trough)), from, to, recovered };
}

/** A fall as plain values. */
export function fallText({ peak, trough, from, to }: Fall): FallSnapshot {
  return { peak: booksText(peak), trough: booksText(trough), from, to };
}

/** The fall that `fallText` wrote. */
export function fallOf({ peak, trough, from, to }: FallSnapshot): Fall {
  return { peak: booksOf(peak), trough: booksOf(trough), from, to };
}

/** Marked books as plain values. */
export function booksText({ cash, position, price, decimals }: MarkedBooks): BooksSnapshot {
  return { cash: plain(cash), position: plain(position), price, decimals };
}

/** The books that `booksText` wrote. */
export function booksOf({ cash, position, price, decimals }: BooksSnapshot): MarkedBooks {
  return { cash: new Money(cash), position: new Money(position), price, decimals };
}

/** How many periods are kept: the deepest ones. */
export const MAX_PERIODS = 10;

/**
 * Depths are computed in doubles: smaller depths, and smaller differences between depths, are rounding
 * errors.
 */
const SUSPECT = 1e-12;

/** Whether one fall is the larger fraction of its peak. */
export function isDeeper(one: Fall, other: Fall): boolean {
  return compareDepths(one, other) > 0;
}

/** Above 0 if `one` is the larger fraction of its peak, below 0 if `other` is. */
function compareDepths(one: Fall, other: Fall): number {
  const [a, b] = [periodOf(one), periodOf(other)];
  return a.amount.times(b.peak).cmp(b.amount.times(a.peak));
}

/**
 * Follows the periods of one account. Depths are fractions of the peak in doubles; two that are too close to
 * tell apart are compared in exact decimals. Amounts are exact.
 */
export class DrawdownPeriods {
  #peakTime = NaN;
  /** The greatest depth of the current period; 0 at a peak. */
  #depth = 0;
  /** The fall of the current period, if it is deep enough to be kept. */
  #fall: Fall | null = null;
  #longest: number | null = null;
  /** Deepest first. */
  #kept: Kept[] = [];

  /** When equity was last at the peak, µs since 1970. */
  get peakTime(): number {
    return this.#peakTime;
  }

  /** Whether equity has been below the peak since it was last there. */
  get isBelow(): boolean {
    return this.#depth > SUSPECT;
  }

  /** Ends the current period: equity is back at the peak, or at a new one. */
  atPeak(time: number): void {
    if (this.isBelow) {
      this.#longest = Math.max(this.#longest ?? 0, time - this.#peakTime);
      if (this.#fall !== null) this.#kept = this.#keptWith(this.#fall, time);
      this.#fall = null;
      this.#depth = 0;
    }
    this.#peakTime = time;
  }

  /** Whether a fall to `depth`, a fraction of the peak, may be the deepest of its period: then `take` it. */
  deepens(depth: number): boolean {
    return depth > (this.#fall === null ? this.#depth : this.#depth - SUSPECT);
  }

  /** Takes a fall if it is the deepest of the current period so far. */
  take(depth: number, fall: Fall): void {
    const isNear = this.#fall !== null && Math.abs(depth - this.#depth) <= SUSPECT;
    if (isNear && !isDeeper(fall, this.#fall!)) return;
    this.#depth = depth;
    const isKept = this.#kept.length < MAX_PERIODS
      ? depth > SUSPECT
      : depth >= this.#kept.at(-1)!.depth - SUSPECT;
    if (isKept) this.#fall = fall;
  }

  /** The longest time from a peak until equity was back at it, or until `now`, µs; null if equity never fell. */
  longest(now: number): number | null {
    return this.isBelow ? Math.max(this.#longest ?? 0, now - this.#peakTime) : this.#longest;
  }

  /** The deepest periods up to now, deepest first, at most MAX_PERIODS. */
  deepest(): DrawdownPeriod[] {
    const all = this.#fall === null ? this.#kept : this.#keptWith(this.#fall, null);
    return all.map(({ fall, recovered }) => periodOf(fall, recovered));
  }

  snapshot(): PeriodsSnapshot {
    return {
      peakTime: Number.isNaN(this.#peakTime) ? null : this.#peakTime,
      depth: this.#depth,
      fall: this.#fall === null ? null : fallText(this.#fall),
      longest: this.#longest,
      kept: this.#kept.map(({ depth, fall, recovered }) => ({ depth, fall: fallText(fall), recovered })),
    };
  }

  restore({ peakTime, depth, fall, longest, kept }: PeriodsSnapshot): void {
    this.#peakTime = peakTime ?? NaN;
    this.#depth = depth;
    this.#fall = fall === null ? null : fallOf(fall);
    this.#longest = longest;
    this.#kept = kept.map((period) => ({ ...period, fall: fallOf(period.fall) }));
  }

  #keptWith(fall: Fall, recovered: number | null): Kept[] {
    return [...this.#kept, { depth: this.#depth, fall, recovered }]
      .sort((a, b) =>
        Math.abs(b.depth - a.depth) > SUSPECT ? b.depth - a.depth : compareDepths(b.fall, a.fall)
      )
      .slice(0, MAX_PERIODS);
  }
}
