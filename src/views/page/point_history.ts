/** The history of a run that its page draws: a bounded number of points, however long the run is followed. */
import type { LivePoint } from "./live_message.ts";

/** With more points than this, every second one is dropped. */
const MOST = 4_000;

/** Points of one run, oldest first, each with a number that only grows. */
export class PointHistory {
  #points: { readonly at: number; readonly point: LivePoint }[] = [];
  #next = 1;

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
    if (this.#points.length > MOST) this.#thin();
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

  /** Keeps the first and the last point, and of each two between them the one with the deeper drawdown. */
  #thin(): void {
    const [first, ...others] = this.#points;
    const last = others.pop()!;
    const kept = [first!];
    for (let at = 0; at < others.length; at += 2) {
      const [one, other = one] = [others[at]!, others[at + 1]];
      kept.push(other.point[3] > one.point[3] ? other : one);
    }
    this.#points = [...kept, last];
  }
}
