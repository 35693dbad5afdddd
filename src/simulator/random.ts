/**
 * Seeded pseudo-random numbers: the generator sfc32 ("Small Fast Counter", Chris Doty-Humphrey, PractRand),
 * so that the same seed gives the same market and the same faults on every machine.
 */
export class Random {
  #a: number;
  #b: number;
  #c = 0;
  #counter = 1;

  /**
   * @param seed any safe integer; `stream` separates independent sequences of one seed
   * @throws {RangeError} when the seed is not a safe integer
   */
  constructor(seed: number, stream = 0) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`The seed must be an integer: got ${seed}`);
    this.#a = seed | 0;
    this.#b = (Math.floor(seed / 2 ** 32) ^ Math.imul(stream, 0x9e3779b9)) | 0;
    // PractRand discards the first outputs too, because neighbouring seeds start with similar numbers.
    for (let round = 0; round < 15; round++) this.uint32();
  }

  /** A whole number from 0 to 2³² − 1. */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result | 0;
    return result >>> 0;
  }

  /** A number in [0, 1). */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** A standard normal number, by Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** An exponentially distributed number of this mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }
}
