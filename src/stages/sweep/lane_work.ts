/**
 * Which lane of a thread is at work, and whether it makes progress, in memory that other threads can read at any time.
 */
const LANE = 0;
const TURNS = 1;
const FIELDS = 2;

/** The work of one thread. */
export class LaneWork {
  readonly buffer: SharedArrayBuffer;
  readonly #fields: Int32Array;

  /** New work by default, or that of another thread. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(FIELDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#fields = new Int32Array(buffer);
  }

  /** The lane at this place gets its turn. */
  turnTo(lane: number): void {
    this.#fields[LANE] = lane;
    this.#fields[TURNS]!++;
  }

  /** The place of the lane that had its turn last. */
  get lane(): number {
    return this.#fields[LANE]!;
  }

  /** A number that changes with every turn. */
  get turns(): number {
    return this.#fields[TURNS]!;
  }
}
