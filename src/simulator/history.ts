/** The last `limit` items of an endless sequence, by their position in that sequence. */
export class History<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  #end = 0;

  /** @throws {RangeError} when the limit is not a whole number above 0 */
  constructor(limit: number) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(`The history limit must be a whole number above 0: got ${limit}`);
    }
    this.#limit = limit;
  }

  /** Position of the oldest item that is kept. */
  get start(): number {
    return this.#end - this.#items.length;
  }

  /** Position after the newest item: the number of items ever added. */
  get end(): number {
    return this.#end;
  }

  /** Adds the newest item; at the limit the oldest one is dropped. */
  push(item: T): void {
    if (this.#items.length < this.#limit) this.#items.push(item);
    else this.#items[this.#end % this.#limit] = item;
    this.#end++;
  }

  /** The item at this position, or undefined if it was dropped or has not been added yet. */
  at(position: number): T | undefined {
    if (position < this.start || position >= this.#end) return undefined;
    return this.#items[position % this.#limit];
  }

  /** The kept items from this position on, at most `count`, oldest first. */
  slice(position: number, count: number): T[] {
    const items: T[] = [];
    const last = Math.min(this.#end, position + count);
    for (let index = Math.max(position, this.start); index < last; index++) items.push(this.at(index)!);
    return items;
  }

  /**
   * The position of the first item for which `reached` holds, or the end. It must hold for all items after
   * that one too.
   */
  search(reached: (item: T) => boolean): number {
    let low = this.start;
    let high = this.#end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (reached(this.at(middle)!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
