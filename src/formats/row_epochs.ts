/** Separates the rows before a restart of the ids from those after it. */
import { RESET_TRADES, resolution } from "../stages/id_reset.ts";
import type { RowColumns } from "./row_columns.ts";

/**
 * Gives every row the number of its sequence of ids. A new sequence starts with several consecutive rows whose ids
 * are at or below the highest id so far, if their ids and times rise and their times are above the highest time so far.
 */
export class RowEpochs {
  readonly #rows: RowColumns;
  #epoch = 0;
  #highestId = -1;
  #latest = -1;
  /** Rows that may start a new sequence. */
  #fresh: number[] = [];
  #hasChanged = false;

  constructor(rows: RowColumns) {
    this.#rows = rows;
  }

  /** Whether rows that were read earlier have been moved to another sequence since the last call. */
  takeChange(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  /** Takes the next row in the order of reading. */
  note(slot: number): void {
    const rows = this.#rows;
    rows.setEpoch(slot, this.#epoch);
    if (rows.isUnusable(slot)) return;
    const id = rows.lastId(slot);
    const time = rows.time(slot);
    if (id > this.#highestId || time < this.#latest + resolution(this.#latest)) {
      if (this.#fresh.length > 0) this.#fresh = [];
      if (id > this.#highestId) this.#highestId = id;
      if (time > this.#latest) this.#latest = time;
      return;
    }
    const before = this.#fresh.at(-1);
    if (before !== undefined && (rows.firstId(slot) <= rows.lastId(before) || time < rows.time(before))) {
      this.#fresh = [];
    }
    this.#fresh.push(slot);
    if (this.#fresh.length === RESET_TRADES) this.#restart(id, time);
  }

  #restart(id: number, time: number): void {
    this.#epoch++;
    for (const slot of this.#fresh) this.#rows.setEpoch(slot, this.#epoch);
    this.#fresh = [];
    this.#hasChanged = true;
    this.#highestId = id;
    this.#latest = time;
  }
}
