/** Counts rejected messages, and keeps the first of them to show. */

/** Messages rejected since the tally was last taken. */
export interface Rejections {
  readonly count: number;
  /** What was wrong with the first of them. */
  readonly reason: string;
  /** The start of the first of them, at most 200 characters. */
  readonly sample: string;
}

/** Combines the rejections of several tallies; null for none. */
export function combined(all: readonly (Rejections | null)[]): Rejections | null {
  const [first = null, ...more] = all.filter((one) => one !== null);
  return first && { ...first, count: more.reduce((sum, { count }) => sum + count, first.count) };
}

/** Tallies rejected messages. */
export class RejectionTally {
  /** How many were rejected in all. */
  total = 0;
  #waiting: { count: number; reason: string; sample: string } | null = null;

  /** Counts a message. */
  add(reason: string, sample: string): void {
    this.total++;
    if (this.#waiting === null) this.#waiting = { count: 1, reason, sample };
    else this.#waiting.count++;
  }

  /** The messages since the last call; null for none. */
  take(): Rejections | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }
}
