/** A bar as it is built, trade by trade, without an object for any of them. */
import { MAX_DECIMALS, powerOfTen } from "../numbers/price.ts";
import { MOST_ADDED, WideSum } from "../numbers/wide_sum.ts";
import { type Bar, QUANTITY_PARTS } from "./bar.ts";
import type { Columns } from "./columns.ts";

/** Quantities are split here, so that a double holds the product of a price and each part. */
const SPLIT = 10_000;

/** A bar in plain values, for a store: amounts are decimal text, and the rest is as in `Bar`. */
export interface BarSnapshot
  extends Pick<Bar, "openTime" | "closeTime" | "open" | "high" | "low" | "close" | "decimals" | "trades"> {
  readonly volume: string;
  readonly value: string;
}

/** One bar. It is emptied and built again. */
export class BuiltBar implements Bar {
  openTime = 0;
  closeTime = 0;
  open = 0;
  high = 0;
  low = 0;
  close = 0;
  decimals = 0;
  trades = 0;
  readonly #volume = new WideSum();
  readonly #value = new WideSum();

  get volume(): bigint {
    return this.#volume.total;
  }

  get value(): bigint {
    return this.#value.total;
  }

  /** The value as a double, within a few units of its last place. */
  get valueEstimate(): number {
    return this.#value.estimate;
  }

  /** Empties the bar. */
  clear(): void {
    this.trades = 0;
    this.#volume.set(0n);
    this.#value.set(0n);
  }

  /** Counts its prices in a finer unit. */
  rescale(decimals: number): void {
    if (decimals === this.decimals) return;
    if (this.trades > 0) {
      const factor = powerOfTen(decimals - this.decimals);
      this.open *= factor;
      this.high *= factor;
      this.low *= factor;
      this.close *= factor;
      this.#value.set(this.#value.total * BigInt(factor));
    }
    this.decimals = decimals;
  }

  /** Adds the trades of a block in its unit, from row `from` up to, but not including, row `to`; times stay. */
  add(columns: Columns, from: number, to: number): void {
    if (from === to) return;
    const { price, quantityWhole, quantityFraction } = columns;
    if (this.trades === 0) this.open = this.high = this.low = price[from]!;
    let [high, low, wholes, fractions] = [this.high, this.low, 0, 0];
    let [byWhole, byUpper, byLower] = [0, 0, 0];
    for (let row = from; row < to; row++) {
      const one = price[row]!;
      const whole = quantityWhole[row]!;
      const fraction = quantityFraction[row]!;
      if (one > high) high = one;
      else if (one < low) low = one;
      wholes += whole;
      fractions += fraction;
      const upper = (fraction / SPLIT) | 0;
      byWhole += one * whole;
      byUpper += one * upper;
      byLower += one * (fraction - upper * SPLIT);
    }
    const count = to - from;
    this.high = high;
    this.low = low;
    this.close = price[to - 1]!;
    this.trades += count;
    // A sum of non-negative parts is exact if its total is small enough.
    if (wholes > MOST_ADDED || high * wholes > MOST_ADDED || high * SPLIT * count > MOST_ADDED) {
      this.#addBig(columns, from, to);
      return;
    }
    this.#volume.add(wholes, fractions);
    const carried = Math.floor(byUpper / SPLIT);
    this.#value.add(byWhole + carried, (byUpper - carried * SPLIT) * SPLIT + byLower);
  }

  /** Copies another bar. */
  take(other: BuiltBar): void {
    this.openTime = other.openTime;
    this.closeTime = other.closeTime;
    this.open = other.open;
    this.high = other.high;
    this.low = other.low;
    this.close = other.close;
    this.decimals = other.decimals;
    this.trades = other.trades;
    this.#volume.take(other.#volume);
    this.#value.take(other.#value);
  }

  snapshot(): BarSnapshot {
    const { openTime, closeTime, open, high, low, close, decimals, trades, volume, value } = this;
    const exact = { volume: `${volume}`, value: `${value}` };
    return { openTime, closeTime, open, high, low, close, decimals, trades, ...exact };
  }

  /** Restores a snapshot. Throws a TypeError for one that no bar has. */
  restore(snapshot: BarSnapshot): void {
    const { openTime, closeTime, open, high, low, close, decimals, trades, volume, value } = snapshot;
    const numbers = [openTime, closeTime, open, high, low, close, decimals, trades];
    const isSound = numbers.every((one) => Number.isSafeInteger(one) && one >= 0) && trades > 0 &&
      decimals <= MAX_DECIMALS &&
      [open, close].every((one) => low <= one && one <= high) &&
      [volume, value].every((text) => typeof text === "string" && /^\d{1,60}$/.test(text));
    if (!isSound) throw new TypeError("its open bar is not one that trades can make");
    Object.assign(this, { openTime, closeTime, open, high, low, close, decimals, trades });
    this.#volume.set(BigInt(volume));
    this.#value.set(BigInt(value));
  }

  #addBig({ price, quantityWhole, quantityFraction }: Columns, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const quantity = BigInt(quantityWhole[row]!) * QUANTITY_PARTS + BigInt(quantityFraction[row]!);
      this.#volume.addBig(quantity);
      this.#value.addBig(BigInt(price[row]!) * quantity);
    }
  }
}
