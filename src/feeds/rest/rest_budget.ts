/** The request budget of the exchange's REST host. */

const MINUTE_MS = 60_000;
/** How long to wait after the minute ends by this machine's clock, because clocks differ. */
const SLACK_MS = 1_000;

/** A host's budget. Weights are the host's own unit. */
export interface RestBudgetOptions {
  /** What the host allows per minute and address. */
  readonly perMinute: number;
  /** The share of the limit to use, 0 to 1: other programs may send requests from the same address. Default 0.8. */
  readonly share?: number;
}

/**
 * Keeps requests within a host's weight per minute. Each request is counted here at once; the host's own count, which
 * includes other programs, replaces it as soon as it arrives. Times are ms since 1970.
 */
export class RestBudget {
  readonly #limit: number;
  #minute = 0;
  #used = 0;
  #notBefore = 0;

  constructor({ perMinute, share = 0.8 }: RestBudgetOptions) {
    this.#limit = perMinute * share;
  }

  /** How long from `now` until a request of `weight` may be made, ms; 0 for at once. */
  waitMs(weight: number, now: number): number {
    const minute = Math.floor(now / MINUTE_MS);
    const full = minute === this.#minute && this.#used + weight > this.#limit;
    const budgetMs = full ? (minute + 1) * MINUTE_MS + SLACK_MS - now : 0;
    return Math.max(0, budgetMs, this.#notBefore - now);
  }

  /** Counts a request made at `now`. */
  spend(weight: number, now: number): void {
    this.#turnTo(now);
    this.#used += weight;
  }

  /** Sets the host's count of the current minute, received at `now`. */
  report(used: number, now: number): void {
    this.#turnTo(now);
    this.#used = used;
  }

  /** Notes that the host asked for no requests within `ms` from `now`. */
  holdOff(ms: number, now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + ms);
  }

  #turnTo(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.#minute) this.#used = 0;
    this.#minute = minute;
  }
}
