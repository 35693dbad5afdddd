/** The unit of one symbol's prices: the finest that any of them has needed so far. */
import { MAX_DECIMALS, powerOfTen, priceText } from "../domain/numbers/price.ts";

/** A price as it was read: an integer count of 10^-decimals quote currency, trailing zeros dropped. */
interface ReadPrice {
  readonly price: number;
  readonly decimals: number;
}

/** Keeps every price exact: in doubles, integers are so up to 2^53 − 1. */
export class PriceUnit {
  #decimals = 0;
  /** The largest price so far in that unit. */
  #largest = 0;

  /** The unit is 10^-decimals quote currency. */
  get decimals(): number {
    return this.#decimals;
  }

  /** A price in the unit, which becomes finer if the price needs it. */
  take({ price, decimals }: ReadPrice): number {
    let counted = price;
    if (decimals > this.#decimals) {
      this.#largest *= powerOfTen(decimals - this.#decimals);
      this.#decimals = decimals;
    } else if (decimals < this.#decimals) counted *= powerOfTen(this.#decimals - decimals);
    if (counted > this.#largest) this.#largest = counted;
    return counted;
  }

  /** Notes a price that is counted in the unit. */
  note(price: number): void {
    if (price > this.#largest) this.#largest = price;
  }

  /** Why a price is not exact in one unit with the previous ones; null if it is. */
  inexact({ price, decimals }: ReadPrice, symbol: string): string | null {
    const [largest, steps] = decimals > this.#decimals
      ? [this.#largest, decimals - this.#decimals]
      : [price, this.#decimals - decimals];
    // Rounding never brings a larger product down to 2^53 - 1.
    if (largest * powerOfTen(steps) <= Number.MAX_SAFE_INTEGER) return null;
    const why = decimals > this.#decimals
      ? `too fine to be exact together with ${priceText(this.#largest, this.#decimals)}, which came before`
      : `too large to be exact with the ${this.#decimals} decimals that prices of ${symbol} have had`;
    return `price is ${priceText(price, decimals)}, ${why}`;
  }

  /** What `restore` needs. */
  snapshot(): { readonly decimals: number; readonly largest?: number } {
    const [decimals, largest] = [this.#decimals, this.#largest];
    // A smaller price will be exact in any later unit.
    const matters = largest > Number.MAX_SAFE_INTEGER / powerOfTen(MAX_DECIMALS - decimals);
    return { decimals, ...(matters ? { largest } : {}) };
  }

  /** Restores a snapshot. */
  restore({ decimals, largest = 0 }: { readonly decimals: number; readonly largest?: number }): void {
    this.#decimals = decimals;
    this.#largest = largest;
  }
}
