/**
 * The limits on losses: how far equity may fall from its peak, and from its value when the day started.
 *
 * Equity is cash + position × price, marked at every trade before that trade's orders. Between two fills it moves
 * with the price alone, so both limits together are one integer price: at or below it, one of them is reached. A
 * trade costs three comparisons of integers. When the position, the peak or the day changes, that price is computed
 * in doubles, a little too high; anything at or below it is decided in exact decimals.
 *
 * Drawdown: (peak − equity) ÷ peak, as Magdon-Ismail and Atiya, "Maximum Drawdown", Risk 17 (10), 2004. A day's
 * loss is measured the same way against the equity at 00:00 UTC, which is the equity after the trade before it.
 */
import {
  booksOf,
  type BooksSnapshot,
  booksText,
  type MarkedBooks,
  worth,
} from "../performance/drawdown_periods.ts";
import { estimate, Money, plain, ZERO } from "../numbers/money.ts";
import { powerOfTen } from "../numbers/price.ts";
import { type Block, clockAtRow } from "../market/block.ts";
import { DAY, HOUR, nextDay } from "../numbers/time.ts";

/** A limit that is reached: fractions of the peak, or of the equity when the day started. */
export interface Loss {
  readonly reason: "max-drawdown" | "max-daily-loss";
  readonly limit: Money;
  readonly value: Money;
}

/** The limits as fractions, null for none. */
export interface LossParameters {
  readonly maxDrawdown: Money | null;
  readonly maxDailyLoss: Money | null;
}

/** The state of the limits, as plain values; the account keeps the books. */
export interface LossSnapshot {
  readonly peak: BooksSnapshot;
  /** Equity when the day started, and when it ends, µs since 1970; null before the first trade. */
  readonly day: { readonly start: string; readonly end: number } | null;
  /** Which limits have been reached and are off: until the next day, or until a release. */
  readonly spent: "nothing" | "day" | "all";
}

/** A drawdown and its limit, fractions of the peak. */
export interface Fallen {
  readonly value: Money;
  readonly limit: Money;
}

/** A thousand times the error of the doubles below, as a fraction of equity. */
const SUSPECT = 1e-12;

/**
 * The limits on the losses of one account. Of several symbols, one moves at a time. Meanwhile, positions in the others
 * count as cash, at their last prices.
 */
export class LossLimits {
  readonly #drawdown: Money | null;
  readonly #daily: Money | null;
  /** The fractions of the peak, and of the day's start, that remain at the limit; zero without a limit. */
  readonly #drawdownRest: number;
  readonly #dailyRest: number;
  #spent: LossSnapshot["spent"] = "nothing";
  #cash: Money;
  #position: Money = ZERO;
  #cashEstimate: number;
  /** Per unit of the integer price. */
  #positionEstimate = 0;
  #decimals = 0;
  /** The last trade's integer price. */
  #price = 0;
  /**
   * The peak, unless it is that of the current books at #peakPrice; its worth is computed only for a
   * decision.
   */
  #peakBooks: MarkedBooks;
  #peak: Money | null = null;
  #peakEstimate: number;
  #isPeakOwn = false;
  /**
   * Up to this integer price equity is not above the peak; infinite if it cannot rise, or if no limit watches
   * it.
   */
  #peakPrice = Infinity;
  #dayStart: Money;
  #dayStartEstimate: number;
  #dayEnd: number;
  /** A time before this one is of an earlier day: then the current day started by mistake. */
  #dayFloor = -Infinity;
  #dayStarted = false;
  /** At or below this integer price a limit may be reached. */
  #floorPrice = -Infinity;

  /** Starts with `cash` (quote currency) and no position. */
  constructor(cash: Money, { maxDrawdown, maxDailyLoss }: LossParameters) {
    this.#drawdown = maxDrawdown;
    this.#daily = maxDailyLoss;
    this.#drawdownRest = maxDrawdown === null ? 0 : 1 - estimate(maxDrawdown);
    this.#dailyRest = maxDailyLoss === null ? 0 : 1 - estimate(maxDailyLoss);
    this.#cash = this.#dayStart = cash;
    this.#cashEstimate = this.#peakEstimate = this.#dayStartEstimate = estimate(cash);
    this.#peakBooks = { cash, position: ZERO, price: 0, decimals: 0 };
    this.#dayEnd = maxDailyLoss === null ? Infinity : -Infinity;
  }

  /**
   * Marks equity at a trade's integer price and time (µs since 1970). True if `lossAt` or `takeNewDay` has
   * something to report.
   */
  mark(price: number, decimals: number, time: number): boolean {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    if (time >= this.#dayEnd) this.#startDay(time);
    else if (time < this.#dayFloor) this.#endDayAt(nextDay(time));
    this.#price = price;
    if (price > this.#peakPrice) this.#climb(price);
    if (price <= this.#floorPrice && this.#isReached(price)) return true;
    return this.#dayStarted;
  }

  /**
   * Marks equity at the trades of a block from row `from` up to, but not including, row `to`, as long as
   * `mark` would be false for each. Returns the first row that is not marked.
   */
  markQuiet(block: Block, from: number, to: number): number {
    if (from === to) return to;
    const { price, decimals, extremes } = block;
    if (decimals !== this.#decimals) this.#rescale(decimals);
    const isDaily = this.#daily !== null;
    if (this.#dayStarted) return from;
    let row = from;
    if (!isDaily && this.#floorPrice === -Infinity && this.#peakPrice === Infinity) row = to;
    const isWithin = extremes !== undefined && extremes.lowest > this.#floorPrice &&
      extremes.highest <= this.#peakPrice;
    if (!isDaily && isWithin) row = to;
    for (; row < to; row++) {
      const now = price[row]!;
      if (now <= this.#floorPrice) break;
      if (isDaily) {
        const time = clockAtRow(block, row);
        if (time >= this.#dayEnd || time < this.#dayFloor) break;
      }
      if (now > this.#peakPrice) {
        this.#climb(now);
        // If almost nothing may be lost, the peak itself is near the limit.
        if (now <= this.#floorPrice) break;
      }
    }
    if (row > from) this.#price = price[row - 1]!;
    return row;
  }

  /** The limit that is reached at this integer price, exactly, or null; the drawdown's before the day's. */
  lossAt(price: number): Loss | null {
    if (this.#spent === "all") return null;
    const equity = worth(this.#marked(price));
    if (this.#drawdown !== null) {
      const loss = lossOf("max-drawdown", this.#currentPeak(), equity, this.#drawdown);
      if (loss !== null) return loss;
    }
    if (this.#daily === null || this.#spent === "day") return null;
    return lossOf("max-daily-loss", this.#dayStart, equity, this.#daily);
  }

  /**
   * How far equity has now fallen from its peak, and how far it may fall, as fractions of the peak; null without a
   * limit.
   */
  fall(): Fallen | null {
    if (this.#drawdown === null) return null;
    const peak = this.#currentPeak();
    const fall = peak.minus(worth(this.#marked(this.#price))).div(peak);
    return { value: fall.isNegative() ? ZERO : fall, limit: this.#drawdown };
  }

  /** Whether a new UTC day has started since the last call. The very first trade does not start a day. */
  takeNewDay(): boolean {
    const dayStarted = this.#dayStarted;
    this.#dayStarted = false;
    return dayStarted;
  }

  /** Stops watching the day's loss until the next day, or everything until the release. */
  spend(what: "day" | "all"): void {
    if (this.#spent === "all") return;
    this.#spent = what;
    this.#findPrices();
  }

  /**
   * Notes the books after a fill. The cost of the fill itself counts from the next trade on. Positions in other symbols
   * count as `cash`.
   */
  rebook(cash: Money, position: Money): void {
    if (this.#drawdown === null && this.#daily === null) return;
    this.#keepPeak();
    this.#cash = cash;
    this.#position = position;
    this.#cashEstimate = estimate(cash);
    this.#positionEstimate = estimate(position) / powerOfTen(this.#decimals);
    this.#findPrices();
  }

  /** Prepares for trades of another symbol. `books` are the same books at that symbol's last price. */
  turnTo(books: MarkedBooks): void {
    if (this.#drawdown === null && this.#daily === null) return;
    this.#keepPeak();
    this.#take(books);
    this.#findPrices();
  }

  snapshot(): LossSnapshot {
    const isStarted = Number.isFinite(this.#dayEnd);
    return {
      peak: booksText(this.#isPeakOwn ? this.#marked(this.#peakPrice) : this.#peakBooks),
      day: isStarted ? { start: plain(this.#dayStart), end: this.#dayEnd } : null,
      spent: this.#spent,
    };
  }

  /** Restores a snapshot; `books` are those of the time it was taken, with the last trade's price. */
  restore({ peak, day, spent }: LossSnapshot, books: MarkedBooks): void {
    this.#take(books);
    this.#peakBooks = booksOf(peak);
    this.#peak = null;
    this.#peakEstimate = estimate(worth(this.#peakBooks));
    // A peak of these books follows their price unit from here on, as it did before.
    this.#isPeakOwn = isOfBooks(this.#peakBooks, books);
    if (this.#isPeakOwn) {
      this.#peakPrice = this.#peakBooks.price * powerOfTen(books.decimals - this.#peakBooks.decimals);
    }
    // A new limit counts from where the run resumes; one that was removed keeps no day.
    const kept = this.#daily === null ? null : day;
    this.#dayStart = kept === null ? worth(books) : new Money(kept.start);
    this.#dayStartEstimate = estimate(this.#dayStart);
    this.#endDayAt(this.#daily === null ? Infinity : kept?.end ?? -Infinity);
    this.#dayStarted = false;
    this.#spent = spent;
    this.#findPrices();
  }

  #take({ cash, position, price, decimals }: MarkedBooks): void {
    this.#cash = cash;
    this.#position = position;
    this.#price = price;
    this.#decimals = decimals;
    this.#cashEstimate = estimate(cash);
    this.#positionEstimate = estimate(position) / powerOfTen(decimals);
  }

  #marked(price: number): MarkedBooks {
    return { cash: this.#cash, position: this.#position, price, decimals: this.#decimals };
  }

  #currentPeak(): Money {
    return this.#isPeakOwn ? worth(this.#marked(this.#peakPrice)) : this.#peak ??= worth(this.#peakBooks);
  }

  #keepPeak(): void {
    if (!this.#isPeakOwn) return;
    this.#peakBooks = this.#marked(this.#peakPrice);
    this.#peak = null;
    this.#isPeakOwn = false;
  }

  /** Moves the peak to the equity at `price`, which is above #peakPrice, if that is higher. */
  #climb(price: number): void {
    const isAbove = this.#isPeakOwn || worth(this.#marked(price)).gt(this.#currentPeak());
    this.#peakPrice = price;
    if (!isAbove) return;
    this.#isPeakOwn = true;
    this.#peakEstimate = this.#cashEstimate + this.#positionEstimate * price;
    this.#findFloor();
  }

  #isReached(price: number): boolean {
    if (this.lossAt(price) !== null) return true;
    // No limit is reached at a higher price either; without a position no price matters.
    this.#floorPrice = this.#position.isZero() ? -Infinity : price - 1;
    return false;
  }

  #startDay(time: number): void {
    this.#dayStarted = this.#dayEnd !== -Infinity;
    this.#dayStart = worth(this.#marked(this.#price));
    this.#dayStartEstimate = estimate(this.#dayStart);
    this.#endDayAt(nextDay(time));
    if (this.#spent === "day") this.#spent = "nothing";
    this.#findPrices();
  }

  /**
   * Sets the end of the current day. A time that went back starts no day, so that no halt is released twice.
   */
  #endDayAt(end: number): void {
    this.#dayEnd = end;
    this.#dayFloor = Number.isFinite(end) ? end - DAY - HOUR : -Infinity;
  }

  #findPrices(): void {
    if (!this.#isPeakOwn) {
      const isFollowed = this.#drawdown !== null && this.#spent !== "all" && this.#positionEstimate > 0;
      this.#peakPrice = isFollowed
        ? Math.floor((this.#peakEstimate * (1 - SUSPECT) - this.#cashEstimate) / this.#positionEstimate)
        : Infinity;
    }
    this.#findFloor();
  }

  #findFloor(): void {
    this.#floorPrice = -Infinity;
    if (this.#spent === "all") return;
    const isDayWatched = this.#daily !== null && this.#spent === "nothing";
    const floor = Math.max(
      this.#drawdown === null ? -Infinity : this.#peakEstimate * this.#drawdownRest,
      isDayWatched ? this.#dayStartEstimate * this.#dailyRest : -Infinity,
    );
    const suspect = SUSPECT * (this.#peakEstimate + this.#dayStartEstimate + this.#cashEstimate);
    const room = floor + suspect - this.#cashEstimate;
    if (this.#positionEstimate > 0) this.#floorPrice = Math.floor(room / this.#positionEstimate);
    else if (room >= 0) this.#floorPrice = Infinity;
  }

  #rescale(decimals: number): void {
    const factor = powerOfTen(decimals - this.#decimals);
    this.#decimals = decimals;
    this.#price *= factor;
    this.#positionEstimate /= factor;
    if (this.#isPeakOwn) this.#peakPrice *= factor;
    this.#findPrices();
  }
}

/** The limits after a release: the peak and the day start again from the current equity. */
export function limitsAfterRelease({ day }: LossSnapshot, books: MarkedBooks): LossSnapshot {
  return {
    peak: booksText(books),
    day: day === null ? null : { start: plain(worth(books)), end: day.end },
    spent: "nothing",
  };
}

/** Whether `peak` is `books` at another price, in the same unit or a coarser one. */
function isOfBooks(peak: MarkedBooks, { cash, position, decimals }: MarkedBooks): boolean {
  return !position.isZero() && peak.cash.eq(cash) && peak.position.eq(position) && peak.decimals <= decimals;
}

function lossOf(reason: Loss["reason"], from: Money, equity: Money, limit: Money): Loss | null {
  const fall = from.minus(equity);
  return fall.gte(limit.times(from)) ? { reason, limit, value: fall.div(from) } : null;
}
