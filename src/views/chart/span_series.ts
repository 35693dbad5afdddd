/**
 * The last minutes, hours or days of one value, in columns of equal width, in memory that does not grow with the run.
 */

/** How many columns are kept: more than the dots across a wide terminal. */
export const COLUMNS = 512;

/** What a column keeps of its values. */
export interface Column {
  /** Its middle, µs since 1970. */
  readonly time: number;
  readonly first: number;
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

const FIRST = 0, LAST = 1, LOW = 2, HIGH = 3, FIELDS = 4;

/** Collects values in order of time; new columns replace the oldest. */
export class SpanSeries {
  /** The width of a column, µs. */
  readonly width: number;
  readonly #values = new Float64Array(COLUMNS * FIELDS).fill(NaN);
  /** The number of the newest column, which starts at number × width since 1970. */
  #newest = -1;

  /** `span` is the time that all columns cover, µs. */
  constructor(span: number) {
    this.width = span / COLUMNS;
  }

  /** Adds a value at `time`, µs since 1970. A time that steps back belongs to the newest column. */
  add(time: number, value: number): void {
    const at = Math.max(Math.floor(time / this.width), this.#newest);
    const values = this.#values;
    const slot = at % COLUMNS * FIELDS;
    if (at > this.#newest) {
      for (let empty = Math.max(this.#newest + 1, at - COLUMNS + 1); empty < at; empty++) {
        const cleared = empty % COLUMNS * FIELDS;
        values.fill(NaN, cleared, cleared + FIELDS);
      }
      values.fill(value, slot, slot + FIELDS);
      this.#newest = at;
      return;
    }
    values[slot + LAST] = value;
    if (value < values[slot + LOW]!) values[slot + LOW] = value;
    if (value > values[slot + HIGH]!) values[slot + HIGH] = value;
  }

  /** The columns that have values, from oldest to newest. */
  columns(): Column[] {
    const columns: Column[] = [];
    const values = this.#values;
    for (let at = Math.max(0, this.#newest - COLUMNS + 1); at <= this.#newest; at++) {
      const slot = at % COLUMNS * FIELDS;
      const first = values[slot + FIRST]!;
      if (Number.isNaN(first)) continue;
      columns.push({
        time: (at + 0.5) * this.width,
        first,
        last: values[slot + LAST]!,
        low: values[slot + LOW]!,
        high: values[slot + HIGH]!,
      });
    }
    return columns;
  }
}
