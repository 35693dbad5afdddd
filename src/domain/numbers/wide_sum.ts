/** Exact sums of integers far beyond 2^53, at the cost of adding doubles. */

/** The base of a number in two parts: it is `high` × 10^8 + `low`. */
const BASE = 100_000_000;
const BIG_BASE = 100_000_000n;
/** The largest part that `add` takes, and beyond which a sum continues as a `bigint`. */
export const MOST_ADDED: number = 2 ** 51;

/** The sum of integers of 0 or more. */
export class WideSum {
  #high = 0;
  #low = 0;
  /** What did not fit into the other two. */
  #big = 0n;

  /** Adds `high` × 10^8 + `low`, two whole numbers from 0 to `MOST_ADDED`. */
  add(high: number, low: number): void {
    const lowest = this.#low + low;
    const carried = Math.floor(lowest / BASE);
    this.#low = lowest - carried * BASE;
    this.#high += high + carried;
    if (this.#high > MOST_ADDED) this.addBig(0n);
  }

  /** Adds any integer of 0 or more. */
  addBig(amount: bigint): void {
    this.#big += amount + BigInt(this.#high) * BIG_BASE;
    this.#high = 0;
  }

  /** The sum. */
  get total(): bigint {
    return this.#big + BigInt(this.#high) * BIG_BASE + BigInt(this.#low);
  }

  /** The sum as a double, within a few units of its last place. */
  get estimate(): number {
    return (this.#big === 0n ? 0 : Number(this.#big)) + this.#high * BASE + this.#low;
  }

  /** Replaces the sum. */
  set(total: bigint): void {
    this.#big = total;
    this.#high = this.#low = 0;
  }

  /** Takes over the sum of another. */
  take(other: WideSum): void {
    this.#high = other.#high;
    this.#low = other.#low;
    this.#big = other.#big;
  }
}
