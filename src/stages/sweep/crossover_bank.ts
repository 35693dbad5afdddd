/**
 * All crossovers of simple averages over the same bars: the sums of each window are computed once for all pairs that
 * have it, and a pair only compares two columns.
 */
import { type BarredBlock, BLOCK_ROWS } from "../../domain/market/block.ts";
import type { Target } from "../../domain/market/signal.ts";
import { powerOfTen } from "../../domain/numbers/price.ts";
import type { LaneBlock } from "./lane_block.ts";
import type { Closes } from "../indicators/indicator.ts";

/** Two windows, in bars. */
export interface Windows {
  readonly short: number;
  readonly long: number;
}

/** The sums of one window: after each close of the block taken last, and after the last of them. */
interface Sums {
  readonly window: number;
  readonly rows: Float64Array;
  sum: number;
}

/** The sums of all windows, exactly. */
export class CrossoverBank {
  readonly #sums = new Map<number, Sums>();
  readonly #longest: number;
  /** The last closes, as many as the longest window has. The ring's length is a power of two. */
  readonly #ring: Float64Array;
  /** Up to this close every product of a sum and a window is a safe integer. */
  readonly #largestPlain: number;
  #count = 0;
  #decimals = 0;
  #largest = 0;
  /** How many closes there were before the block taken last. */
  #before = 0;
  #isTaken = true;
  /** The closes of the block taken last: those of its trades, or of its bars with the rows at which they closed. */
  #closes: Float64Array = new Float64Array(0);
  #size = 0;
  #rows: Int32Array | null = null;
  /** Columns of the closes of bars, once there are any. */
  #ofBars: { readonly closes: Float64Array; readonly rows: Int32Array } | null = null;

  constructor(pairs: readonly Windows[]) {
    let [longest, product] = [1, 1];
    for (const { short, long } of pairs) {
      longest = Math.max(longest, long);
      product = Math.max(product, short * long);
      for (const window of [short, long]) {
        if (!this.#sums.has(window)) {
          this.#sums.set(window, { window, rows: new Float64Array(BLOCK_ROWS), sum: 0 });
        }
      }
    }
    this.#longest = longest;
    this.#ring = new Float64Array(2 ** Math.ceil(Math.log2(longest + 1)));
    this.#largestPlain = Math.floor(Number.MAX_SAFE_INTEGER / product);
  }

  /**
   * Takes the closes of a block; after a gap, the sums start again. If they are too large for plain numbers, or too
   * many, nothing is taken from then on, and `closes` are those before the block.
   */
  take(block: BarredBlock): void {
    const { decimals } = block;
    if (!this.#show(block)) this.#isTaken = false;
    const [size, price] = [this.#size, this.#closes];
    const factor = powerOfTen(decimals - this.#decimals);
    let largest = block.missing === 0 ? this.#largest * factor : 0;
    for (let row = 0; row < size; row++) if (price[row]! > largest) largest = price[row]!;
    this.#isTaken = this.#isTaken && largest <= this.#largestPlain;
    if (!this.#isTaken) return;
    if (block.missing !== 0) this.#clear();
    if (factor !== 1) this.#rescale(factor);
    this.#decimals = decimals;
    this.#largest = largest;
    this.#before = this.#count;
    const ring = this.#ring;
    const mask = ring.length - 1;
    for (const sums of this.#sums.values()) {
      const { window, rows } = sums;
      let { sum } = sums;
      // Until the window is full nothing leaves it; from then on it is a close of this block, or one of the ring.
      const full = Math.min(size, Math.max(0, window - this.#count));
      const own = Math.min(size, Math.max(full, window));
      let row = 0;
      for (; row < full; row++) rows[row] = sum += price[row]!;
      for (let at = this.#count + row - window; row < own; row++, at++) {
        rows[row] = sum += price[row]! - ring[at & mask]!;
      }
      for (; row < size; row++) rows[row] = sum += price[row]! - price[row - window]!;
      sums.sum = sum;
    }
    const kept = Math.min(size, this.#longest);
    for (let row = size - kept, at = this.#count + row; row < size; row++, at++) {
      ring[at & mask] = price[row]!;
    }
    this.#count += size;
  }

  /** Whether the last block was taken. Once one was not, no later one is. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /**
   * Adds the turns of a pair to the last block taken: the rows where its target changes, ignoring 0. `last` is its last
   * target. Returns the target after the block.
   */
  findTurns({ short, long }: Windows, last: Target, block: LaneBlock): Target {
    const size = this.#size;
    const rows = this.#rows;
    const [ofShort, ofLong] = [this.#sums.get(short)!.rows, this.#sums.get(long)!.rows];
    let row = Math.max(0, long - 1 - this.#before);
    let target = last;
    while (row < size) {
      if (target > 0) { while (row < size && ofShort[row]! * long >= ofLong[row]! * short) row++; }
      else if (target < 0) { while (row < size && ofShort[row]! * long <= ofLong[row]! * short) row++; }
      else while (row < size && ofShort[row]! * long === ofLong[row]! * short) row++;
      if (row === size) break;
      target = target === 0 ? (ofShort[row]! * long > ofLong[row]! * short ? 1 : -1) : target > 0 ? -1 : 1;
      block.addTurn(rows === null ? row : rows[row]!, target);
      row++;
    }
    return target;
  }

  /** The last closes, at most `most` of them. */
  closes(most: number): Closes {
    const size = Math.min(most, this.#count, this.#longest);
    const mask = this.#ring.length - 1;
    const values = Array.from({ length: size }, (_, at) => this.#ring[(this.#count - size + at) & mask]!);
    return { decimals: this.#decimals, values };
  }

  /** Notes the closes of a block; false if there are too many. */
  #show({ bars, price, size }: BarredBlock): boolean {
    this.#rows = null;
    this.#closes = price;
    this.#size = size;
    if (bars === null) return true;
    if (bars.count > BLOCK_ROWS) return false;
    const { closes, rows } = this.#ofBars ??= {
      closes: new Float64Array(BLOCK_ROWS),
      rows: new Int32Array(BLOCK_ROWS),
    };
    let at = 0;
    for (let place = 0; place < bars.size; place++) {
      const { close, row, flats } = bars.at(place);
      // The intervals without a trade close as the bar before them.
      for (let flat = 0; flat <= flats; flat++, at++) {
        closes[at] = close;
        rows[at] = row;
      }
    }
    this.#closes = closes;
    this.#rows = rows;
    this.#size = at;
    return true;
  }

  #clear(): void {
    this.#count = this.#largest = 0;
    for (const sums of this.#sums.values()) sums.sum = 0;
  }

  #rescale(factor: number): void {
    for (const sums of this.#sums.values()) sums.sum *= factor;
    for (let at = 0; at < this.#ring.length; at++) this.#ring[at]! *= factor;
  }
}
