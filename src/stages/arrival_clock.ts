/**
 * When trades arrived, by the clock of their exchange. That is this machine's clock, unless the exchange is a built-in
 * one whose time runs faster.
 *
 * No message says when such a clock started, so the trades have to show it. The first live trade of a connection counts
 * as having arrived when it was made, and from there on the time between arrivals is multiplied by the speed. No trade
 * arrives before it was made. A trade that seems to do so took less time on its way than the trade that set the clock,
 * and sets the clock again.
 */

/** A trade that is further ahead has a wrong time, µs of this machine's clock. */
const MOST_AHEAD = 10_000_000;

/** Follows the clock of one exchange. Times in µs since 1970. */
export class ArrivalClock {
  /** How many times faster than this machine's it runs; infinite for a clock that cannot be compared. */
  speed = 1;
  /** When the trade that set the clock was made, and when it arrived by this machine's clock; NaN without one. */
  #made = NaN;
  #arrived = NaN;

  /** The next trade comes over another connection, and sets the clock again. */
  restart(): void {
    this.#made = NaN;
  }

  /** Notes a live trade that was made at `time` and arrived at `receivedAt` by this machine's clock. */
  see(time: number, receivedAt: number): void {
    if (this.speed === 1 || receivedAt === 0) return;
    const ahead = time - this.at(receivedAt);
    if (!Number.isNaN(this.#made) && (ahead <= 0 || ahead > MOST_AHEAD * this.speed)) return;
    this.#made = time;
    this.#arrived = receivedAt;
  }

  /** The exchange's time when it was `receivedAt` by this machine's clock; 0 if that is not known. */
  at(receivedAt: number): number {
    if (this.speed === 1) return receivedAt;
    if (receivedAt === 0 || this.speed === Infinity || Number.isNaN(this.#made)) return 0;
    return Math.round(this.#made + (receivedAt - this.#arrived) * this.speed);
  }

  /** The time by this machine's clock when it was `time` by the exchange's; null if that is not known. */
  here(time: number | null): number | null {
    if (this.speed === 1 || time === null) return time;
    if (this.speed === Infinity || Number.isNaN(this.#made)) return null;
    return Math.round(this.#arrived + (time - this.#made) / this.speed);
  }
}
