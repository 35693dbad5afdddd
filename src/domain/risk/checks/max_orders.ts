import { durationText } from "../../numbers/duration.ts";
import type { Side } from "../../numbers/money.ts";
import { hasPassed } from "../../numbers/time.ts";
import { AccountMemory, type Breach, type OrderCheck } from "./order_check.ts";

/** At most `count` orders in any span of `within`. */
export interface OrderRate {
  readonly count: number;
  /** ms. */
  readonly within: number;
}

/** A limit on how often orders may start; null for none. */
export interface OrderRateParameters {
  readonly maxOrders: OrderRate | null;
}

/** When the last orders started, oldest first: times of trades, µs since 1970. */
interface Memory {
  readonly passed: readonly number[];
}

/** Refuses an order if `count` others started less than `within` before it. */
export class MaxOrders implements OrderCheck {
  readonly #limit: OrderRate | null;
  /** The start times of the last `count` orders, for all symbols of the account. */
  readonly #passed: number[];

  constructor({ maxOrders }: OrderRateParameters, memory: AccountMemory = new AccountMemory()) {
    this.#limit = maxOrders;
    this.#passed = memory.of("max-orders", (): number[] => []);
  }

  /** An order that is dated more than a minute after `time` no longer counts. */
  judgeStart(_side: Side, time: number): Breach | null {
    if (this.#limit === null) return null;
    const { count, within } = this.#limit;
    const oldest = this.#passed.at(-count);
    if (oldest === undefined || hasPassed(within * 1000, oldest, time)) return null;
    return { limit: `${count}`, value: `${count}` };
  }

  started(time: number): void {
    if (this.#limit === null) return;
    this.#passed.push(time);
    if (this.#passed.length > this.#limit.count) this.#passed.shift();
  }

  snapshot(): Memory {
    return { passed: [...this.#passed] };
  }

  restore({ passed }: Memory): void {
    this.#passed.splice(0, Infinity, ...passed);
  }
}

/** A rate of orders as options write it, such as 10/1m. */
export function orderRateText({ count, within }: OrderRate): string {
  return `${count}/${durationText(within)}`;
}
