/**
 * How much of its money a strategy invests while it has a position: the size of the bet. A fair comparison
 * with buy and hold uses the same size.
 *
 * Between two fills the position has cost a fixed amount and the rest is cash, so the mean over time is a sum of
 * amounts × durations. It is exact, and only fills change it.
 */
import { Money, ZERO } from "../numbers/money.ts";

/** Follows the exposure of one account. */
export class Exposure {
  #cost: Money = ZERO;
  #capital: Money = ZERO;
  /** When the books last changed, µs since 1970. */
  #since = 0;
  /**
   * The sums of cost × time, and of (cost + cash) × time, while there was a position: quote currency × µs.
   */
  #deployed: Money = ZERO;
  #available: Money = ZERO;

  /**
   * Records the books after the fills of a trade at `time` (µs since 1970): the position's cost, and the
   * cash.
   */
  rebook(time: number, cost: Money, cash: Money): void {
    if (!this.#cost.isZero()) [this.#deployed, this.#available] = this.#sumsAt(time);
    this.#cost = cost;
    this.#capital = cost.isZero() ? ZERO : cost.plus(cash);
    this.#since = time;
  }

  /**
   * Σ cost × time ÷ Σ (cost + cash) × time, over the time with a position up to `end` (µs since 1970): a
   * fraction from 0 to 1. Null if no position was held for any time.
   */
  mean(end: number): Money | null {
    const [deployed, available] = this.#sumsAt(end);
    return available.isZero() ? null : deployed.div(available);
  }

  #sumsAt(time: number): [Money, Money] {
    const held = new Money(BigInt(Math.max(0, time - this.#since)));
    return [
      this.#deployed.plus(this.#cost.times(held)),
      this.#available.plus(this.#capital.times(held)),
    ];
  }
}
