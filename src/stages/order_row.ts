/** A row of waiting orders, any of which may end, at a cost that does not depend on the row's length. */
import type { Order } from "../domain/orders/order.ts";

/** How many ended orders may stay at the start of a row; removing each at once would move all the others. */
const MOST_ENDED = 64;

/** A row of orders. Ended orders are skipped until they can be removed at one of its ends. */
export class OrderRow {
  readonly #orders: Order[] = [];
  /** Where the first is. */
  #start = 0;

  /** Undefined if there is none. */
  get first(): Order | undefined {
    return this.#orders[this.#start];
  }

  /** Undefined if there is none. */
  get last(): Order | undefined {
    return this.#orders.at(-1);
  }

  /** Removes ended orders at either end. */
  trim(): void {
    const orders = this.#orders;
    while (orders[this.#start]?.hasEnded === true) this.#start++;
    while (orders.length > this.#start && orders.at(-1)!.hasEnded) orders.pop();
    if (this.#start <= MOST_ENDED && this.#start < orders.length || 2 * this.#start < orders.length) return;
    if (this.#start === orders.length) orders.length = 0;
    else orders.splice(0, this.#start);
    this.#start = 0;
  }

  /** Puts one at the end. */
  push(order: Order): void {
    this.#orders.push(order);
  }

  /** Puts one behind those that are due no later. */
  insert(order: Order): void {
    const orders = this.#orders;
    let at = orders.length;
    while (at > this.#start && orders[at - 1]!.due > order.due) at--;
    if (at === orders.length) orders.push(order);
    else orders.splice(at, 0, order);
  }

  /** From the first to the last. */
  *[Symbol.iterator](): Generator<Order> {
    for (let at = this.#start; at < this.#orders.length; at++) {
      if (!this.#orders[at]!.hasEnded) yield this.#orders[at]!;
    }
  }

  /** Those at either end to which something applies, up to the first to which it does not. */
  atEnds(applies: (order: Order) => boolean): Order[] {
    const orders = this.#orders;
    const found: Order[] = [];
    let at = this.#start;
    for (; at < orders.length && (orders[at]!.hasEnded || applies(orders[at]!)); at++) {
      if (!orders[at]!.hasEnded) found.push(orders[at]!);
    }
    for (let back = orders.length - 1; back > at; back--) {
      if (orders[back]!.hasEnded) continue;
      if (!applies(orders[back]!)) break;
      found.push(orders[back]!);
    }
    return found;
  }
}
