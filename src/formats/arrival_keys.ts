/** The order in which rows stood in their files, for rows that nothing but their times can sort. */
import type { RowColumns } from "./row_columns.ts";

/** More than any file has rows. */
const FILE_ROWS = 2 ** 33;

/**
 * Gives every row a key that decides between rows of the same time. It rises in the order of reading, file after file, and
 * within a file with the newest trade first it falls. The first two rows of a file with different times show which it is.
 */
export class ArrivalKeys {
  readonly #rows: RowColumns;
  #file = 0;
  #read = 0;
  #isNewestFirst: boolean | null = null;
  /** The rows of this file as long as all of them have the same time. */
  #same: number[] = [];

  constructor(rows: RowColumns) {
    this.#rows = rows;
  }

  /** The next rows are of another file. */
  enter(): void {
    this.#file++;
    this.#read = 0;
    this.#isNewestFirst = null;
    this.#same = [];
  }

  /** Takes the next row in the order of reading. */
  note(slot: number): void {
    const rows = this.#rows;
    const read = ++this.#read;
    if (this.#isNewestFirst === null) {
      const [first = slot] = this.#same;
      if (rows.time(slot) === rows.time(first)) this.#same.push(slot);
      else {
        this.#isNewestFirst = rows.time(slot) < rows.time(first);
        for (const [at, same] of this.#same.entries()) this.#set(same, at + 1);
        this.#same = [];
      }
    }
    this.#set(slot, read);
  }

  #set(slot: number, read: number): void {
    this.#rows.setKey(slot, this.#file * FILE_ROWS + (this.#isNewestFirst === true ? -read : read));
  }
}
