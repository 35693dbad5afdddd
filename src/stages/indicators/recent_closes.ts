/** The last closes, in a ring. */
import { MAX_WINDOW, powerOfTen } from "../../domain/numbers/price.ts";
import type { Closes } from "./indicator.ts";

/** The last `size` closes of one symbol, all in its unit. */
export class RecentCloses {
  readonly size: number;
  readonly #ring: Float64Array;
  /** Where the next close goes. */
  #head = 0;
  #count = 0;
  #decimals = 0;

  /** How many closes it keeps, 1 to 1,000,001; a RangeError otherwise. */
  constructor(size: number) {
    // One more than a window: the bars before the last one.
    if (!Number.isInteger(size) || size < 1 || size > MAX_WINDOW + 1) {
      throw new RangeError(`A window must be whole, from 1 to ${MAX_WINDOW}: got ${size}`);
    }
    this.size = size;
    this.#ring = new Float64Array(size);
  }

  /**
   * Takes the next close, an integer count of 10^-decimals, into the slot `head`; the close that was there leaves.
   * Returns whether the unit became finer, so that everything kept was rescaled.
   */
  add(close: number, decimals: number): boolean {
    const isFiner = decimals !== this.#decimals;
    if (isFiner) this.#rescale(decimals);
    const head = this.#head;
    this.#ring[head] = close;
    this.#head = head + 1 === this.size ? 0 : head + 1;
    if (this.#count < this.size) this.#count++;
    return isFiner;
  }

  /** The slot of the next close. */
  get head(): number {
    return this.#head;
  }

  /** The last close, 0 before the first. */
  get last(): number {
    return this.#ring[(this.#head === 0 ? this.size : this.#head) - 1]!;
  }

  /** The close in a slot, 0 if it has had none. */
  at(slot: number): number {
    return this.#ring[slot]!;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  get decimals(): number {
    return this.#decimals;
  }

  /** The last closes, up to `most` of them. */
  closes(most = this.size): Closes {
    const values: number[] = [];
    for (let back = Math.min(most, this.#count); back > 0; back--) {
      const at = this.#head - back;
      values.push(this.#ring[at < 0 ? at + this.size : at]!);
    }
    return { decimals: this.#decimals, values };
  }

  reset(): void {
    this.#ring.fill(0, 0, this.#count);
    this.#head = this.#count = this.#decimals = 0;
  }

  #rescale(decimals: number): void {
    const factor = powerOfTen(decimals - this.#decimals);
    for (let slot = 0; slot < this.#count; slot++) this.#ring[slot] = this.#ring[slot]! * factor;
    this.#decimals = decimals;
  }
}
