/** A long random walk of trades, as the bytes of a CSV file and as plain numbers, a chunk at a time. */

/** The number of trades in a chunk. */
export const CHUNK_TRADES = 20_000;

const FIRST_ID = 1_000_000_000;
const FIRST_TIME = 1_700_000_000_000_000;
const FIRST_PRICE = 50_000_00;
const LEAST_PRICE = 10_000_00;
const MOST_PRICE = 99_999_99;
/** One row; the digits of the id, of the price in cents and of the time are overwritten. */
const ROW = new TextEncoder().encode(
  "0000000000,00000.00000000,0.00100000,60.00000000,0000000000000000,True,True\n",
);
const ID_END = 10, WHOLE_END = 16, CENTS_END = 19, TIME_END = 65;
/** A time has sixteen digits, which are written as two integers of eight. */
const EIGHT_DIGITS = 100_000_000;

/** The walk: `next` makes another chunk, which overwrites the bytes and prices of the one before. */
export class RandomWalk {
  readonly bytes = new Uint8Array(CHUNK_TRADES * ROW.length);
  /** Prices of the chunk available, in cents. */
  readonly cents = new Int32Array(CHUNK_TRADES);
  #state: number;
  #id = FIRST_ID;
  #time = FIRST_TIME;
  #price = FIRST_PRICE;

  constructor(seed: number) {
    this.#state = seed | 1;
    for (let at = 0; at < this.bytes.length; at += ROW.length) this.bytes.set(ROW, at);
  }

  /** The id of the first trade in the next chunk; they go up by one. */
  get id(): number {
    return this.#id;
  }

  next(): void {
    const { bytes, cents } = this;
    for (let n = 0, row = 0; n < CHUNK_TRADES; n++, row += ROW.length) {
      const random = this.#random();
      // Steps from -2 to 2 cents, so that averages are exactly equal now and then.
      const price = this.#price + random % 5 - 2;
      this.#price = Math.min(MOST_PRICE, Math.max(LEAST_PRICE, price));
      this.#time += (random >>> 8) % 50_000;
      cents[n] = this.#price;
      write(bytes, row + ID_END, 10, this.#id++);
      const whole = Math.floor(this.#price / 100);
      write(bytes, row + WHOLE_END, 5, whole);
      write(bytes, row + CENTS_END, 2, this.#price - whole * 100);
      const low = this.#time % EIGHT_DIGITS;
      write(bytes, row + TIME_END, 8, low);
      write(bytes, row + TIME_END - 8, 8, (this.#time - low) / EIGHT_DIGITS);
    }
  }

  /** Marsaglia's xorshift with 32 bits, 0 and above. */
  #random(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }
}

/** Writes `value`, below 2^31, with this many digits before `end`. */
function write(bytes: Uint8Array, end: number, digits: number, value: number): void {
  let rest = value | 0;
  for (let at = end - 1; at >= end - digits; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
}
