/**
 * Sales that no signal asks for: the stop-loss, the take-profit, and the end of a position at a halt.
 *
 * A stop-loss of s is reached where price ≤ entry × (1 − s), a take-profit of t where price ≥ entry × (1 + t); entry
 * is the average price that the position was bought at, fees aside: Σ price × quantity ÷ Σ quantity, of which a sale
 * of a part takes its share. Both come to integer prices, worked out exactly when the position changes, so that a
 * trade costs two comparisons.
 */
import { costShare, Money, plain, type Side, wholeAbove, wholeBelow, ZERO } from "./money.ts";
import { priceAsMoney } from "./price.ts";

/** Why a position is sold without a signal. */
export type ExitCause = "stop-loss" | "take-profit" | "flatten";

/** As fractions of the entry price, null for none. */
export interface ExitTerms {
  readonly stopLoss: Money | null;
  readonly takeProfit: Money | null;
}

/** Where the exits stand, as plain values: amounts as decimal text. */
export interface ExitSnapshot {
  /** What the position cost, fees aside, quote currency. */
  readonly paid: string;
  readonly position: string;
  readonly isFlattening: boolean;
  readonly isAsked: boolean;
}

const ONE: Money = new Money(1);

/** The exits of one position. */
export class ProtectiveExits {
  readonly #stop: Money | null;
  readonly #target: Money | null;
  /** What the position cost, fees aside. */
  #paid: Money = ZERO;
  #position: Money = ZERO;
  #decimals = 0;
  #isFlattening = false;
  /** A sale has been asked for and still waits, or was refused: it is not asked for again meanwhile. */
  #isAsked = false;
  /** A position is sold at or below this integer price, and at or above that one. */
  #low = -Infinity;
  #high = Infinity;

  constructor({ stopLoss, takeProfit }: ExitTerms) {
    this.#stop = stopLoss === null ? null : ONE.minus(stopLoss);
    this.#target = takeProfit === null ? null : ONE.plus(takeProfit);
  }

  /** Whether a trade at this integer price asks for a sale. */
  isReached(price: number, decimals: number): boolean {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    return price <= this.#low || price >= this.#high;
  }

  /** Why a trade at this integer price asks for a sale; null where it does not. */
  causeAt(price: number, decimals: number): ExitCause | null {
    if (!this.isReached(price, decimals)) return null;
    return this.#isFlattening ? "flatten" : price <= this.#low ? "stop-loss" : "take-profit";
  }

  /** The sale is on its way. */
  ask(): void {
    this.#isAsked = true;
    this.#findPrices();
  }

  /** The sale ended unfilled by time alone: the next trade may ask again. */
  askAgain(): void {
    this.#isAsked = false;
    this.#findPrices();
  }

  /** The whole position is to be sold, at any price, or no longer. */
  set flattening(isFlattening: boolean) {
    this.#isFlattening = isFlattening;
    this.#isAsked = false;
    this.#findPrices();
  }

  /** Takes note of a fill, which leaves `position`; `isLast` unless its order goes on. */
  booked(side: Side, price: Money, quantity: Money, position: Money, isLast: boolean): void {
    if (this.#stop !== null || this.#target !== null) {
      this.#paid = side === "buy" ? this.#paid.plus(price.times(quantity)) : position.isZero()
        ? ZERO
        // Of a sale that empties the account the whole is taken, as of its cost.
        : this.#paid.minus(costShare(this.#paid, quantity, position.plus(quantity)));
    }
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

  /** Takes a snapshot up, at the unit of the last price. */
  restore({ paid, position, isFlattening, isAsked }: ExitSnapshot, decimals: number): void {
    this.#paid = new Money(paid);
    this.#position = new Money(position);
    this.#isFlattening = isFlattening;
    this.#isAsked = isAsked;
    this.#decimals = decimals;
    this.#findPrices();
  }

  #findPrices(): void {
    this.#low = -Infinity;
    this.#high = Infinity;
    if (this.#isAsked || this.#position.isZero()) return;
    if (this.#isFlattening) {
      this.#low = Infinity;
      return;
    }
    if (this.#stop === null && this.#target === null) return;
    const unit = this.#position.times(priceAsMoney(1, this.#decimals));
    if (this.#stop !== null) this.#low = wholeBelow(this.#paid.times(this.#stop), unit);
    if (this.#target !== null) this.#high = wholeAbove(this.#paid.times(this.#target), unit);
  }

  #rescale(decimals: number): void {
    this.#decimals = decimals;
    this.#findPrices();
  }
}
