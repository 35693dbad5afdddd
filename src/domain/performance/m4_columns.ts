/**
 * A line of any number of points, reduced while it arrives to the points that a picture of it needs.
 *
 * Time is divided into columns of equal width. Of each column the first, the last, the lowest and the highest point are
 * kept: a line through these four looks exactly as a line through all points, as long as no column is wider than a pixel
 * (Jugel, Jerzak, Hackenbroich and Markl, "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 7(10),
 * 2014). The width is a millisecond at first. It doubles when there are too many columns, and two neighbours become one:
 * the result is the same as if the width had been known from the start.
 */

/** The four kept points of one column. Times in µs since 1970, in order of time: first ≤ low, high ≤ last. */
export interface Column {
  /** The number of the column: the column covers times from `at × width` up to the next one's. */
  at: number;
  firstTime: number;
  first: number;
  lastTime: number;
  last: number;
  lowTime: number;
  low: number;
  highTime: number;
  high: number;
}

/** One point of a line: µs since 1970, and a value. */
export interface Point {
  readonly time: number;
  readonly value: number;
}

const MILLISECOND = 1_000;
/** More than a screen has pixels from left to right, less only on the widest. */
export const MOST_COLUMNS = 2_048;

/** The columns of one line. */
export class M4Columns {
  readonly #most: number;
  #columns: Column[] = [];
  #width = MILLISECOND;
  #open: Column | null = null;

  /** At most `most` columns are kept, and at least half as many once there have been more. */
  constructor(most = MOST_COLUMNS) {
    this.#most = most;
  }

  /** The width of a column, µs. */
  get width(): number {
    return this.#width;
  }

  /** The first time after the column that takes points now, µs since 1970; minus infinity before the first point. */
  get end(): number {
    return this.#open === null ? -Infinity : (this.#open.at + 1) * this.#width;
  }

  /**
   * Adds a point. One that steps back in time belongs to the column of the point before it, at that point's time: a
   * line never runs backwards.
   */
  add(time: number, value: number): void {
    const open = this.#open;
    if (open === null || time >= this.end) {
      this.#start(time, value);
      return;
    }
    const at = Math.max(time, open.lastTime);
    if (value < open.low) {
      open.low = value;
      open.lowTime = at;
    }
    if (value > open.high) {
      open.high = value;
      open.highTime = at;
    }
    open.last = value;
    open.lastTime = at;
  }

  /** The kept points, in order of time. A point that is several of the four appears once. */
  points(): Point[] {
    const points: Point[] = [];
    for (const { firstTime, first, lowTime, low, highTime, high, lastTime, last } of this.#columns) {
      points.push({ time: firstTime, value: first });
      const between = [{ time: lowTime, value: low }, { time: highTime, value: high }];
      if (highTime < lowTime) between.reverse();
      for (const point of between) {
        if (point.value !== first && point.value !== last) points.push(point);
      }
      if (lastTime !== firstTime || last !== first) points.push({ time: lastTime, value: last });
    }
    return points;
  }

  #start(time: number, value: number): void {
    if (this.#columns.length === this.#most) this.#halve();
    const at = Math.floor(time / this.#width);
    if (this.#open !== null && this.#open.at === at) {
      this.add(time, value);
      return;
    }
    this.#open = {
      at,
      firstTime: time,
      first: value,
      lastTime: time,
      last: value,
      lowTime: time,
      low: value,
      highTime: time,
      high: value,
    };
    this.#columns.push(this.#open);
  }

  /** Doubles the width until half of the columns are free. */
  #halve(): void {
    while (this.#columns.length > this.#most / 2) {
      this.#width *= 2;
      const merged: Column[] = [];
      for (const column of this.#columns) {
        column.at = Math.floor(column.at / 2);
        const before = merged.at(-1);
        if (before?.at === column.at) merge(before, column);
        else merged.push(column);
      }
      this.#columns = merged;
    }
    this.#open = this.#columns.at(-1)!;
  }
}

/** Adds the points of a later column to `column`. */
function merge(column: Column, later: Column): void {
  if (later.low < column.low) {
    column.low = later.low;
    column.lowTime = later.lowTime;
  }
  if (later.high > column.high) {
    column.high = later.high;
    column.highTime = later.highTime;
  }
  column.last = later.last;
  column.lastTime = later.lastTime;
}
