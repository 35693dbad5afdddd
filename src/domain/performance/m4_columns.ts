/**
 * A line of any number of points, reduced while it arrives to the points that a picture of it needs.
 *
 * Time is divided into columns of equal width. Of each column the first, the last, the lowest and the highest point are
 * kept: a line through these four looks exactly as a line through all points, as long as no column is wider than a pixel
 * (Jugel, Jerzak, Hackenbroich and Markl, "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 7(10),
 * 2014). The width is a millisecond at first. It doubles when there are too many columns, and two neighbours become one:
 * the result is the same as if the width had been known from the start.
 */

/** One point of a line: µs since 1970, and a value. */
export interface Point {
  readonly time: number;
  readonly value: number;
}

const MILLISECOND = 1_000;
/** More than a screen has pixels from left to right, less only on the widest. */
export const MOST_COLUMNS = 2_048;

/** What a column has, in this order: its number, and the four kept points with their times, µs since 1970. */
const AT = 0,
  FIRST_TIME = 1,
  FIRST = 2,
  LAST_TIME = 3,
  LAST = 4,
  LOW_TIME = 5,
  LOW = 6,
  HIGH_TIME = 7,
  HIGH = 8;
const FIELDS = 9;

/** The columns of one line. Column number n covers times from n × width up to the next one's. */
export class M4Columns {
  readonly #most: number;
  /** All columns one after the other: an object each would be most of the cost. */
  readonly #values: Float64Array;
  #count = 0;
  #width = MILLISECOND;
  /** Where the column starts that takes points now. */
  #open = 0;
  #end = -Infinity;

  /** At most `most` columns are kept, and at least half as many once there have been more. */
  constructor(most = MOST_COLUMNS) {
    this.#most = most;
    this.#values = new Float64Array(most * FIELDS);
  }

  /** The width of a column, µs. */
  get width(): number {
    return this.#width;
  }

  /** The first time after the column that takes points now, µs since 1970; minus infinity before the first point. */
  get end(): number {
    return this.#end;
  }

  /**
   * Adds a point. One that steps back in time belongs to the column of the point before it, at that point's time: a
   * line never runs backwards.
   */
  add(time: number, value: number): void {
    if (time >= this.#end) {
      this.#start(time, value);
      return;
    }
    const values = this.#values;
    const open = this.#open;
    const at = Math.max(time, values[open + LAST_TIME]!);
    if (value < values[open + LOW]!) {
      values[open + LOW] = value;
      values[open + LOW_TIME] = at;
    }
    if (value > values[open + HIGH]!) {
      values[open + HIGH] = value;
      values[open + HIGH_TIME] = at;
    }
    values[open + LAST] = value;
    values[open + LAST_TIME] = at;
  }

  /** The kept points, in order of time. A point that is several of the four appears once. */
  points(): Point[] {
    const points: Point[] = [];
    for (let column = 0; column < this.#count; column++) {
      const field = (at: number): number => this.#values[column * FIELDS + at]!;
      const [firstTime, first, lastTime, last] = [
        field(FIRST_TIME),
        field(FIRST),
        field(LAST_TIME),
        field(LAST),
      ];
      const [lowTime, low, highTime, high] = [field(LOW_TIME), field(LOW), field(HIGH_TIME), field(HIGH)];
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
    if (this.#count === this.#most) this.#halve();
    const at = Math.floor(time / this.#width);
    const values = this.#values;
    if (this.#count > 0 && values[this.#open + AT] === at) {
      this.add(time, value);
      return;
    }
    const open = this.#open = this.#count++ * FIELDS;
    values[open + AT] = at;
    for (let field = FIRST_TIME; field < FIELDS; field += 2) {
      values[open + field] = time;
      values[open + field + 1] = value;
    }
    this.#end = (at + 1) * this.#width;
  }

  /** Doubles the width until half of the columns are free. */
  #halve(): void {
    const values = this.#values;
    while (this.#count > this.#most / 2) {
      this.#width *= 2;
      let kept = -FIELDS;
      for (let from = 0; from < this.#count * FIELDS; from += FIELDS) {
        const at = Math.floor(values[from + AT]! / 2);
        if (kept >= 0 && values[kept + AT] === at) merge(values, kept, from);
        else {
          kept += FIELDS;
          // So few numbers are copied faster by a loop than by copyWithin.
          for (let field = FIRST_TIME; field < FIELDS; field++) values[kept + field] = values[from + field]!;
          values[kept + AT] = at;
        }
      }
      this.#count = kept / FIELDS + 1;
    }
    this.#open = (this.#count - 1) * FIELDS;
    this.#end = (values[this.#open + AT]! + 1) * this.#width;
  }
}

/** Adds the points of the column that starts at `later` to the one at `column`. */
function merge(values: Float64Array, column: number, later: number): void {
  if (values[later + LOW]! < values[column + LOW]!) {
    values[column + LOW] = values[later + LOW]!;
    values[column + LOW_TIME] = values[later + LOW_TIME]!;
  }
  if (values[later + HIGH]! > values[column + HIGH]!) {
    values[column + HIGH] = values[later + HIGH]!;
    values[column + HIGH_TIME] = values[later + HIGH_TIME]!;
  }
  values[column + LAST] = values[later + LAST]!;
  values[column + LAST_TIME] = values[later + LAST_TIME]!;
}
