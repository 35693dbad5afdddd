/** Two simple moving averages: long while the short one is above the long one, flat while it is below. */
import type { Bar } from "../../domain/market/bar.ts";
import { BLOCK_ROWS } from "../../domain/market/block.ts";
import type { Values, Wish } from "../../domain/market/signal.ts";
import { MAX_WINDOW } from "../../domain/numbers/price.ts";
import type { Closes } from "../indicators/indicator.ts";
import { Sma } from "../indicators/sma.ts";
import type { BlockStrategy } from "./strategy.ts";

const MOST = Number.MAX_SAFE_INTEGER;

/**
 * The crossover of two averages. It wants nothing until both exist. While they are equal, it wants what it wanted
 * before.
 */
export class Crossover implements BlockStrategy {
  readonly label = "sma";
  readonly seesOnlyCloses = true;
  readonly remembers: number;
  readonly #short: Sma;
  readonly #long: Sma;
  readonly #windows: { readonly short: number; readonly long: number };
  /** The averages' sums after each of the closes that `addAll` took last, and the first row at which both exist. */
  #sums: { readonly short: Float64Array; readonly long: Float64Array } | null = null;
  #firstReady = 0;

  /** Windows in bars, 1 ≤ short < long ≤ 1,000,000; a RangeError otherwise. */
  constructor(short: number, long: number) {
    if (
      !Number.isInteger(short) || !Number.isInteger(long) || short < 1 || short >= long || long > MAX_WINDOW
    ) {
      throw new RangeError(
        `Windows must be whole with 1 ≤ short < long ≤ ${MAX_WINDOW}: got ${short} and ${long}`,
      );
    }
    this.remembers = long;
    this.#windows = { short, long };
    this.#short = new Sma(short);
    this.#long = new Sma(long);
  }

  add({ close, decimals }: Bar): Wish {
    this.#short.add(close, decimals);
    this.#long.add(close, decimals);
    return this.#long.isReady ? this.#short.compare(this.#long) : 0;
  }

  addAll(closes: Float64Array, size: number, decimals: number, wishes: Int8Array): number {
    const { short, long } = this.#windows;
    const first = this.#firstReady = Math.max(0, long - 1 - this.#long.count);
    const sums = this.#sums ??= { short: new Float64Array(BLOCK_ROWS), long: new Float64Array(BLOCK_ROWS) };
    const taken = this.#long.addAll(closes, size, decimals, sums.long);
    // The sum of fewer closes is a plain number for at least as long.
    this.#short.addAll(closes, taken, decimals, sums.short);
    wishes.fill(0, 0, Math.min(first, taken));
    for (let row = first; row < taken; row++) {
      const left = sums.short[row]! * long;
      const right = sums.long[row]! * short;
      if (left <= MOST && right <= MOST) wishes[row] = left > right ? 1 : left < right ? -1 : 0;
      else {
        const difference = BigInt(sums.short[row]!) * BigInt(long) - BigInt(sums.long[row]!) * BigInt(short);
        wishes[row] = difference > 0n ? 1 : difference < 0n ? -1 : 0;
      }
    }
    return taken;
  }

  reset(): void {
    this.#short.reset();
    this.#long.reset();
  }

  get isReady(): boolean {
    return this.#long.isReady;
  }

  values(): Values | null {
    const [shortAverage, longAverage] = [this.#short.value(), this.#long.value()];
    return shortAverage === null || longAverage === null ? null : { shortAverage, longAverage };
  }

  valuesAt(row: number): Values | null {
    if (this.#sums === null || row < this.#firstReady) return null;
    const { short, long } = this.#sums;
    return { shortAverage: this.#short.textOf(short[row]!), longAverage: this.#long.textOf(long[row]!) };
  }

  closes(most: number): Closes {
    return this.#long.closes(most);
  }

  snapshot(): null {
    return null;
  }

  restore(_: object | null, closes: Closes): void {
    this.#short.restore(closes);
    this.#long.restore(closes);
  }
}
