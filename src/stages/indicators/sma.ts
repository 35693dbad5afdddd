/** The simple moving average: the mean of the last closes, exactly. */
import { averageText } from "../../domain/numbers/money.ts";
import { MAX_WINDOW, powerOfTen } from "../../domain/numbers/price.ts";
import type { Closes, Indicator } from "./indicator.ts";

/**
 * The mean of the last `window` closes of one symbol, in O(1) for each and without rounding.
 *
 * It is kept as its sum. Closes are integers, so the sum is exact: a plain number while the largest close seen,
 * `window` times over, is a safe integer, and a `bigint` from then on.
 */
export class Sma implements Indicator<string, Closes> {
  readonly #window: number;
  /** The last closes; 0 where there has been none since it was reset. */
  readonly #ring: Float64Array;
  /** Where the next close goes. */
  #head = 0;
  #count = 0;
  #decimals = 0;
  #sum = 0;
  /** The sum once it may pass 2^53; null while a plain number suffices. */
  #big: bigint | null = null;
  /** Closes up to this keep the sum a safe integer. */
  readonly #largestPlain: number;

  /** The window in closes, 1 to 1,000,000; a RangeError otherwise. */
  constructor(window: number) {
    if (!Number.isInteger(window) || window < 1 || window > MAX_WINDOW) {
      throw new RangeError(`A window must be whole, from 1 to ${MAX_WINDOW}: got ${window}`);
    }
    this.#window = window;
    this.#ring = new Float64Array(window);
    this.#largestPlain = Math.floor(Number.MAX_SAFE_INTEGER / window);
  }

  add(close: number, decimals: number): void {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    if (close > this.#largestPlain && this.#big === null) this.#big = BigInt(this.#sum);
    const ring = this.#ring;
    const head = this.#head;
    // Until the window is full, the close that leaves it is one of the ring's zeros.
    const change = close - ring[head]!;
    ring[head] = close;
    this.#head = head + 1 === this.#window ? 0 : head + 1;
    if (this.#count < this.#window) this.#count++;
    if (this.#big === null) this.#sum += change;
    else this.#big += BigInt(change);
  }

  /**
   * Takes the first `size` closes, all in one unit, as long as a plain number holds their sum, and writes the sum after
   * each into `sums`. Returns how many it took; the caller adds the others with `add`.
   */
  addAll(closes: Float64Array, size: number, decimals: number, sums: Float64Array): number {
    if (decimals !== this.#decimals) this.#rescale(decimals);
    if (this.#big !== null) return 0;
    const ring = this.#ring;
    const window = this.#window;
    const largest = this.#largestPlain;
    let head = this.#head;
    let sum = this.#sum;
    let row = 0;
    for (; row < size; row++) {
      const close = closes[row]!;
      if (close > largest) break;
      sum += close - ring[head]!;
      ring[head] = close;
      if (++head === window) head = 0;
      sums[row] = sum;
    }
    this.#head = head;
    this.#sum = sum;
    this.#count = Math.min(window, this.#count + row);
    return row;
  }

  /** The average whose sum `addAll` has written, as `value` gives it. */
  textOf(sum: number): string {
    return averageText(sum, this.#window, this.#decimals);
  }

  /** The same average as the nearest double, quote currency. */
  numberOf(sum: number): number {
    // Both are safe integers, so the quotient is rounded once.
    return sum / (this.#window * powerOfTen(this.#decimals));
  }

  /** How many closes are in the window. */
  get count(): number {
    return this.#count;
  }

  reset(): void {
    this.#ring.fill(0, 0, this.#count);
    this.#head = this.#count = this.#sum = 0;
    this.#big = null;
  }

  get isReady(): boolean {
    return this.#count === this.#window;
  }

  /** As decimal text with 8 decimals, half to even. */
  value(): string | null {
    return this.isReady ? averageText(this.#big ?? this.#sum, this.#window, this.#decimals) : null;
  }

  /**
   * Whether this average is above (1), below (-1) or equal to (0) another one in the same unit; both must be ready. It
   * divides nothing: it compares each average's sum times the window of the other.
   */
  compare(other: Sma): -1 | 0 | 1 {
    if (this.#big === null && other.#big === null) {
      const left = this.#sum * other.#window;
      const right = other.#sum * this.#window;
      if (left <= Number.MAX_SAFE_INTEGER && right <= Number.MAX_SAFE_INTEGER) return signOf(left, right);
    }
    const left = BigInt(this.#big ?? this.#sum) * BigInt(other.#window);
    return signOf(left, BigInt(other.#big ?? other.#sum) * BigInt(this.#window));
  }

  /** The last closes in the window, up to `most` of them. */
  closes(most: number): Closes {
    const size = Math.min(most, this.#count);
    const values = new Array<number>(size);
    let at = this.#head - size;
    if (at < 0) at += this.#window;
    for (let row = 0; row < size; row++) {
      values[row] = this.#ring[at]!;
      if (++at === this.#window) at = 0;
    }
    return { decimals: this.#decimals, values };
  }

  snapshot(): Closes {
    return this.closes(this.#window);
  }

  restore({ decimals, values }: Closes): void {
    this.reset();
    this.#decimals = decimals;
    const ring = this.#ring;
    const first = Math.max(0, values.length - this.#window);
    const size = values.length - first;
    let [sum, largest] = [0, 0];
    for (let row = 0; row < size; row++) {
      const value = ring[row] = values[first + row]!;
      sum += value;
      if (value > largest) largest = value;
    }
    this.#count = size;
    this.#head = size === this.#window ? 0 : size;
    if (largest <= this.#largestPlain) this.#sum = sum;
    else this.#big = ring.subarray(0, size).reduce((big, value) => big + BigInt(value), 0n);
  }

  /** Converts everything kept to a finer unit and adds it up again. */
  #rescale(decimals: number): void {
    const { values } = this.snapshot();
    const factor = powerOfTen(decimals - this.#decimals);
    this.restore({ decimals, values: values.map((value) => value * factor) });
  }
}

function signOf<T extends number | bigint>(left: T, right: T): -1 | 0 | 1 {
  return left > right ? 1 : left < right ? -1 : 0;
}
