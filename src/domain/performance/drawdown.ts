/**
 * Equity marked to the market, and how far it has fallen from its peak.
 *
 * Equity is cash + position × price, marked at every trade before that trade's orders and again after every fill.
 * Between two fills it moves with the price alone, so a trade costs one or two integer comparisons. Decimal
 * arithmetic is needed only at a fill, and where a fall may be the worst so far. The limits that halt trading
 * are in loss_limits.ts: their peak starts again with every release; this one never does.
 *
 * Of several symbols only one moves at a time. Meanwhile what the account holds of the others counts as cash, at their
 * last prices, until `turnTo` says that trades of another symbol follow.
 */
import {
  booksOf,
  type BooksSnapshot,
  booksText,
  type DrawdownPeriod,
  DrawdownPeriods,
  type Fall,
  fallOf,
  type FallSnapshot,
  fallText,
  isDeeper,
  type MarkedBooks,
  periodOf,
  type PeriodsSnapshot,
  worth,
} from "./drawdown_periods.ts";
import { estimate, fractionText, type Money, ZERO } from "../numbers/money.ts";
import type { Block } from "../market/block.ts";
import { powerOfTen } from "../numbers/price.ts";

/** The state of the drawdown, as plain values; the account keeps the books themselves. */
export interface DrawdownSnapshot {
  readonly peak: BooksSnapshot;
  readonly worst: FallSnapshot | null;
  readonly worstEstimate: number;
  readonly periods: PeriodsSnapshot;
}

/**
 * A thousand times the error of the doubles below, as a fraction of the peak: anything closer is decided in
 * decimals.
 */
const SUSPECT = 1e-12;

/** The drawdown of one account. */
export class Drawdown {
  readonly #periods = new DrawdownPeriods();
  /** The worst fall so far; null before the first. */
  #worst: Fall | null = null;
  #worstEstimate = 0;
  /**
   * The peak, unless the current books have reached it; its worth is computed only when a fall is decided in
   * decimals.
   */
  #peakBooks: MarkedBooks;
  #peak: Money | null = null;
  #peakEstimate: number;
  #cash: Money;
  #position: Money = ZERO;
  #cashEstimate: number;
  #positionEstimate = 0;
  #decimals = 0;
  /**
   * Up to this integer price equity is not above the peak. Once the peak has moved this is the peak's own
   * price, before that an estimate from below; without a position it is infinite.
   */
  #peakPrice = Infinity;
  /** Whether the current books have reached a peak of their own, at #peakPrice. */
  #peakMoved = false;
  /** The lowest price since the peak, or since the books last changed, and when it was. */
  #lowPrice = -Infinity;
  #lowTime = NaN;
  /** The price of the last fill, whose own fall has been considered; NaN once the peak has moved. */
  #filledPrice = NaN;

  /** Starts with `cash` (quote currency) and no position. */
  constructor(cash: Money) {
    this.#cash = cash;
    this.#peakBooks = { cash, position: ZERO, price: 0, decimals: 0 };
    this.#peakEstimate = this.#cashEstimate = estimate(cash);
  }

  /** Marks equity at a trade's integer price and time (µs). */
  mark(price: number, decimals: number, time: number): void {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    if (price >= this.#peakPrice && this.#reachesPeak(price)) {
      this.#considerLow();
      this.#periods.atPeak(time);
      this.#peakPrice = this.#lowPrice = price;
      this.#lowTime = time;
      this.#peakMoved = true;
      this.#filledPrice = NaN;
    } else if (price < this.#lowPrice) {
      this.#lowPrice = price;
      this.#lowTime = time;
    }
  }

  /** Marks equity at the trades of a block from row `from` up to, but not including, row `to`. */
  markRows({ price, time, decimals, extremes }: Block, from: number, to: number): void {
    if (from === to) return;
    if (decimals !== this.#decimals) this.#rescale(decimals);
    if (extremes !== undefined && extremes.highest < this.#peakPrice && extremes.lowest >= this.#lowPrice) {
      return;
    }
    // Without a position equity does not move.
    if (this.#peakPrice === Infinity && this.#lowPrice === -Infinity) return;
    let peak = this.#peakPrice;
    let low = this.#lowPrice;
    let lowAt = -1;
    for (let row = from; row < to; row++) {
      const now = price[row]!;
      if (now >= peak) {
        if (lowAt >= 0) this.#noteLow(low, time[lowAt]!);
        this.mark(now, decimals, time[row]!);
        peak = this.#peakPrice;
        low = this.#lowPrice;
        lowAt = -1;
      } else if (now < low) {
        low = now;
        lowAt = row;
      }
    }
    if (lowAt >= 0) this.#noteLow(low, time[lowAt]!);
  }

  #noteLow(price: number, time: number): void {
    this.#lowPrice = price;
    this.#lowTime = time;
  }

  /**
   * Takes the books after a fill, at a trade with this integer price and time (µs). Positions in other symbols count as
   * `cash`.
   */
  rebook(cash: Money, position: Money, price: number, time: number): void {
    this.#settle(time);
    this.#cash = cash;
    this.#position = position;
    this.#cashEstimate = estimate(cash);
    this.#positionEstimate = position.isZero() ? 0 : estimate(position) / powerOfTen(this.#decimals);
    this.#consider(price, this.#estimate(price), time);
    this.#filledPrice = price;
    if (position.isZero()) {
      this.#peakPrice = Infinity;
      this.#lowPrice = -Infinity;
    } else {
      this.#lowPrice = price;
      this.#lowTime = time;
      this.#findPeakPrice();
    }
  }

  /**
   * From now on, trades of another symbol are marked. `books` are the same books at its last price; `time` is that of
   * the last trade, µs.
   */
  turnTo(books: MarkedBooks, time: number): void {
    this.#settle(time);
    this.#take(books);
  }

  /** The largest fall so far as a fraction of its peak: 8 decimals, half to even. */
  worst(): string {
    this.#considerLow();
    if (this.#worst === null) return "0";
    const { peak, amount } = periodOf(this.#worst);
    return fractionText(amount.div(peak));
  }

  /**
   * The fall that is the largest fraction of its peak so far; null when equity never fell. It may have
   * recovered since.
   */
  worstFall(): DrawdownPeriod | null {
    this.#considerLow();
    if (this.#worst === null) return null;
    const fall = periodOf(this.#worst);
    return fall.amount.isZero() ? null : fall;
  }

  /** The longest time below a peak up to `now`, µs; null when equity never fell. */
  longestUnderWater(now: number): number | null {
    this.#considerLow();
    return this.#periods.longest(now);
  }

  /** The deepest drawdown periods so far, deepest first. */
  deepestPeriods(): DrawdownPeriod[] {
    this.#considerLow();
    return this.#periods.deepest();
  }

  #marked(price: number): MarkedBooks {
    return { cash: this.#cash, position: this.#position, price, decimals: this.#decimals };
  }

  snapshot(): DrawdownSnapshot {
    this.#considerLow();
    return {
      peak: booksText(this.#peakMoved ? this.#marked(this.#peakPrice) : this.#peakBooks),
      worst: this.#worst === null ? null : fallText(this.#worst),
      worstEstimate: this.#worstEstimate,
      periods: this.#periods.snapshot(),
    };
  }

  /**
   * Restores a snapshot; `books` are those of the time it was taken, with the price that they were last
   * marked at.
   */
  restore(snapshot: DrawdownSnapshot, books: MarkedBooks): void {
    const { peak, worst, worstEstimate, periods } = snapshot;
    this.#peakBooks = booksOf(peak);
    this.#peak = null;
    this.#peakMoved = false;
    this.#peakEstimate = estimate(worth(this.#peakBooks));
    this.#worst = worst === null ? null : fallOf(worst);
    this.#worstEstimate = worstEstimate;
    this.#periods.restore(periods);
    this.#take(books);
  }

  /** Records all that the current books have led to, up to a trade at `time`, before others replace them. */
  #settle(time: number): void {
    this.#considerLow();
    // Without a position equity has not moved: it stayed at the peak until now.
    if (this.#position.isZero() && !this.#periods.isBelow) this.#periods.atPeak(time);
    if (!this.#peakMoved) return;
    this.#peakEstimate = this.#cashEstimate + this.#positionEstimate * this.#peakPrice;
    this.#peak = null;
    this.#peakBooks = this.#marked(this.#peakPrice);
    this.#peakMoved = false;
  }

  /** Takes books whose equity has been considered already. */
  #take({ cash, position, decimals }: MarkedBooks): void {
    this.#cash = cash;
    this.#position = position;
    this.#decimals = decimals;
    this.#cashEstimate = estimate(cash);
    this.#positionEstimate = estimate(position) / powerOfTen(decimals);
    if (position.isZero()) {
      this.#peakPrice = Infinity;
      this.#lowPrice = -Infinity;
      this.#filledPrice = NaN;
    } else {
      // The lowest price so far has been recorded: the next price is the lowest, whatever it is.
      this.#lowPrice = this.#filledPrice = Infinity;
      this.#findPeakPrice();
    }
  }

  #equity(price: number): Money {
    return worth(this.#marked(price));
  }

  #currentPeak(): Money {
    return this.#peakMoved ? this.#equity(this.#peakPrice) : this.#peak ??= worth(this.#peakBooks);
  }

  /** Whether equity at `price`, at or above #peakPrice, is at the peak or above it. */
  #reachesPeak(price: number): boolean {
    return this.#peakMoved || this.#equity(price).gte(this.#currentPeak());
  }

  /** The fall from the peak at `price` as a fraction, in doubles. */
  #estimate(price: number): number {
    const peak = this.#peakMoved
      ? this.#cashEstimate + this.#positionEstimate * this.#peakPrice
      : this.#peakEstimate;
    return (peak - this.#cashEstimate - this.#positionEstimate * price) / peak;
  }

  /** Considers the fall to the lowest price since the peak, or since the books last changed. */
  #considerLow(): void {
    if (this.#position.isZero() || this.#lowPrice === this.#filledPrice) return;
    this.#consider(this.#lowPrice, this.#estimate(this.#lowPrice), this.#lowTime);
  }

  /** Keeps the fall at `price` if it is the worst of all or of its period; `estimate` is that fall as a fraction. */
  #consider(price: number, estimate: number, time: number): void {
    const deepens = this.#periods.deepens(estimate);
    const mayBeWorst = estimate >= this.#worstEstimate - SUSPECT;
    if (!deepens && !mayBeWorst) return;
    const fall: Fall = {
      peak: this.#peakMoved ? this.#marked(this.#peakPrice) : this.#peakBooks,
      trough: this.#marked(price),
      from: this.#periods.peakTime,
      to: time,
    };
    if (deepens) this.#periods.take(estimate, fall);
    if (!mayBeWorst) return;
    const isWorst = estimate > this.#worstEstimate + SUSPECT || this.#worst === null ||
      isDeeper(fall, this.#worst);
    if (!isWorst) return;
    this.#worst = fall;
    this.#worstEstimate = estimate;
  }

  #findPeakPrice(): void {
    const room = this.#peakEstimate * (1 - SUSPECT) - this.#cashEstimate;
    this.#peakPrice = Math.floor(room / this.#positionEstimate);
  }

  #rescale(decimals: number): void {
    const factor = powerOfTen(decimals - this.#decimals);
    this.#decimals = decimals;
    this.#positionEstimate /= factor;
    this.#lowPrice *= factor;
    this.#filledPrice *= factor;
    if (this.#peakMoved) this.#peakPrice *= factor;
    else if (!this.#position.isZero()) this.#findPeakPrice();
  }
}
