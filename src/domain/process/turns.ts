/** Work that waits, done one piece after another. */

/** Runs pieces of work in the order in which they come, each once the one before is over. */
export class Turns {
  #last: Promise<void> | null = null;

  /** Whether no work is running or waiting: what comes next starts at once. */
  get isFree(): boolean {
    return this.#last === null;
  }

  /** Runs `work` in its turn and returns its outcome. A piece that fails does not stop the next one. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last === null ? work() : this.#last.then(work);
    const over: Promise<void> = done.then(() => {}, () => {}).then(() => {
      if (this.#last === over) this.#last = null;
    });
    this.#last = over;
    return done;
  }
}
