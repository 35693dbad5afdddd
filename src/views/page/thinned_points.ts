/**
 * Thins the history of a run for its charts, which show its last minutes as well as its last days. So newer points stay
 * closer together: the time between points grows with their age.
 */
import type { LivePoint } from "./live_message.ts";

/**
 * The share of its age that a group spans at first, and the factor by which that grows until few enough points are
 * left.
 */
const SHARE = 1 / 1_000;
const STEP = 1.25;

/**
 * Returns which of the points to keep, `most` of them or fewer, as their indices in order. Points are oldest first,
 * each later than the one before, and `most` is at least 5. The first and the last are kept, and of each group of
 * neighbours those with its lowest price, its highest price and its deepest drawdown.
 */
export function thinned(points: readonly LivePoint[], most: number): number[] {
  for (let share = SHARE;; share *= STEP) {
    const kept = keptWith(points, share);
    if (kept.length <= most) return kept;
  }
}

/** The points to keep if a group spans `share` of the age of its youngest point. */
function keptWith(points: readonly LivePoint[], share: number): number[] {
  const end = points.at(-1)?.[0] ?? 0;
  const kept = new Set<number>();
  for (let last = points.length - 1; last >= 0;) {
    const youngest = points[last]![0];
    let first = last;
    while (first > 0 && youngest - points[first - 1]![0] < (end - youngest) * share) first--;
    let [low, high, deep] = [last, last, last];
    for (let at = first; at < last; at++) {
      const [, price, , drawdown] = points[at]!;
      if (price < points[low]![1]) low = at;
      if (price > points[high]![1]) high = at;
      if (drawdown > points[deep]![3]) deep = at;
    }
    for (const at of [low, high, deep]) kept.add(at);
    last = first - 1;
  }
  if (points.length > 0) kept.add(0);
  return [...kept].sort((a, b) => a - b);
}
