/** Numbers the trades of files that have no consecutive ids, over all files of a run. */
import { isoTime } from "../domain/numbers/time.ts";

/**
 * Gives each such trade the next number. If nothing sorts the rows, their times are their only order, so a row that is
 * earlier than the previous row gets no number.
 */
export class RowNumbers {
  /** The last number given; 0 before the first. */
  last = 0;
  /** The file of the first trade that was numbered; null before that. */
  firstFile: string | null = null;
  /** The time of the trade numbered last, µs since 1970. */
  time = 0;
  readonly #isSorted: boolean;

  /** With `isSorted`, the rows are put in order later, and any time is accepted. */
  constructor(isSorted = false) {
    this.#isSorted = isSorted;
  }

  /** The number of the next trade, of file `name`; null if it is earlier than the previous trade. */
  take(time: number, name: string): number | null {
    if (time < this.time && !this.#isSorted) return null;
    this.firstFile ??= name;
    this.time = time;
    return ++this.last;
  }
}

/** Advice on how to put such trades in order. */
export const SORT_ADVICE = "--sort puts them in that order, even where a file has the newest first";

/** What is wrong with a trade without an id at `time`, if the trade before it was at `before`; both µs since 1970. */
export function outOfOrder(time: number, before: number): string {
  return `the trade took place at ${isoTime(time)}, and the one before it at ${
    isoTime(before)
  }: without consecutive ` +
    "ids, trades have to be in the order of their times";
}
