/**
 * Judges trade ids: one after the other, a duplicate, a gap, or a leap that needs a second witness.
 *
 * A single message with a wild id would otherwise make every later trade a duplicate of it. So a trade whose id
 * lies more than 10^9 from the one before, either way, is believed only once the next trade follows on it.
 */

/** More than any symbol trades in half a year; smaller jumps are ordinary gaps. */
const LEAP = 1_000_000_000;

/** The id starts the sequence or follows on it. */
export const NEXT = 0;
/** The id was seen before. */
export const DUPLICATE = -1;
/** The id is too far off to be believed alone; the trade after it decides. */
export const UNPROVEN = -2;

/** The ids of one symbol's trades. */
export class Continuity {
  #last = -1;

  /** The last id accepted; -1 before the first. */
  get last(): number {
    return this.#last;
  }

  /** NEXT, DUPLICATE, UNPROVEN, or the number of trades missing before `firstId` (a gap, above 0). */
  judge(firstId: number, lastId: number): number {
    const last = this.#last;
    if (firstId === last + 1 || last < 0) {
      this.#last = lastId;
      return NEXT;
    }
    if (Math.abs(lastId - last) > LEAP) return UNPROVEN;
    if (lastId <= last) return DUPLICATE;
    this.#last = lastId;
    return Math.max(0, firstId - last - 1);
  }

  /** Moves to `id` without a trade: an id that the exchange used for something that was not one. */
  skip(id: number): void {
    if (id === this.#last + 1) this.#last = id;
  }

  /** Goes on from `lastId`, wherever that is. */
  moveTo(lastId: number): void {
    this.#last = lastId;
  }
}
