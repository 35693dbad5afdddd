/** Where fills are drawn on a chart: every one, or when there are too many to tell apart, one a column and side. */
import type { Side } from "../numbers/money.ts";

/** Fills of one side within one column. */
export interface FillMark {
  /** Of the first of them, µs since 1970. */
  readonly time: number;
  readonly side: Side;
  /** Its fill price, quote currency, as a double for showing only. */
  readonly price: number;
  /** How many they are. */
  count: number;
}

/** More marks than this become fewer. */
export const MOST_MARKS = 6_000;

const MILLISECOND = 1_000;

/** The marks of one account in one symbol. */
export class FillMarks {
  #marks: FillMark[] = [];
  /** Fills of one side that are closer than this share a mark; 0 while every fill has its own. */
  #width = 0;
  /** The last mark of each side. */
  readonly #last = new Map<Side, FillMark>();

  /** Adds a fill. */
  add(time: number, side: Side, price: number): void {
    const last = this.#last.get(side);
    if (last !== undefined && this.#width > 0 && this.#column(time) === this.#column(last.time)) {
      last.count++;
      return;
    }
    const mark: FillMark = { time, side, price, count: 1 };
    this.#marks.push(mark);
    this.#last.set(side, mark);
    if (this.#marks.length > MOST_MARKS) this.#thin();
  }

  /** Whether every fill has a mark of its own. */
  get isWhole(): boolean {
    return this.#width === 0;
  }

  /** The marks, oldest first. */
  marks(): readonly FillMark[] {
    return this.#marks;
  }

  #column(time: number): number {
    return Math.floor(time / this.#width);
  }

  #thin(): void {
    while (this.#marks.length > MOST_MARKS / 2) {
      this.#width = this.#width === 0 ? MILLISECOND : 2 * this.#width;
      const marks = this.#marks;
      this.#marks = [];
      this.#last.clear();
      for (const mark of marks) {
        const last = this.#last.get(mark.side);
        if (last !== undefined && this.#column(mark.time) === this.#column(last.time)) {
          last.count += mark.count;
        } else {
          this.#marks.push(mark);
          this.#last.set(mark.side, mark);
        }
      }
    }
  }
}
