/** The highest or the lowest of the last closes, exactly. */
import { priceText } from "../../domain/numbers/price.ts";
import type { Closes, Indicator } from "./indicator.ts";
import { RecentCloses } from "./recent_closes.ts";

/**
 * The highest close of the last `window` ones, or the lowest: Richard Donchian's channel has one of each.
 *
 * Only closes that may still become the extreme are candidates: a close removes all before it that are not beyond it.
 * So candidates are in order, the extreme first, and each close enters and leaves once: constant time on average.
 * (Monotonic deque; Daniel Lemire, Streaming Maximum-Minimum Filter, 2006.)
 */
export class Extreme implements Indicator<string, Closes> {
  readonly #side: 1 | -1;
  readonly #recent: RecentCloses;
  /** The candidates' slots in their own ring, oldest first. */
  readonly #slots: Int32Array;
  #first = 0;
  #candidates = 0;

  /** The window in closes, 1 to 1,000,000; a RangeError otherwise. */
  constructor(kind: "highest" | "lowest", window: number) {
    this.#side = kind === "highest" ? 1 : -1;
    this.#recent = new RecentCloses(window);
    this.#slots = new Int32Array(window);
  }

  add(close: number, decimals: number): void {
    const recent = this.#recent;
    const slots = this.#slots;
    const { size, head, isFull } = recent;
    if (isFull && slots[this.#first] === head) {
      this.#first = this.#first + 1 === size ? 0 : this.#first + 1;
      this.#candidates--;
    }
    recent.add(close, decimals);
    const side = this.#side;
    let last = (this.#first + this.#candidates - 1 + size) % size;
    while (this.#candidates > 0 && (recent.at(slots[last]!) - close) * side <= 0) {
      this.#candidates--;
      last = last === 0 ? size - 1 : last - 1;
    }
    slots[last + 1 === size ? 0 : last + 1] = head;
    this.#candidates++;
  }

  reset(): void {
    this.#recent.reset();
    this.#first = this.#candidates = 0;
  }

  get isReady(): boolean {
    return this.#recent.isFull;
  }

  /** As decimal text. */
  value(): string | null {
    return this.isReady ? priceText(this.#extreme, this.#recent.decimals) : null;
  }

  /**
   * Whether a close in the same unit is beyond the extreme: above the highest, or below the lowest. It must be ready.
   */
  isBeyond(close: number): boolean {
    return (close - this.#extreme) * this.#side > 0;
  }

  get #extreme(): number {
    return this.#recent.at(this.#slots[this.#first]!);
  }

  snapshot(): Closes {
    return this.#recent.closes();
  }

  restore({ decimals, values }: Closes): void {
    this.reset();
    for (const value of values) this.add(value, decimals);
  }
}
