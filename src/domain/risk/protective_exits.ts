/**
 * Sales that no signal asks for: the stop-loss, the take-profit, and the end of a position at a halt.
 *
 * A stop-loss of s is reached at price ≤ entry × (1 − s), a take-profit of t at price ≥ entry × (1 + t).
 * Entry is the average price that the position was bought at, fees aside: Σ price × quantity ÷ Σ quantity.
 * Selling a part leaves it as it is. Both limits become integer prices whenever the position changes,
 * computed in doubles and slightly too near, so a trade costs two comparisons. If a price reaches one of
 * them, exact decimals decide.
 */
import { costShare, estimate, Money, plain, type Side, ZERO } from "../numbers/money.ts";
import type { Block } from "../market/block.ts";
import { powerOfTen, priceAsMoney } from "../numbers/price.ts";

/** Why a position is sold without a signal. */
export type ExitCause = "stop-loss" | "take-profit" | "flatten";

/** As fractions of the entry price, null for none. */
export interface ExitParameters {
  readonly stopLoss: Money | null;
  readonly takeProfit: Money | null;
}

/** The state of the exits, as plain values: amounts as decimal text. */
export interface ExitSnapshot {
  /** What the position cost, fees aside, quote currency. */
  readonly paid: string;
  readonly position: string;
  readonly isFlattening: boolean;
  readonly isAsked: boolean;
}

const ONE: Money = new Money(1);
/** A thousand times the error of the doubles below, as a fraction of the price. */
const SUSPECT = 1e-12;

/** The exits of one position. */
export class ProtectiveExits {
  readonly #stop: Money | null;
  readonly #target: Money | null;
  readonly #stopEstimate: number;
  readonly #targetEstimate: number;
  /** What the position cost, fees aside. */
  #paid: Money = ZERO;
  #position: Money = ZERO;
  #decimals = 0;
  #isFlattening = false;
  /** A sale has been asked for and still waits, or was refused: meanwhile it is not asked for again. */
  #isAsked = false;
  /** At or below #low, and at or above #high, both integer prices, the position may have to be sold. */
  #low = -Infinity;
  #high = Infinity;

  constructor({ stopLoss, takeProfit }: ExitParameters) {
    this.#stop = stopLoss === null ? null : ONE.minus(stopLoss);
    this.#target = takeProfit === null ? null : ONE.plus(takeProfit);
    this.#stopEstimate = this.#stop === null ? -Infinity : estimate(this.#stop);
    this.#targetEstimate = this.#target === null ? Infinity : estimate(this.#target);
  }

  /** Whether a trade at this integer price may ask for a sale; `causeAt` decides. */
  isReached(price: number, decimals: number): boolean {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    return price <= this.#low || price >= this.#high;
  }

  /** The first row from `from` on, and before `to`, whose trade may ask for a sale; `to` if there is none. */
  firstReached({ price, decimals }: Block, from: number, to: number): number {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    const [low, high] = [this.#low, this.#high];
    if (low === -Infinity && high === Infinity) return to;
    let row = from;
    while (row < to && price[row]! > low && price[row]! < high) row++;
    return row;
  }

  /** Why a trade at this integer price asks for a sale; null if it does not. */
  causeAt(price: number, decimals: number): ExitCause | null {
    if (!this.isReached(price, decimals)) return null;
    if (this.#isFlattening) return "flatten";
    const worth = priceAsMoney(price, decimals).times(this.#position);
    if (price <= this.#low) {
      if (this.#stop !== null && worth.lte(this.#paid.times(this.#stop))) return "stop-loss";
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

  /** Notes a fill, which leaves `position`; `isLast` unless its order continues. */
  booked(side: Side, price: Money, quantity: Money, position: Money, isLast: boolean): void {
    if (!this.#isGiven) this.#paid = ZERO;
    else if (side === "buy") this.#paid = this.#paid.plus(price.times(quantity));
    else if (position.isZero()) this.#paid = ZERO;
    else this.#paid = this.#paid.minus(costShare(this.#paid, quantity, position.plus(quantity)));
    this.#position = position;
    if (isLast || side === "buy") this.#isAsked = false;
    this.#findPrices();
  }

  snapshot(): ExitSnapshot {
    return {
      paid: plain(this.#paid),
      position: plain(this.#position),
      isFlattening: this.#isFlattening,
      isAsked: this.#isAsked,
    };
  }

  /**
   * Continues from a snapshot, at the unit of the last price. A position that was bought without a stop-loss
   * or a take-profit has no cost there: it then has `cost` (quote currency, fees aside).
   */
  restore({ paid, position, isFlattening, isAsked }: ExitSnapshot, decimals: number, cost: Money): void {
    this.#paid = new Money(paid);
    if (this.#isGiven && this.#paid.isZero()) this.#paid = cost;
    this.#position = new Money(position);
    this.#isFlattening = isFlattening;
    this.#isAsked = isAsked;
    this.#decimals = decimals;
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
    if (!this.#isGiven) return;
    const entry = estimate(this.#paid) / estimate(this.#position) * powerOfTen(this.#decimals);
    this.#low = Math.floor(entry * this.#stopEstimate * (1 + SUSPECT));
    this.#high = Math.ceil(entry * this.#targetEstimate * (1 - SUSPECT));
  }

  #rescale(decimals: number): void {
    this.#decimals = decimals;
    this.#findPrices();
  }
}
