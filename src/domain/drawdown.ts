/**
 * Equity marked to the market, and how far it has fallen from its peak.
 *
 * Equity is cash + position × price, marked at every trade before that trade's orders and again after every
 * fill. Between two fills it moves with the price alone, so a trade costs one or two integer comparisons;
 * decimal arithmetic happens at a fill, and where a fall may be the worst so far or reach the limit.
 */
import { type DrawdownPeriod, DrawdownPeriods } from "./drawdown_periods.ts";
import { estimate, fractionText, type Money, ZERO } from "./money.ts";
import { powerOfTen, priceAsMoney } from "./price.ts";

/** Books and a price to mark them at. */
interface Books {
  readonly cash: Money;
  readonly position: Money;
  /** Integer price at `decimals`. */
  readonly price: number;
  readonly decimals: number;
}

/** A fall of equity from `peak` (quote currency) to what these books are worth at their price. */
interface Fall extends Books {
  readonly peak: Money;
  /** Times of the peak and of the trough, µs since 1970. */
  readonly from: number;
  readonly to: number;
}

/** What a breach of the limit is reported with: fractions of the peak. */
export interface Breach {
  readonly limit: Money;
  readonly value: Money;
}

/**
 * A thousand times the error of the doubles below, as a fraction of the peak: anything closer is decided in
 * decimals.
 */
const DOUBT = 1e-12;

/** The drawdown of one account in one symbol. */
export class Drawdown {
  readonly #periods = new DrawdownPeriods();
  readonly #limit: Money | null;
  readonly #limitEstimate: number;
  /** The worst fall so far; null before the first. */
  #worst: Fall | null = null;
  #worstEstimate = 0;
  /** The peak where it is not the present books' own; worked out only when a fall is decided in decimals. */
  #peak: Money | null;
  #peakBooks: Books | null = null;
  #peakEstimate: number;
  #cash: Money;
  #position: Money = ZERO;
  #cashEstimate: number;
  #positionEstimate = 0;
  #decimals = 0;
  /**
   * Up to this integer price equity is not above the peak. Once the peak has moved it is the peak's own price,
   * before that an estimate from below; without a position it is out of reach.
   */
  #peakPrice = Infinity;
  /** Whether #peakPrice has moved since #peak was worked out. */
  #peakMoved = false;
  /** The lowest price since the peak, or since the books last changed, and when it was. */
  #lowPrice = -Infinity;
  #lowTime = NaN;
  /** The price of the last fill, whose own fall has been considered; NaN once the peak has moved. */
  #filledPrice = NaN;
  /** The last fill's own cost reached the limit, so that prices above the lowest may breach it too. */
  #doubtful = false;

  /** Starts with `cash` (quote currency) and no position. `limit` is a fraction of the peak, or null for none. */
  constructor(cash: Money, limit: Money | null) {
    this.#peak = this.#cash = cash;
    this.#peakEstimate = this.#cashEstimate = estimate(cash);
    this.#limit = limit;
    this.#limitEstimate = limit === null ? Infinity : estimate(limit) - DOUBT;
  }

  /** Marks equity at a trade's integer price and time (µs); whether the fall from the peak now reaches the limit. */
  mark(price: number, decimals: number, time: number): boolean {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    if (price >= this.#peakPrice && this.#reachesPeak(price)) {
      this.#putAway();
      this.#periods.atPeak(time);
      this.#peakPrice = this.#lowPrice = price;
      this.#lowTime = time;
      this.#peakMoved = true;
      this.#doubtful = false;
      this.#filledPrice = NaN;
      return false;
    }
    if (price < this.#lowPrice) {
      this.#lowPrice = price;
      this.#lowTime = time;
      return this.#estimate(price) > this.#limitEstimate && this.breachAt(price) !== null;
    }
    return this.#doubtful && this.breachAt(price) !== null;
  }

  /** Takes over the books after a fill at a trade of integer price `price` and time `time` (µs). */
  rebook(cash: Money, position: Money, price: number, time: number): void {
    this.#putAway();
    // Without a position equity stands still: at the peak, until this fill.
    if (this.#position.isZero() && !this.#periods.isBelow) this.#periods.atPeak(time);
    if (this.#peakMoved) {
      this.#peakEstimate = this.#cashEstimate + this.#positionEstimate * this.#peakPrice;
      this.#peak = null;
      this.#peakBooks = {
        cash: this.#cash,
        position: this.#position,
        price: this.#peakPrice,
        decimals: this.#decimals,
      };
      this.#peakMoved = false;
    }
    this.#cash = cash;
    this.#position = position;
    this.#cashEstimate = estimate(cash);
    this.#positionEstimate = position.isZero() ? 0 : estimate(position) / powerOfTen(this.#decimals);
    const fallen = this.#estimate(price);
    this.#doubtful = fallen > this.#limitEstimate && this.breachAt(price) !== null;
    this.#consider(price, fallen, time);
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

  /** The breach at this integer price, or null: limit ≤ (peak − equity) ÷ peak, in exact decimals. */
  breachAt(price: number): Breach | null {
    if (this.#limit === null) return null;
    const peak = this.#currentPeak();
    const fall = peak.minus(this.#equity(price));
    return fall.gte(this.#limit.times(peak)) ? { limit: this.#limit, value: fall.div(peak) } : null;
  }

  /** The largest fall so far as a fraction of its peak: 8 decimals, half to even. */
  worst(): string {
    this.#putAway();
    return this.#worst === null ? "0" : fractionText(amount(this.#worst).div(this.#worst.peak));
  }

  /** The largest fall so far, as a fraction of its peak; null when equity never fell. */
  worstFall(): DrawdownPeriod | null {
    this.#putAway();
    if (this.#worst === null) return null;
    const { peak, from, to } = this.#worst;
    const fallen = amount(this.#worst);
    return fallen.isZero() ? null : { peak, amount: fallen, from, to, recovered: null };
  }

  /** The longest time below a peak up to `now`, µs; null when equity never fell. */
  longestUnderWater(now: number): number | null {
    this.#putAway();
    return this.#periods.longest(now);
  }

  /** The deepest drawdown periods so far, deepest first. */
  deepestPeriods(): DrawdownPeriod[] {
    this.#putAway();
    return this.#periods.deepest();
  }

  #equity(price: number): Money {
    return this.#position.isZero()
      ? this.#cash
      : this.#cash.plus(this.#position.times(priceAsMoney(price, this.#decimals)));
  }

  #currentPeak(): Money {
    if (this.#peakMoved) return this.#equity(this.#peakPrice);
    this.#peak ??= worth(this.#peakBooks!);
    return this.#peak;
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

  /** Keeps the fall to the lowest price of this stretch, if it is the worst. */
  #putAway(): void {
    if (this.#position.isZero() || this.#lowPrice === this.#filledPrice) return;
    this.#consider(this.#lowPrice, this.#estimate(this.#lowPrice), this.#lowTime);
  }

  /** Keeps the fall at `price` if it is the worst; `estimate` is that fall as a fraction. */
  #consider(price: number, estimate: number, time: number): void {
    this.#periods.fall(estimate, time, () => {
      const peak = this.#currentPeak();
      return { peak, amount: peak.minus(this.#equity(price)) };
    });
    if (estimate < this.#worstEstimate - DOUBT) return;
    const fall: Fall = {
      peak: this.#currentPeak(),
      cash: this.#cash,
      position: this.#position,
      price,
      decimals: this.#decimals,
      from: this.#periods.peakTime,
      to: time,
    };
    const isWorst = estimate > this.#worstEstimate + DOUBT || this.#worst === null ||
      amount(fall).times(this.#worst.peak).gt(amount(this.#worst).times(fall.peak));
    if (!isWorst) return;
    this.#worst = fall;
    this.#worstEstimate = estimate;
  }

  #findPeakPrice(): void {
    const room = this.#peakEstimate * (1 - DOUBT) - this.#cashEstimate;
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

/** How much a fall comes to, quote currency. */
function amount({ peak, cash, position, price, decimals }: Fall): Money {
  return peak.minus(cash).minus(position.times(priceAsMoney(price, decimals)));
}

function worth({ cash, position, price, decimals }: Books): Money {
  return cash.plus(position.times(priceAsMoney(price, decimals)));
}
