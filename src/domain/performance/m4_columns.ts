/**
 * Reduces lines of any number of points at the same times, as they arrive, to the points that a picture needs.
 *
 * Time is divided into columns of equal width. Each column keeps the first, the last, the lowest and the highest point
 * of every line: a line through these four looks exactly as a line through all points, as long as no column is
 * wider than a pixel (Jugel, Jerzak, Hackenbroich and Markl, "M4: A Visualization-Oriented Time Series Data
 * Aggregation", PVLDB 7(10), 2014). The width is a millisecond at first. When there are too many columns, it
 * doubles, and every two neighbours become one: the result is the same as if the width had been known from the start.
 */

/** One point of a line: µs since 1970, and a value. */
export interface Point {
  readonly time: number;
  readonly value: number;
}

const MILLISECOND = 1_000;
/** More columns than most screens have pixels from left to right. */
export const MOST_COLUMNS = 2_048;

/**
 * The fields of a column, in this order: its number, the times of its first and last points, µs since 1970, and its
 * lines.
 */
const AT = 0,
  FIRST_TIME = 1,
  LAST_TIME = 2,
  LINES = 3;
/** The fields of each line in a column. */
const FIRST = 0,
  LAST = 1,
  LOW_TIME = 2,
  LOW = 3,
  HIGH_TIME = 4,
  HIGH = 5,
  LINE_FIELDS = 6;

/** The columns of some lines. Column n covers the times from n × width up to (n + 1) × width. */
export class M4Columns {
  readonly #most: number;
  readonly #fields: number;
  /** All columns one after another: an object for each would be most of the cost. */
  readonly #values: Float64Array;
  #count = 0;
  #width = MILLISECOND;
  /** Where the column that takes points now starts in `#values`. */
  #open = 0;
  #end = -Infinity;

  /** Keeps at most `most` columns, and at least half as many once there have been more. */
  constructor(lines: number, most = MOST_COLUMNS) {
    this.#most = most;
    this.#fields = LINES + lines * LINE_FIELDS;
    this.#values = new Float64Array(most * this.#fields);
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
   * Adds a point of each line. A point that steps back in time gets the time and the column of the point before it,
   * so that a line never runs backwards.
   */
  add(time: number, points: Float64Array): void {
    if (time >= this.#end && !this.#isWithin(time)) {
      this.#start(time, points);
      return;
    }
    const values = this.#values;
    const open = this.#open;
    const at = Math.max(time, values[open + LAST_TIME]!);
    values[open + LAST_TIME] = at;
    for (let line = 0, from = open + LINES; line < points.length; line++, from += LINE_FIELDS) {
      const value = points[line]!;
      stretch(values, from, at, value);
      values[from + LAST] = value;
    }
  }

  /** Adds a point of one line between the last point and the next, which is added later and to the same column. */
  addBetween(line: number, time: number, value: number): void {
    const at = Math.max(time, this.#values[this.#open + LAST_TIME]!);
    stretch(this.#values, this.#open + LINES + line * LINE_FIELDS, at, value);
  }

  /** The kept points of a line, in order of time. A point that is several of a column's four appears once. */
  points(line: number): Point[] {
    const points: Point[] = [];
    const values = this.#values;
    const end = this.#count * this.#fields;
    for (let column = 0; column < end; column += this.#fields) pointsOf(values, column, line, points);
    return points;
  }

  /** Whether a time is in the column that takes points now, once there are few enough columns for it. */
  #isWithin(time: number): boolean {
    if (this.#count === this.#most) this.#halve();
    return this.#count > 0 && Math.floor(time / this.#width) === this.#values[this.#open + AT];
  }

  #start(time: number, points: Float64Array): void {
    const at = Math.floor(time / this.#width);
    const values = this.#values;
    const open = this.#open = this.#count++ * this.#fields;
    values[open + AT] = at;
    values[open + FIRST_TIME] = values[open + LAST_TIME] = time;
    for (let line = 0, from = open + LINES; line < points.length; line++, from += LINE_FIELDS) {
      values[from + LOW_TIME] = values[from + HIGH_TIME] = time;
      values[from + FIRST] =
        values[from + LAST] =
        values[from + LOW] =
        values[from + HIGH] =
          points[line]!;
    }
    this.#end = (at + 1) * this.#width;
  }

  /** Doubles the width until half of the columns are free. */
  #halve(): void {
    const values = this.#values;
    const fields = this.#fields;
    while (this.#count > this.#most / 2) {
      this.#width *= 2;
      let kept = -fields;
      for (let from = 0; from < this.#count * fields; from += fields) {
        const at = Math.floor(values[from + AT]! / 2);
        if (kept >= 0 && values[kept + AT] === at) merge(values, kept, from, fields);
        else {
          kept += fields;
          move(values, kept, from, fields);
          values[kept + AT] = at;
        }
      }
      this.#count = kept / fields + 1;
    }
    this.#open = (this.#count - 1) * fields;
    this.#end = (values[this.#open + AT]! + 1) * this.#width;
  }
}

// Each operation on one column is a function of its own. The loops over all columns run only a few times, and V8 would
// otherwise compile the operations into them, which takes longer than the loops.

/** Adds the points of a line in the column that starts at `column` to `points`. */
function pointsOf(values: Float64Array, column: number, line: number, points: Point[]): void {
  const from = column + LINES + line * LINE_FIELDS;
  const firstTime = values[column + FIRST_TIME]!;
  const lastTime = values[column + LAST_TIME]!;
  const first = values[from + FIRST]!;
  const last = values[from + LAST]!;
  const low = { time: values[from + LOW_TIME]!, value: values[from + LOW]! };
  const high = { time: values[from + HIGH_TIME]!, value: values[from + HIGH]! };
  const isHighFirst = high.time < low.time;
  const earlier = isHighFirst ? high : low;
  const later = isHighFirst ? low : high;
  points.push({ time: firstTime, value: first });
  if (earlier.value !== first && earlier.value !== last) points.push(earlier);
  if (later.value !== first && later.value !== last) points.push(later);
  if (lastTime !== firstTime || last !== first) points.push({ time: lastTime, value: last });
}

/** Moves a column. A loop copies so few numbers faster than copyWithin. */
function move(values: Float64Array, to: number, from: number, fields: number): void {
  for (let field = 0; field < fields; field++) values[to + field] = values[from + field]!;
}

/** Adds the points of the column that starts at `later` to the one at `column`. */
function merge(values: Float64Array, column: number, later: number, fields: number): void {
  values[column + LAST_TIME] = values[later + LAST_TIME]!;
  for (let line = LINES; line < fields; line += LINE_FIELDS) {
    const from = column + line;
    const next = later + line;
    stretch(values, from, values[next + LOW_TIME]!, values[next + LOW]!);
    stretch(values, from, values[next + HIGH_TIME]!, values[next + HIGH]!);
    values[from + LAST] = values[next + LAST]!;
  }
}

/** Extends a line, which starts at `from` in its column, to a point. */
function stretch(values: Float64Array, from: number, time: number, value: number): void {
  if (value < values[from + LOW]!) {
    values[from + LOW] = value;
    values[from + LOW_TIME] = time;
  }
  if (value > values[from + HIGH]!) {
    values[from + HIGH] = value;
    values[from + HIGH_TIME] = time;
  }
}
