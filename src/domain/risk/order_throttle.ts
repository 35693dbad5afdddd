/**
 * How often orders may pass, and how long buying pauses after a loss. Times are those of trades, µs since
 * 1970.
 */
import { durationText } from "../numbers/duration.ts";
import { Money, plain, type Side, ZERO } from "../numbers/money.ts";
import { hasPassed, millisecondsText } from "../numbers/time.ts";

/** At most `count` orders in any `within`. */
export interface OrderRate {
  readonly count: number;
  /** ms. */
  readonly within: number;
}

/** The limits, null for none. */
export interface ThrottleParameters {
  readonly maxOrders: OrderRate | null;
  /** µs. */
  readonly cooldown: number | null;
}

/** Why an order may not pass yet; `limit` and `value` are orders, or ms. */
export interface TooSoon {
  readonly reason: "max-orders" | "cooldown";
  readonly limit: string;
  readonly value: string;
}

/** The throttle's state, as plain values. */
export interface ThrottleSnapshot {
  /** When the last orders passed, oldest first. */
  readonly passed: readonly number[];
  /** When the last losing round trip closed; null before the first. */
  readonly lostAt: number | null;
  /** The realized profit when the current round trip started, decimal text. */
  readonly before: string;
}

/** What the symbols of an account share. */
interface Passing {
  /** The last orders that passed, as many as are allowed at once. */
  readonly passed: number[];
  lostAt: number | null;
}

/** Limits how often one account's orders may pass, as the orders of one symbol see it. */
export class OrderThrottle {
  readonly #maxOrders: OrderRate | null;
  readonly #cooldown: number | null;
  readonly #passing: Passing;
  #before: Money = ZERO;

  constructor({ maxOrders, cooldown }: ThrottleParameters, passing: Passing = { passed: [], lostAt: null }) {
    this.#maxOrders = maxOrders;
    this.#cooldown = cooldown;
    this.#passing = passing;
  }

  /** The same throttle for the orders of another symbol, whose round trips are its own. */
  beside(): OrderThrottle {
    return new OrderThrottle({ maxOrders: this.#maxOrders, cooldown: this.#cooldown }, this.#passing);
  }

  /**
   * Why an order may not pass at a trade of this time; null if it may. Either as many orders as are allowed
   * passed less than the limit's duration before, or, for a buy, a losing round trip closed less than the
   * cooldown before. Anything dated more than a minute after `time` no longer counts.
   */
  tooSoon(side: Side, time: number): TooSoon | null {
    const { passed, lostAt } = this.#passing;
    if (this.#maxOrders !== null) {
      const { count, within } = this.#maxOrders;
      const oldest = passed.at(-count);
      if (oldest !== undefined && !hasPassed(within * 1000, oldest, time)) {
        return { reason: "max-orders", limit: `${count}`, value: `${count}` };
      }
    }
    if (this.#cooldown === null || lostAt === null || side === "sell") return null;
    return hasPassed(this.#cooldown, lostAt, time) ? null : {
      reason: "cooldown",
      limit: millisecondsText(this.#cooldown),
      value: millisecondsText(time - lostAt),
    };
  }

  /** Notes an order that has passed. */
  pass(time: number): void {
    if (this.#maxOrders === null) return;
    const { passed } = this.#passing;
    passed.push(time);
    if (passed.length > this.#maxOrders.count) passed.shift();
  }

  /** Notes a sale, which leaves `position`; `realized` is the profit of everything sold of the symbol. */
  sold(realized: Money, position: Money, time: number): void {
    if (!position.isZero()) return;
    if (realized.lt(this.#before)) this.#passing.lostAt = time;
    this.#before = realized;
  }

  snapshot(): ThrottleSnapshot {
    return { passed: [...this.#passing.passed], lostAt: this.#passing.lostAt, before: this.before };
  }

  restore({ passed, lostAt, before }: ThrottleSnapshot): void {
    this.#passing.passed.splice(0, Infinity, ...passed);
    this.#passing.lostAt = lostAt;
    this.before = before;
  }

  /** The profit of everything sold of the symbol when its current round trip started, decimal text. */
  get before(): string {
    return plain(this.#before);
  }

  set before(before: string) {
    this.#before = new Money(before);
  }
}

/** A rate of orders as options write it, such as 10/1m. */
export function orderRateText({ count, within }: OrderRate): string {
  return `${count}/${durationText(within)}`;
}
