/** Moving average convergence/divergence, in doubles. */
import { MAX_WINDOW } from "../../domain/numbers/price.ts";
import { Ema, type EmaMemory } from "./ema.ts";
import type { Indicator } from "./indicator.ts";

/** The difference of the two averages, and its own average. */
export interface MacdValue {
  readonly macd: number;
  readonly smoothed: number;
}

/** Its memory: both averages, the number of differences in the smoothed line, up to `smooth`, and their sum or mean. */
export interface MacdMemory {
  readonly fast: EmaMemory;
  readonly slow: EmaMemory;
  readonly count: number;
  readonly line: number;
}

/**
 * `EMA(fast) − EMA(slow)`, and `EMA(smooth)` of that difference. Gerald Appel, The Moving Average
 * Convergence-Divergence Trading Method, 1979.
 *
 * Each average starts with the mean of its own first values: both EMAs at the first close, the smoothed line at the
 * first difference. (TA-Lib starts the fast one later, at the slow one's first value, so its values differ from these.)
 * In binary64: the first `smooth` differences are added in their order and the sum is divided; after that `s += 2 ÷
 * (smooth + 1) × (difference − s)`, in the order of an `Ema`.
 */
export class Macd implements Indicator<MacdValue, MacdMemory> {
  readonly #fast: Ema;
  readonly #slow: Ema;
  readonly #smooth: number;
  readonly #share: number;
  #count = 0;
  /** The sum of the differences; once there are `smooth` of them, their average. */
  #line = 0;

  /** Windows in closes, each from 1 to 1,000,000, fast below slow; a RangeError otherwise. */
  constructor(fast: number, slow: number, smooth: number) {
    if (fast >= slow) throw new RangeError(`Windows must be fast < slow: got ${fast} and ${slow}`);
    if (!Number.isInteger(smooth) || smooth < 1 || smooth > MAX_WINDOW) {
      throw new RangeError(`A window must be whole, from 1 to ${MAX_WINDOW}: got ${smooth}`);
    }
    this.#fast = new Ema(fast);
    this.#slow = new Ema(slow);
    this.#smooth = smooth;
    this.#share = 2 / (smooth + 1);
  }

  add(close: number, decimals: number): void {
    this.#fast.add(close, decimals);
    this.#slow.add(close, decimals);
    if (!this.#slow.isReady) return;
    const difference = this.difference;
    if (this.isReady) this.#line += this.#share * (difference - this.#line);
    else {
      this.#line += difference;
      if (++this.#count === this.#smooth) this.#line /= this.#smooth;
    }
  }

  reset(): void {
    this.#fast.reset();
    this.#slow.reset();
    this.#count = this.#line = 0;
  }

  get isReady(): boolean {
    return this.#count === this.#smooth;
  }

  value(): MacdValue | null {
    return this.isReady ? { macd: this.difference, smoothed: this.#line } : null;
  }

  /** The difference and its average, valid only once it is ready. */
  get difference(): number {
    return this.#fast.current - this.#slow.current;
  }

  get smoothed(): number {
    return this.#line;
  }

  snapshot(): MacdMemory {
    return {
      fast: this.#fast.snapshot(),
      slow: this.#slow.snapshot(),
      count: this.#count,
      line: this.#line,
    };
  }

  restore({ fast, slow, count, line }: MacdMemory): void {
    this.#fast.restore(fast);
    this.#slow.restore(slow);
    this.#count = count;
    this.#line = line;
  }
}
