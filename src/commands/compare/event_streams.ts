/** The events of two runs, one beside the other. */
import type { EventComparison } from "../../domain/comparison/comparison.ts";
import type { Figures } from "../../domain/comparison/figure_comparison.ts";

/** Compares two streams of events, each as its fields, up to the first difference. */
export async function compareEvents(
  kind: EventComparison["kind"],
  a: AsyncIterable<Figures>,
  b: AsyncIterable<Figures>,
): Promise<EventComparison> {
  const [one, other] = [a[Symbol.asyncIterator](), b[Symbol.asyncIterator]()];
  try {
    for (let same = 0;; same++) {
      const [left, right] = [await one.next(), await other.next()];
      if (left.done && right.done) return { kind, same, first: null };
      const [ofA, ofB] = [left.done ? null : left.value, right.done ? null : right.value];
      if (ofA === null || ofB === null || !isEqual(ofA, ofB)) {
        return { kind, same, first: { number: same + 1, a: ofA, b: ofB } };
      }
    }
  } finally {
    await one.return?.();
    await other.return?.();
  }
}

/** Whether two events have the same fields, in whatever order. */
function isEqual(a: Figures, b: Figures): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
