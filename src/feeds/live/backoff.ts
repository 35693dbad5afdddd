/** How long to wait before the next try to connect. */

const FIRST_CEILING_MS = 250;

/**
 * Exponential backoff with full jitter: the nth wait is drawn evenly from 0 to min(`maxMs`, 250 ms × 2^n).
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export class Backoff {
  readonly #maxMs: number;
  readonly #random: () => number;
  #tries = 0;

  /** `random` gives numbers from 0 to below 1. */
  constructor(maxMs: number, random: () => number = Math.random) {
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** The longest the next wait may be, ms. */
  get ceilingMs(): number {
    return Math.min(this.#maxMs, FIRST_CEILING_MS * 2 ** Math.min(this.#tries, 40));
  }

  /** The next wait, whole ms; the one after it is drawn from twice the range. */
  next(): number {
    const wait = Math.round(this.#random() * this.ceilingMs);
    this.#tries++;
    return wait;
  }

  /** Starts over from the shortest range. */
  reset(): void {
    this.#tries = 0;
  }
}

/** Keeps connection attempts within the exchange's budget: at most `attempts` in any `windowMs`. */
export class ConnectionBudget {
  readonly #attempts: number;
  readonly #windowMs: number;
  #made: number[] = [];

  constructor({ attempts, windowMs }: { readonly attempts: number; readonly windowMs: number }) {
    this.#attempts = attempts;
    this.#windowMs = windowMs;
  }

  /** The time from `now` (ms) until one more attempt is within the budget, ms. */
  waitMs(now: number): number {
    this.#made = this.#made.filter((at) => at > now - this.#windowMs);
    const oldest = this.#made[this.#made.length - this.#attempts];
    return oldest === undefined ? 0 : oldest + this.#windowMs - now;
  }

  /** Counts an attempt made at `now` (ms). */
  spend(now: number): void {
    this.#made.push(now);
  }
}
