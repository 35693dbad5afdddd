/**
 * Where fills are drawn on a chart: every one or, when there are too many to tell apart, one for each column and side.
 */
import type { Side } from "../numbers/money.ts";

/** Fills of one side within one column. */
export interface FillMark {
  /** The time of the first fill, µs since 1970. */
  readonly time: number;
  readonly side: Side;
  /** The price of the first fill, quote currency, as a double for display only. */
  readonly price: number;
  /** How many fills there are. */
  readonly count: number;
}

/** When there are more marks than this, some are merged. */
export const MOST_MARKS = 6_000;

const MILLISECOND = 1_000;
const SIDES = ["buy", "sell"] as const;
const NONE = -1;

/** The marks of one account in one symbol. */
export class FillMarks {
  /**
   * A column for each field: objects would outlive the garbage collector's first rounds, which would cost more than
   * anything else.
   */
  readonly #times = new Float64Array(MOST_MARKS + 1);
  readonly #prices = new Float64Array(MOST_MARKS + 1);
  readonly #counts = new Float64Array(MOST_MARKS + 1);
  /** Places in `SIDES`. */
  readonly #sides = new Uint8Array(MOST_MARKS + 1);
  #size = 0;
  /** Fills of one side that are closer than this share a mark; 0 while every fill has its own. */
  #width = 0;
  /** The last mark of each side. */
  readonly #last = [NONE, NONE];

  /** Adds a fill. */
  add(time: number, side: Side, price: number): void {
    this.#join(time, side === "buy" ? 0 : 1, price, 1);
    if (this.#size > MOST_MARKS) this.#thin();
  }

  /** Whether every fill has a mark of its own. */
  get isWhole(): boolean {
    return this.#width === 0;
  }

  /** The marks, oldest first. */
  marks(): readonly FillMark[] {
    return Array.from({ length: this.#size }, (_, at) => ({
      time: this.#times[at]!,
      side: SIDES[this.#sides[at] as 0 | 1],
      price: this.#prices[at]!,
      count: this.#counts[at]!,
    }));
  }

  /** Adds fills to the last mark of their side, or as a new mark after all others. */
  #join(time: number, side: 0 | 1, price: number, count: number): void {
    const width = this.#width;
    const last = this.#last[side]!;
    if (width > 0 && last !== NONE && Math.floor(time / width) === Math.floor(this.#times[last]! / width)) {
      this.#counts[last]! += count;
      return;
    }
    const at = this.#last[side] = this.#size++;
    this.#times[at] = time;
    this.#prices[at] = price;
    this.#counts[at] = count;
    this.#sides[at] = side;
  }

  #thin(): void {
    while (this.#size > MOST_MARKS / 2) {
      this.#width = this.#width === 0 ? MILLISECOND : 2 * this.#width;
      const size = this.#size;
      this.#size = 0;
      this.#last.fill(NONE);
      for (let at = 0; at < size; at++) {
        this.#join(this.#times[at]!, this.#sides[at] as 0 | 1, this.#prices[at]!, this.#counts[at]!);
      }
    }
  }
}
