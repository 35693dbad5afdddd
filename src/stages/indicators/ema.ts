/** The exponential moving average, in doubles. */
import { nearestDouble } from "../../domain/numbers/double.ts";
import { MAX_WINDOW } from "../../domain/numbers/price.ts";
import { ExactMean, type ExactMeanMemory } from "./exact_mean.ts";
import type { Indicator } from "./indicator.ts";

/** Its memory: the closes that its first value is the mean of, until there are enough; from then on its value. */
export type EmaMemory = { readonly first: ExactMeanMemory } | { readonly value: number };

/**
 * `e += 2 ÷ (n + 1) × (close − e)`, where the first value is the mean of the first `n` closes, as in TA-Lib
 * (`TA_EMA`, its default start) and in StockCharts' ChartSchool.
 *
 * In binary64: a close is the double nearest to its price, and the first value the double nearest to the exact mean.
 * The share `2 ÷ (n + 1)` is rounded once. Each close then takes a difference, a product and a sum, in that order.
 */
export class Ema implements Indicator<number, EmaMemory> {
  readonly #window: number;
  readonly #share: number;
  readonly #first = new ExactMean();
  #isReady = false;
  #value = 0;

  /** The window in closes, 1 to 1,000,000; a RangeError otherwise. */
  constructor(window: number) {
    if (!Number.isInteger(window) || window < 1 || window > MAX_WINDOW) {
      throw new RangeError(`A window must be whole, from 1 to ${MAX_WINDOW}: got ${window}`);
    }
    this.#window = window;
    this.#share = 2 / (window + 1);
  }

  add(close: number, decimals: number): void {
    if (this.#isReady) this.#value += this.#share * (nearestDouble(close, decimals) - this.#value);
    else {
      const first = this.#first;
      first.add(close, decimals);
      if (first.count < this.#window) return;
      this.#value = first.mean();
      this.#isReady = true;
    }
  }

  reset(): void {
    this.#first.reset();
    this.#isReady = false;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  value(): number | null {
    return this.#isReady ? this.#value : null;
  }

  /** The value; only once it is ready. */
  get current(): number {
    return this.#value;
  }

  snapshot(): EmaMemory {
    return this.#isReady ? { value: this.#value } : { first: this.#first.snapshot() };
  }

  restore(memory: EmaMemory): void {
    this.reset();
    this.#isReady = "value" in memory;
    if ("value" in memory) this.#value = memory.value;
    else this.#first.restore(memory.first);
  }
}
