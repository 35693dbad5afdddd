/**
 * Judges trade ids: each follows the last one, was seen before, leaves a gap, or was never seen although a later one
 * was.
 *
 * A single message with a wild id would otherwise turn every later trade into a duplicate. So a trade whose id is more
 * than 10^9 above the previous one is accepted only once the next trade follows it.
 */

/** More than any symbol trades in half a year; smaller jumps are ordinary gaps. */
const ID_JUMP = 1_000_000_000;
/** How many open holes are remembered, and how many of the latest a snapshot keeps. */
const MOST_HOLES = 100_000;
const KEPT_HOLES = 16;

/** The id starts the sequence or follows the last one. */
export const NEXT = 0;
/** The id was seen before. */
export const DUPLICATE = -1;
/** The id is too far ahead to be accepted by itself; the next trade decides. */
export const UNPROVEN = -2;
/** The id is below the last one and was never seen: before the first, or in a hole that is still open. */
export const UNSEEN = -3;

/** Which ids have been seen: those from the first to the last that lie in no hole. */
export interface SeenIds {
  /** The first id of the sequence, and that of the last trade. */
  readonly first: number;
  readonly last: number;
  /** The holes that are still open, in order: the first and the last missing id of each, both inclusive. */
  readonly holes: readonly number[];
  /** The same for ids that only unusable messages had: neither missing nor seen. Absent if there are none. */
  readonly unusable?: readonly number[];
}

/** The ids of one symbol's trades. */
export class Continuity {
  #first = 0;
  #last = -1;
  /**
   * The ids after the last one, up to this one, were read too, but no usable trade has them yet. May be below
   * the last one.
   */
  #readTo = -1;
  /** As in SeenIds. */
  #holes: number[] = [];
  #unusable: number[] = [];

  /** The last id accepted; -1 before the first. */
  get last(): number {
    return this.#last;
  }

  /** The last id that was read, even if the rest of its message was unusable; -1 before the first trade. */
  get readTo(): number {
    return Math.max(this.#last, this.#readTo);
  }

  /**
   * NEXT, DUPLICATE, UNPROVEN, UNSEEN, or the number of trades missing before `firstId` (a gap, above 0). The
   * sequence moves on with NEXT only; `jump` accepts a gap.
   */
  judge(firstId: number, lastId: number): number {
    const last = this.#last;
    if (firstId === last + 1 && lastId - last <= ID_JUMP) {
      this.#last = lastId;
      return NEXT;
    }
    if (last < 0) {
      this.restart(firstId, lastId);
      return NEXT;
    }
    if (lastId <= last) return this.#isUnseen(firstId, lastId) ? UNSEEN : DUPLICATE;
    if (lastId - last > ID_JUMP) return UNPROVEN;
    const missing = firstId - this.readTo - 1;
    if (missing > 0) return missing;
    this.#close(firstId, last);
    this.#passUnusable(firstId - 1);
    this.#last = lastId;
    return NEXT;
  }

  /** Moves to the last of several consecutive trades after the last one. */
  follow(lastId: number): void {
    this.#last = lastId;
  }

  /** Moves to a trade after a gap: the ids missing before `firstId` become a hole. */
  jump(firstId: number, lastId: number): void {
    const holes = this.#holes;
    const { readTo } = this;
    this.#passUnusable(readTo);
    if (firstId > readTo + 1) holes.push(readTo + 1, firstId - 1);
    this.#last = lastId;
    if (holes.length > 2 * MOST_HOLES) this.#forget();
  }

  /** Starts again at a trade, whatever its ids are. */
  restart(firstId: number, lastId: number): void {
    this.#first = firstId;
    this.#last = this.#readTo = lastId;
    this.#holes = [];
    this.#unusable = [];
  }

  /**
   * Notes ids that were read but belong to no usable trade. They do not count as missing before the next
   * trade, nor as seen: a usable copy may still arrive.
   */
  skip(firstId: number, lastId: number): void {
    const { readTo } = this;
    if (readTo >= 0 && lastId > readTo && firstId <= readTo + 1) this.#readTo = lastId;
  }

  /**
   * Which ids have been seen. To stay small, it keeps only the latest holes: nothing before those counts as
   * seen.
   */
  snapshot(): SeenIds {
    const holes = this.#holes;
    const from = holes.length - 2 * KEPT_HOLES;
    const unusable = this.#unusable.slice(-2 * KEPT_HOLES);
    return {
      ...(from <= 0
        ? { first: this.#first, last: this.#last, holes: [...holes] }
        : { first: holes[from - 1]! + 1, last: this.#last, holes: holes.slice(from) }),
      ...(unusable.length === 0 ? {} : { unusable }),
    };
  }

  /** Continues from `readTo`. Older journals have no `seen`: then every id up to `readTo` counts as seen. */
  restore(readTo: number, seen: SeenIds = { first: 0, last: readTo, holes: [] }): void {
    this.#first = seen.first;
    this.#last = seen.last;
    this.#readTo = readTo;
    this.#holes = [...seen.holes];
    this.#unusable = [...seen.unusable ?? []];
  }

  /** Whether none of these ids, which are at or below the last one, has been seen. */
  #isUnseen(firstId: number, lastId: number): boolean {
    if (lastId < this.#first) return true;
    return isWithin(this.#holes, firstId, lastId) || isWithin(this.#unusable, firstId, lastId);
  }

  /** Moves past the ids up to this one, which only unusable messages had. A usable copy of them may still arrive. */
  #passUnusable(lastId: number): void {
    if (lastId <= this.#last) return;
    this.#unusable.push(this.#last + 1, lastId);
    // What is forgotten counts as seen.
    if (this.#unusable.length > 2 * MOST_HOLES) this.#unusable.splice(0, MOST_HOLES);
  }

  /** Notes ids as seen. */
  #close(firstId: number, lastId: number): void {
    if (firstId < this.#first) this.#first = firstId;
    close(this.#holes, firstId, lastId);
    close(this.#unusable, firstId, lastId);
  }

  /** Drops the older half of the holes: ids up to the last one dropped no longer count as seen. */
  #forget(): void {
    const dropped = this.#holes.splice(0, this.#holes.length - MOST_HOLES);
    this.#first = dropped.at(-1)! + 1;
  }
}

/** Removes ids from the holes that contain them. */
function close(holes: number[], firstId: number, lastId: number): void {
  for (let at = holes.length - 2; at >= 0 && holes[at + 1]! >= firstId; at -= 2) {
    const [from, to] = [holes[at]!, holes[at + 1]!];
    const left = from < firstId ? [from, firstId - 1] : [];
    const right = to > lastId ? [lastId + 1, to] : [];
    holes.splice(at, 2, ...left, ...right);
  }
}

/** Whether one of the holes contains all of these ids. */
function isWithin(holes: readonly number[], firstId: number, lastId: number): boolean {
  let low = 0;
  let high = holes.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holes[2 * middle]! <= firstId) low = middle + 1;
    else high = middle;
  }
  return low > 0 && lastId <= holes[2 * low - 1]!;
}
