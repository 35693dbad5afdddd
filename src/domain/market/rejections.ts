/** Counts rejected messages, and keeps the first of them to show. */

/** Messages rejected since they were last asked for. */
export interface Rejections {
  readonly count: number;
  /** What was wrong with the first of them. */
  readonly reason: string;
  /** Its beginning, at most 200 characters. */
  readonly sample: string;
}

/** Messages of one kind. */
export class RejectionTally {
  /** All of them. */
  total = 0;
  #waiting: { count: number; reason: string; sample: string } | null = null;

  /** Counts one. */
  add(reason: string, sample: string): void {
    this.total++;
    if (this.#waiting === null) this.#waiting = { count: 1, reason, sample };
    else this.#waiting.count++;
  }

  /** Those since the last call, or null. */
  take(): Rejections | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }
}
