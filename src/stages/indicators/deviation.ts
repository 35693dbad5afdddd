/** Mean and standard deviation of the last closes, from exact sums. */
import { nearestRatio } from "../../domain/numbers/double.ts";
import { MAX_WINDOW, powerOfTen } from "../../domain/numbers/price.ts";
import type { Closes, Indicator } from "./indicator.ts";
import { RecentCloses } from "./recent_closes.ts";

/** Both in quote currency. */
export interface DeviationValue {
  readonly mean: number;
  readonly deviation: number;
}

const MOST = Number.MAX_SAFE_INTEGER;

/**
 * The mean of the last `window` closes and their population deviation, `√(Σ(close − mean)² ÷ n)`, in constant time for
 * each close. John Bollinger, Bollinger on Bollinger Bands, 2001, uses both for his bands.
 *
 * Sums of the closes' distances from one of them, and of the squares, are kept as integers: so no error builds up, and
 * `n × Σd² − (Σd)²` is exact. The sums are plain numbers while every product is a safe integer, and `bigint` from then
 * on. Mean and variance are the doubles nearest to their exact values; the deviation is the variance's root, which
 * IEEE 754 rounds once.
 */
export class Deviation implements Indicator<DeviationValue, Closes> {
  readonly #recent: RecentCloses;
  /** Distances up to this keep every product a safe integer. */
  readonly #largestPlain: number;
  /** The close that distances count from. */
  #anchor = 0;
  #sum = 0;
  #squares = 0;
  /** The same sums once they may pass 2^53; null while plain numbers suffice. */
  #big: { sum: bigint; squares: bigint } | null = null;
  /** The variance's denominator, n² × 10^2decimals, is the odd factor times this power of two. */
  #odd = 1;
  #even = 1;

  /** The window in closes, 1 to 1,000,000; a RangeError otherwise. */
  constructor(window: number) {
    if (window > MAX_WINDOW) {
      throw new RangeError(`A window must be whole, from 1 to ${MAX_WINDOW}: got ${window}`);
    }
    this.#recent = new RecentCloses(window);
    this.#largestPlain = Math.floor(Math.sqrt(MOST) / window);
    this.#split();
  }

  add(close: number, decimals: number): void {
    const recent = this.#recent;
    const leaving = recent.isFull ? recent.at(recent.head) : null;
    if (recent.count === 0) this.#anchor = close;
    else if (decimals !== recent.decimals) {
      const { values } = recent.closes();
      const factor = powerOfTen(decimals - recent.decimals);
      this.restore({ decimals, values: values.map((value) => value * factor) });
      return this.add(close, decimals);
    }
    if (recent.add(close, decimals)) this.#split();
    // The limit assumes at most `window` closes, and the sums never hold more.
    if (leaving !== null) this.#count(leaving - this.#anchor, -1);
    this.#count(close - this.#anchor, 1);
  }

  #count(distance: number, sign: 1 | -1): void {
    if (Math.abs(distance) > this.#largestPlain && this.#big === null) {
      this.#big = { sum: BigInt(this.#sum), squares: BigInt(this.#squares) };
    }
    if (this.#big === null) {
      this.#sum += sign * distance;
      this.#squares += sign * distance * distance;
      return;
    }
    const [exact, times] = [BigInt(distance), BigInt(sign)];
    this.#big.sum += times * exact;
    this.#big.squares += times * exact * exact;
  }

  #split(): void {
    let odd = this.#recent.size;
    let twos = 0;
    for (; odd % 2 === 0; odd /= 2) twos++;
    const { decimals } = this.#recent;
    const fives = powerOfTen(decimals) / 2 ** decimals;
    this.#odd = odd * odd * fives * fives;
    this.#even = 2 ** (2 * twos + 2 * decimals);
  }

  reset(): void {
    this.#recent.reset();
    this.#sum = this.#squares = 0;
    this.#big = null;
    this.#split();
  }

  get isReady(): boolean {
    return this.#recent.isFull;
  }

  value(): DeviationValue | null {
    return this.isReady ? { mean: this.mean, deviation: this.deviation } : null;
  }

  /** The mean; only once it is ready. */
  get mean(): number {
    const { size, decimals } = this.#recent;
    const anchors = size * this.#anchor;
    const sum = anchors + this.#sum;
    const denominator = size * powerOfTen(decimals);
    if (this.#big === null && Math.max(anchors, sum) <= MOST) return sum / denominator;
    const exact = BigInt(size) * BigInt(this.#anchor) + (this.#big?.sum ?? BigInt(this.#sum));
    return nearestRatio(exact, BigInt(denominator));
  }

  /** The deviation; only once it is ready. */
  get deviation(): number {
    const { size, decimals } = this.#recent;
    if (this.#big === null && this.#odd <= MOST) {
      return Math.sqrt((size * this.#squares - this.#sum * this.#sum) / this.#odd / this.#even);
    }
    const { sum, squares } = this.#big ?? { sum: BigInt(this.#sum), squares: BigInt(this.#squares) };
    const variance = nearestRatio(
      BigInt(size) * squares - sum * sum,
      BigInt(size) ** 2n * 10n ** BigInt(2 * decimals),
    );
    return Math.sqrt(variance);
  }

  /** The last closes, up to `most` of them. */
  closes(most: number): Closes {
    return this.#recent.closes(most);
  }

  snapshot(): Closes {
    return this.#recent.closes();
  }

  restore({ decimals, values }: Closes): void {
    this.reset();
    for (const value of values) this.add(value, decimals);
  }
}
