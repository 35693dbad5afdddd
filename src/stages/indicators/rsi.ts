/** Wilder's relative strength index, in doubles. */
import { nearestDouble } from "../../domain/numbers/double.ts";
import { MAX_WINDOW, powerOfTen } from "../../domain/numbers/price.ts";
import { ExactMean, type ExactMeanMemory } from "./exact_mean.ts";
import type { Indicator } from "./indicator.ts";

/** The mean gain and the mean loss, or what they start from. */
type RsiMeans =
  | { readonly gains: ExactMeanMemory; readonly losses: ExactMeanMemory }
  | { readonly gain: number; readonly loss: number };

/** Its memory: the last close, null before the first, and the means. */
export interface RsiMemory {
  readonly last: { readonly close: number; readonly decimals: number } | null;
  readonly means: RsiMeans;
}

/** The index while nothing has moved: neither gains nor losses outweigh the other. */
const UNMOVED = 50;

/**
 * `100 × (gain ÷ (gain + loss))`, where gain and loss are smoothed means of the rises and falls from close to close:
 * `mean = (mean × (n − 1) + change) ÷ n`, and the first is the plain mean of `n` changes. J. Welles Wilder, New
 * Concepts in Technical Trading Systems, 1978; in this form in TA-Lib (`TA_RSI`).
 *
 * In binary64: a change is the double nearest to the exact difference of two closes, a first mean the double nearest to
 * the exact one; the operations are those of the formulas, in their order. Without any change it is 50.
 */
export class Rsi implements Indicator<number, RsiMemory> {
  readonly #period: number;
  readonly #gains = new ExactMean();
  readonly #losses = new ExactMean();
  #isReady = false;
  #gain = 0;
  #loss = 0;
  #hasLast = false;
  #last = 0;
  #decimals = 0;

  /** The period in changes, 1 to 1,000,000; a RangeError otherwise. */
  constructor(period: number) {
    if (!Number.isInteger(period) || period < 1 || period > MAX_WINDOW) {
      throw new RangeError(`A period must be whole, from 1 to ${MAX_WINDOW}: got ${period}`);
    }
    this.#period = period;
  }

  add(close: number, decimals: number): void {
    if (decimals !== this.#decimals) this.#last *= powerOfTen(decimals - this.#decimals);
    const change = close - this.#last;
    this.#last = close;
    this.#decimals = decimals;
    if (!this.#hasLast) this.#hasLast = true;
    else this.#change(Math.max(change, 0), Math.max(-change, 0), decimals);
  }

  #change(rise: number, fall: number, decimals: number): void {
    if (this.#isReady) {
      const period = this.#period;
      this.#gain = (this.#gain * (period - 1) + nearestDouble(rise, decimals)) / period;
      this.#loss = (this.#loss * (period - 1) + nearestDouble(fall, decimals)) / period;
      return;
    }
    this.#gains.add(rise, decimals);
    this.#losses.add(fall, decimals);
    if (this.#gains.count < this.#period) return;
    this.#gain = this.#gains.mean();
    this.#loss = this.#losses.mean();
    this.#isReady = true;
  }

  reset(): void {
    this.#gains.reset();
    this.#losses.reset();
    this.#isReady = this.#hasLast = false;
    this.#last = this.#decimals = 0;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** From 0 to 100. */
  value(): number | null {
    return this.#isReady ? this.current : null;
  }

  /** The value; only once it is ready. */
  get current(): number {
    const sum = this.#gain + this.#loss;
    return sum === 0 ? UNMOVED : 100 * (this.#gain / sum);
  }

  snapshot(): RsiMemory {
    return {
      last: this.#hasLast ? { close: this.#last, decimals: this.#decimals } : null,
      means: this.#isReady
        ? { gain: this.#gain, loss: this.#loss }
        : { gains: this.#gains.snapshot(), losses: this.#losses.snapshot() },
    };
  }

  restore({ last, means }: RsiMemory): void {
    this.reset();
    if (last !== null) {
      this.#hasLast = true;
      this.#last = last.close;
      this.#decimals = last.decimals;
    }
    this.#isReady = "gain" in means;
    if ("gain" in means) {
      this.#gain = means.gain;
      this.#loss = means.loss;
    } else {
      this.#gains.restore(means.gains);
      this.#losses.restore(means.losses);
    }
  }
}
