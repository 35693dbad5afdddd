/** The order of rows in their files, for rows that have only their times to sort them. */
import type { RowColumns } from "./row_columns.ts";

/** More rows than any file has. */
const FILE_ROWS = 2 ** 33;
/** Rows in the order of their arrival may step back in time, but by less than this, µs. */
const CLEARLY = 1_000_000;

/**
 * Gives every row a key that decides between rows of the same time. Keys rise in the order of reading, file after file,
 * but fall within a file that has the newest trade first. The first row that is a second away from the first row of its
 * file shows the direction; in a shorter file, the last row does.
 */
export class ArrivalKeys {
  readonly #rows: RowColumns;
  #file = 0;
  #read = 0;
  #isNewestFirst: boolean | null = null;
  /** The rows of this file while its direction is unknown. */
  #undecided: number[] = [];

  constructor(rows: RowColumns) {
    this.#rows = rows;
  }

  /** Prepares for the rows of another file. */
  enter(): void {
    this.settle();
    this.#file++;
    this.#read = 0;
    this.#isNewestFirst = null;
  }

  /** Takes the next row in the order of reading. */
  note(slot: number): void {
    this.#set(slot, ++this.#read);
    if (this.#isNewestFirst !== null) return;
    this.#undecided.push(slot);
    if (Math.abs(this.#step(slot)) >= CLEARLY) this.settle();
  }

  /** Decides the direction of the file from the rows read so far. Call it before the keys are used. */
  settle(): void {
    const undecided = this.#undecided;
    const last = undecided.at(-1);
    if (last === undefined) return;
    this.#isNewestFirst = this.#step(last) < 0;
    for (const [at, slot] of undecided.entries()) this.#set(slot, at + 1);
    this.#undecided = [];
  }

  /** How much later a row is than the first undecided row, µs. */
  #step(slot: number): number {
    return this.#rows.time(slot) - this.#rows.time(this.#undecided[0]!);
  }

  #set(slot: number, read: number): void {
    this.#rows.setKey(slot, this.#file * FILE_ROWS + (this.#isNewestFirst === true ? -read : read));
  }
}
