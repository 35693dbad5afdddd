/**
 * Sales that no signal asks for: the stop-loss, the trailing stop, the take-profit, and the end of a position at a
 * halt.
 *
 * A stop-loss of s is reached at price ≤ entry × (1 − s), a take-profit of t at price ≥ entry × (1 + t).
 * Entry is the average price that the position was bought at, fees aside: Σ price × quantity ÷ Σ quantity.
 * Selling a part leaves it as it is. A trailing stop of r is reached at price ≤ highest × (1 − r), where highest is the
 * highest price of any trade since the one that opened the position. All limits become integer prices whenever the
 * position or the highest price changes, computed in doubles and slightly too near, so a trade costs two comparisons,
 * and a third with a trailing stop. If a price reaches one of them, exact decimals decide.
 */
import { costShare, estimate, Money, plain, type Side, ZERO } from "../numbers/money.ts";
import type { Block } from "../market/block.ts";
import { powerOfTen, priceAsMoney, priceText } from "../numbers/price.ts";

/** Why a position is sold without a signal. */
export type ExitCause = "stop-loss" | "trailing-stop" | "take-profit" | "flatten";

/** Fractions, null for none. */
export interface ExitParameters {
  /** Of the entry price. */
  readonly stopLoss: Money | null;
  readonly takeProfit: Money | null;
  /** Of the highest price since the position was opened. */
  readonly trailingStop: Money | null;
}

/** The state of the exits, as plain values: amounts as decimal text. */
export interface ExitSnapshot {
  /** What the position cost, fees aside, quote currency. */
  readonly paid: string;
  readonly position: string;
  readonly isFlattening: boolean;
  readonly isAsked: boolean;
  /** The highest price since the position was opened; absent without a trailing stop or a position. */
  readonly highest?: string;
}

const ONE: Money = new Money(1);
/** A thousand times the error of the doubles below, as a fraction of the price. */
const SUSPECT = 1e-12;

/** The exits of one position. */
export class ProtectiveExits {
  readonly #stop: Money | null;
  readonly #target: Money | null;
  /** The fraction of the highest price at which the trailing stop is reached. */
  readonly #trail: Money | null;
  readonly #stopEstimate: number;
  readonly #targetEstimate: number;
  readonly #trailEstimate: number;
  /** What the position cost, fees aside. */
  #paid: Money = ZERO;
  #position: Money = ZERO;
  #decimals = 0;
  #isFlattening = false;
  /** A sale still waits, or was refused: meanwhile no other is placed. */
  #isAsked = false;
  /** The last trade's integer price, and the highest since the position was opened; infinite without one to follow. */
  #price = 0;
  #highest = Infinity;
  /** At or below #low, and at or above #high, both integer prices, the position may have to be sold. */
  #low = -Infinity;
  #high = Infinity;

  constructor({ stopLoss, takeProfit, trailingStop }: ExitParameters) {
    this.#stop = stopLoss === null ? null : ONE.minus(stopLoss);
    this.#target = takeProfit === null ? null : ONE.plus(takeProfit);
    this.#trail = trailingStop === null ? null : ONE.minus(trailingStop);
    this.#stopEstimate = this.#stop === null ? -Infinity : estimate(this.#stop);
    this.#targetEstimate = this.#target === null ? Infinity : estimate(this.#target);
    this.#trailEstimate = this.#trail === null ? -Infinity : estimate(this.#trail) * (1 + SUSPECT);
  }

  /** Notes the integer price of a trade, which may be the highest since the position was opened. */
  mark(price: number, decimals: number): void {
    if (this.#trail === null) return;
    if (decimals !== this.#decimals) this.#rescale(decimals);
    this.#price = price;
    if (price > this.#highest) this.#climb(price);
  }

  /** Notes the trades of a block from row `from` up to, but not including, row `to`. */
  markRows({ price, decimals, extremes }: Block, from: number, to: number): void {
    if (this.#highest === Infinity) return;
    if (decimals !== this.#decimals) this.#rescale(decimals);
    if (extremes !== undefined && extremes.highest <= this.#highest) return;
    let highest = this.#highest;
    for (let row = from; row < to; row++) if (price[row]! > highest) highest = price[row]!;
    if (highest > this.#highest) this.#climb(highest);
  }

  /** Whether a trade at this integer price may ask for a sale; `causeAt` decides. */
  isReached(price: number, decimals: number): boolean {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    return price <= this.#low || price >= this.#high;
  }

  /** The first row from `from` on, and before `to`, whose trade may ask for a sale; `to` if there is none. */
  firstReached({ price, decimals, extremes }: Block, from: number, to: number): number {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    const [low, high] = [this.#low, this.#high];
    if (low === -Infinity && high === Infinity) return to;
    const isWithin = extremes !== undefined && extremes.lowest > low && extremes.highest < high &&
      (this.#highest === Infinity || extremes.highest <= this.#highest);
    if (isWithin) return to;
    let row = from;
    if (this.#highest !== Infinity) return this.#firstUnder(price, from, to);
    while (row < to && price[row]! > low && price[row]! < high) row++;
    return row;
  }

  /** The same with a trailing stop, whose limit rises with the prices on the way. `markRows` notes those. */
  #firstUnder(price: Float64Array, from: number, to: number): number {
    const [high, share] = [this.#high, this.#trailEstimate];
    let [low, highest] = [this.#low, this.#highest];
    let row = from;
    for (; row < to; row++) {
      const now = price[row]!;
      if (now <= low || now >= high) break;
      if (now > highest) {
        highest = now;
        low = Math.max(low, Math.floor(now * share));
      }
    }
    return row;
  }

  /** Why a trade at this integer price asks for a sale; null if it does not. */
  causeAt(price: number, decimals: number): ExitCause | null {
    if (!this.isReached(price, decimals)) return null;
    if (this.#isFlattening) return "flatten";
    const worth = priceAsMoney(price, decimals).times(this.#position);
    if (price <= this.#low) {
      if (this.#stop !== null && worth.lte(this.#paid.times(this.#stop))) return "stop-loss";
      if (this.#isTrailed(price, decimals)) return "trailing-stop";
      // No higher price reaches it either.
      this.#low = price - 1;
    }
    if (price < this.#high) return null;
    if (this.#target !== null && worth.gte(this.#paid.times(this.#target))) return "take-profit";
    this.#high = price + 1;
    return null;
  }

  /** Notes that the sale has been ordered. */
  ask(): void {
    this.#isAsked = true;
    this.#findPrices();
  }

  /** Notes that the sale has expired: the next trade may ask again. */
  askAgain(): void {
    this.#isAsked = false;
    this.#findPrices();
  }

  /** Whether the whole position is to be sold, at any price. */
  set flattening(isFlattening: boolean) {
    this.#isFlattening = isFlattening;
    this.#isAsked = false;
    this.#findPrices();
  }

  /** Notes a fill at the trade marked last, which leaves `position`; `isLast` unless its order continues. */
  booked(side: Side, price: Money, quantity: Money, position: Money, isLast: boolean): void {
    if (!this.#isGiven) this.#paid = ZERO;
    else if (side === "buy") this.#paid = this.#paid.plus(price.times(quantity));
    else if (position.isZero()) this.#paid = ZERO;
    else this.#paid = this.#paid.minus(costShare(this.#paid, quantity, position.plus(quantity)));
    this.#position = position;
    if (this.#trail !== null) {
      if (position.isZero()) this.#highest = Infinity;
      else if (this.#highest === Infinity) this.#highest = this.#price;
    }
    if (isLast || side === "buy") this.#isAsked = false;
    this.#findPrices();
  }

  snapshot(): ExitSnapshot {
    return {
      paid: plain(this.#paid),
      position: plain(this.#position),
      isFlattening: this.#isFlattening,
      isAsked: this.#isAsked,
      ...(this.#highest === Infinity ? {} : { highest: priceText(this.#highest, this.#decimals) }),
    };
  }

  /**
   * Continues from a snapshot, at the last trade's price. A position that was bought without a stop-loss or a
   * take-profit has no cost there: it then has `cost` (quote currency, fees aside). A trailing stop that was set since
   * follows the prices from the last trade on.
   */
  restore(
    { paid, position, isFlattening, isAsked, highest }: ExitSnapshot,
    { price, decimals }: { readonly price: number; readonly decimals: number },
    cost: Money,
  ): void {
    this.#paid = new Money(paid);
    if (this.#isGiven && this.#paid.isZero()) this.#paid = cost;
    this.#position = new Money(position);
    this.#isFlattening = isFlattening;
    this.#isAsked = isAsked;
    this.#decimals = decimals;
    this.#price = price;
    const isFollowed = this.#trail !== null && !this.#position.isZero();
    const kept = highest === undefined ? price : new Money(highest).times(powerOfTen(decimals)).toNumber();
    this.#highest = isFollowed ? Math.max(kept, price) : Infinity;
    this.#findPrices();
  }

  get #isGiven(): boolean {
    return this.#stop !== null || this.#target !== null;
  }

  #findPrices(): void {
    this.#low = -Infinity;
    this.#high = Infinity;
    if (this.#isAsked || this.#position.isZero()) return;
    if (this.#isFlattening) {
      this.#low = Infinity;
      return;
    }
    if (this.#isGiven) {
      const entry = estimate(this.#paid) / estimate(this.#position) * powerOfTen(this.#decimals);
      this.#low = Math.floor(entry * this.#stopEstimate * (1 + SUSPECT));
      this.#high = Math.ceil(entry * this.#targetEstimate * (1 - SUSPECT));
    }
    if (this.#highest !== Infinity) this.#climb(this.#highest);
  }

  #climb(price: number): void {
    this.#highest = price;
    if (this.#isAsked || this.#isFlattening) return;
    this.#low = Math.max(this.#low, Math.floor(price * this.#trailEstimate));
  }

  #isTrailed(price: number, decimals: number): boolean {
    if (this.#trail === null || this.#highest === Infinity) return false;
    return priceAsMoney(price, decimals).lte(priceAsMoney(this.#highest, decimals).times(this.#trail));
  }

  #rescale(decimals: number): void {
    if (this.#trail !== null) {
      const factor = powerOfTen(decimals - this.#decimals);
      this.#price *= factor;
      this.#highest *= factor;
    }
    this.#decimals = decimals;
    this.#findPrices();
  }
}
