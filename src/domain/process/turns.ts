/** Asynchronous work, one piece after another. */

/** Does pieces of work in order of arrival, each after the one before has ended. */
export class Turns {
  #last: Promise<void> | null = null;

  /** Whether nothing is being done, so that the next piece starts at once. */
  get isFree(): boolean {
    return this.#last === null;
  }

  /** Does `work` in its turn, and returns its outcome. A failure does not stop the pieces after it. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last === null ? work() : this.#last.then(work);
    const over: Promise<void> = done.then(() => {}, () => {}).then(() => {
      if (this.#last === over) this.#last = null;
    });
    this.#last = over;
    return done;
  }
}
