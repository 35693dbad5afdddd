/** The history of a run that its page draws: a bounded number of points, however long the run is followed. */
import type { LivePoint } from "./live_message.ts";
import { thinned } from "./thinned_points.ts";

/** The most points of one run, unless there are many runs. */
export const MOST_POINTS = 4_000;

/** Points of one run, oldest first, each with a number that only grows. */
export class PointHistory {
  #points: { readonly at: number; readonly point: LivePoint }[] = [];
  #next = 1;
  readonly #most: number;

  /** With more than `most` points, they are thinned to three quarters. */
  constructor(most = MOST_POINTS) {
    this.#most = most;
  }

  /** The number of the last point; 0 before the first. */
  get last(): number {
    return this.#next - 1;
  }

  /** Adds a point, unless nothing has moved since the last one. */
  add(point: LivePoint): void {
    const before = this.#points.at(-1)?.point;
    if (before !== undefined) {
      // A new time means a new trade; the same time with another equity means a fill at that trade.
      if (point[0] < before[0] || point.every((value, at) => value === before[at])) return;
      if (point[0] === before[0]) this.#points.pop();
    }
    this.#points.push({ at: this.#next++, point });
    if (this.#points.length > this.#most) this.#thin();
  }

  /** Returns the points after number `at`. */
  after(at: number): LivePoint[] {
    let from = this.#points.length;
    while (from > 0 && this.#points[from - 1]!.at > at) from--;
    return this.#points.slice(from).map(({ point }) => point);
  }

  /** Drops all points, because the next one belongs to another run. */
  clear(): void {
    this.#points = [];
  }

  #thin(): void {
    const kept = thinned(this.#points.map(({ point }) => point), this.#most * 3 / 4);
    this.#points = kept.map((at) => this.#points[at]!);
  }
}
