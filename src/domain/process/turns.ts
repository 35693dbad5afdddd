/** Work that waits, done one piece after another. */

/** Does what it is given in the order in which that comes, each once the one before is over. */
export class Turns {
  #last: Promise<void> | null = null;

  /** Whether nothing is being done: what comes next starts at once. */
  get isFree(): boolean {
    return this.#last === null;
  }

  /** Does `work` in its turn, and gives what comes of that. After one that failed the next one has its turn too. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last === null ? work() : this.#last.then(work);
    const over: Promise<void> = done.then(() => {}, () => {}).then(() => {
      if (this.#last === over) this.#last = null;
    });
    this.#last = over;
    return done;
  }
}
