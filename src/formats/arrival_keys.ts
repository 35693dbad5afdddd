/** The order in which rows stood in their files, for rows that nothing but their times can sort. */
import type { RowColumns } from "./row_columns.ts";

/** More than any file has rows. */
const FILE_ROWS = 2 ** 33;
/** Rows that stand in the order of their arrival may step back in time, but by less than this, µs. */
const CLEARLY = 1_000_000;

/**
 * Gives every row a key that decides between rows of the same time. It rises in the order of reading, file after file, and
 * within a file with the newest trade first it falls. The first row of a file that is a second away from the first shows
 * which it is; in a shorter file the last one.
 */
export class ArrivalKeys {
  readonly #rows: RowColumns;
  #file = 0;
  #read = 0;
  #isNewestFirst: boolean | null = null;
  /** The rows of this file as long as nothing shows its direction. */
  #undecided: number[] = [];

  constructor(rows: RowColumns) {
    this.#rows = rows;
  }

  /** The next rows are of another file. */
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

  /** Decides on the direction of the file from what has been read of it. Call it before the keys are used. */
  settle(): void {
    const undecided = this.#undecided;
    const last = undecided.at(-1);
    if (last === undefined) return;
    this.#isNewestFirst = this.#step(last) < 0;
    for (const [at, slot] of undecided.entries()) this.#set(slot, at + 1);
    this.#undecided = [];
  }

  /** How much later than the first undecided row another one is, µs. */
  #step(slot: number): number {
    return this.#rows.time(slot) - this.#rows.time(this.#undecided[0]!);
  }

  #set(slot: number, read: number): void {
    this.#rows.setKey(slot, this.#file * FILE_ROWS + (this.#isNewestFirst === true ? -read : read));
  }
}
