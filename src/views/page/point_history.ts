/** The history of a run that its page draws: as many points as a screen can show, however long the run is followed. */
import type { LivePoint } from "./live_message.ts";

/** Beyond this many, every second point goes. */
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
      // Another time is another trade; the same with another equity is a fill at that trade.
      if (point[0] < before[0] || point.every((value, at) => value === before[at])) return;
      if (point[0] === before[0]) this.#points.pop();
    }
    this.#points.push({ at: this.#next++, point });
    if (this.#points.length > MOST) this.#thin();
  }

  /** Those after the point with the number `at`. */
  after(at: number): LivePoint[] {
    let from = this.#points.length;
    while (from > 0 && this.#points[from - 1]!.at > at) from--;
    return this.#points.slice(from).map(({ point }) => point);
  }

  /** Forgets all of them: the next one is of another run. */
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
