/**
 * Equity over time, in two forms: samples at regular times, from which volatility is computed, and a curve with few
 * enough points to draw.
 *
 * Both look at equity only at whole multiples of a period since 1970 (UTC): every minute, hour and day for
 * the samples; for the curve every millisecond at first, then every 2, 4, 8, … as it fills up. Equity at such
 * a time is what the last trade before it left, however long ago that was. Times that repeat or go back
 * are before the next multiple and change nothing, so the curve's times only ever rise.
 */
import { DAY, HOUR } from "../numbers/time.ts";

/** The period between two samples. */
export type Sampling = "1d" | "1h" | "1m";

/** One point of the curve: µs since 1970, and equity in quote currency as a double, for display only. */
export interface CurvePoint {
  readonly time: number;
  readonly equity: number;
}

/** A finished curve. */
export interface SampledEquity {
  /** The period of the returns; null if even the minutes give fewer than two. */
  readonly sampling: Sampling | null;
  /**
   * Simple returns, (later − earlier) ÷ earlier, of consecutive samples: from the start cash at the first
   * trade to the first whole period, from period to period, and from the last one to the last trade. The
   * first and the last period are therefore shorter than the others, and all returns together compound to the
   * whole.
   */
  readonly returns: readonly number[];
  /** At most 2,000 points, the first and the last trade's among them. Empty when there was no trade. */
  readonly points: readonly CurvePoint[];
}

/** The most points that a finished curve has. */
export const MAX_POINTS = 2_000;

/** With this many returns, a coarser period is preferred to a finer one: the usual size of a large sample. */
const ENOUGH_RETURNS = 30;
const FEWEST_RETURNS = 2;
/** A hundred years of days. A trade with a time beyond that is a mistake of the exchange's clock. */
const MAX_SAMPLES = 36_525;

const MILLISECOND = 1_000;
const MINUTE = 60_000_000;

/**
 * Equity as it develops, for one account.
 *
 * The caller makes one comparison per trade:
 *
 * @example
 * ```ts
 * import { EquityCurve } from "./equity_curve.ts";
 * import { assertEquals } from "@std/assert";
 * const curve = new EquityCurve();
 * let equity = 1000;
 * for (const [time, next] of [[0, 1010], [60_000_000, 990], [90_000_000, 1089]] as const) {
 *   if (time >= curve.due) curve.mark(time, equity);
 *   equity = next;
 * }
 * const { sampling, returns, points } = curve.finish(90_000_000, equity);
 * assertEquals([sampling, ...returns], ["1m", 0.01, 79 / 1010]);
 * assertEquals(points[0], { time: 0, equity: 1000 });
 * assertEquals(points.at(-1), { time: 90_000_000, equity: 1089 });
 * ```
 */
export class EquityCurve {
  /**
   * From coarse to fine. A finer grid is dropped once a coarser one has enough samples, so hours never cover
   * more than 31 days, and minutes never more than 31 hours.
   */
  readonly #grids: Grid[] = [
    new Grid("1d", DAY, ENOUGH_RETURNS),
    new Grid("1h", HOUR, ENOUGH_RETURNS),
    new Grid("1m", MINUTE, FEWEST_RETURNS),
  ];
  readonly #thinned: ThinnedCurve;
  #due = -Infinity;

  /** The finished curve has `points` at most. */
  constructor(points: number = MAX_POINTS) {
    this.#thinned = new ThinnedCurve(points);
  }

  /**
   * `mark` has nothing to do for trades before this time, µs since 1970; minus infinity before the first
   * trade.
   */
  get due(): number {
    return this.#due;
  }

  /**
   * Marks a trade at `time` (µs since 1970). `equity` (quote currency) is the equity before it: cash +
   * position × price after the trade before, or the start cash before the first. The work is bounded however
   * far the time has jumped.
   */
  mark(time: number, equity: number): void {
    if (time < this.#due) return;
    const grids = this.#grids;
    for (let index = 0; index < grids.length; index++) {
      const grid = grids[index]!;
      grid.mark(time, equity);
      if (grid.samples.length > ENOUGH_RETURNS) grids.length = index + 1;
    }
    this.#thinned.mark(time, equity);
    let { due } = this.#thinned;
    for (const grid of grids) due = Math.min(due, grid.due);
    this.#due = due;
  }

  /**
   * The curve up to a last trade at `time` (µs since 1970), after which equity is `equity` (quote currency).
   * Changes nothing, so a curve may continue after it.
   */
  finish(time: number, equity: number): SampledEquity {
    const grid = this.#grids.find(({ samples, needed }) => samples.length >= needed);
    return {
      sampling: grid?.sampling ?? null,
      returns: grid === undefined ? [] : simpleReturns([...grid.samples, equity]),
      points: this.#thinned.finish(time, equity),
    };
  }
}

/** Samples of equity, one per period. */
class Grid {
  readonly sampling: Sampling;
  /** How many samples it needs to be of use. */
  readonly needed: number;
  readonly samples: number[] = [];
  due = -Infinity;
  readonly #period: number;

  constructor(sampling: Sampling, period: number, needed: number) {
    this.sampling = sampling;
    this.#period = period;
    this.needed = needed;
  }

  mark(time: number, equity: number): void {
    if (time < this.due) return;
    const passed = this.samples.length === 0 ? 1 : multiples(this.due, time, this.#period);
    const room = MAX_SAMPLES - this.samples.length;
    for (let i = Math.min(passed, room); i > 0; i--) this.samples.push(equity);
    this.due = passed < room ? multipleAfter(time, this.#period) : Infinity;
  }
}

/**
 * Equity at the first trade and at every multiple of a spacing that doubles whenever there are too many
 * points.
 */
class ThinnedCurve {
  due = -Infinity;
  #spacing = MILLISECOND;
  #points: CurvePoint[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  mark(time: number, equity: number): void {
    if (time < this.due) return;
    if (this.#points.length === 0) {
      this.#points.push({ time, equity });
      this.due = multipleAfter(time, this.#spacing);
      return;
    }
    // One place is kept for the last point.
    while (this.#points.length + multiples(this.due, time, this.#spacing) >= this.#most) this.#thin();
    for (; this.due <= time; this.due += this.#spacing) this.#points.push({ time: this.due, equity });
  }

  finish(time: number, equity: number): CurvePoint[] {
    const points = [...this.#points];
    const latest = points.at(-1);
    if (latest === undefined) return [];
    // The equity after the last trade replaces the one before it, so that no time appears twice.
    if (points.length > 1 && latest.time >= time) points.pop();
    points.push({ time: Math.max(time, latest.time), equity });
    return points;
  }

  #thin(): void {
    // `due` is a multiple of the old spacing, so it is one of the new or halfway between two.
    if (this.due % (2 * this.#spacing) !== 0) this.due += this.#spacing;
    this.#spacing *= 2;
    this.#points = this.#points.filter(({ time }, index) => index === 0 || time % this.#spacing === 0);
  }
}

/** The first multiple of `period` after `time`, exactly, for times of zero or more. */
function multipleAfter(time: number, period: number): number {
  return time - time % period + period;
}

/** How many multiples of `period` there are from `first`, itself a multiple, up to and including `time`. */
function multiples(first: number, time: number, period: number): number {
  return time < first ? 0 : Math.floor((time - first) / period) + 1;
}

function simpleReturns(samples: readonly number[]): number[] {
  return samples.slice(1).map((later, index) => {
    const earlier = samples[index]!;
    // With nothing left, nothing can be earned or lost.
    return earlier === 0 ? 0 : (later - earlier) / earlier;
  });
}
