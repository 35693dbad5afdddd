/** The trace of a simulated day, with a digest that is equal for two runs of the same seed. */

/** The last lines, and a digest over all of them. */
export class Trace {
  #one = 0x811c9dc5;
  #other = 0x1b873593;
  #count = 0;
  readonly #last: string[] = [];
  readonly #most: number;

  /** Keeps the last `most` lines as text. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds a line about `time`, ms. */
  add(time: number, what: string): void {
    const line = `${time.toFixed(3)} ${what}`;
    let one = this.#one;
    let other = this.#other;
    for (let at = 0; at < line.length; at++) {
      const code = line.charCodeAt(at);
      one = Math.imul(one ^ code, 0x01000193);
      other = Math.imul(other ^ code, 0x5bd1e995);
      other ^= other >>> 15;
    }
    this.#one = one;
    this.#other = other;
    this.#count++;
    this.#last.push(line);
    if (this.#last.length > 2 * this.#most) this.#last.splice(0, this.#most);
  }

  /** The digest of all lines so far, equal for two days with the same events at the same times. */
  get digest(): string {
    const hex = (half: number) => (half >>> 0).toString(16).padStart(8, "0");
    return `${hex(this.#one)}${hex(this.#other)}-${this.#count}`;
  }

  /** The last lines. */
  get last(): readonly string[] {
    return this.#last.slice(-this.#most);
  }
}
