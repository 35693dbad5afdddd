/**
 * The waiting orders of one symbol: those that wait for their due time, or for enough to be traded. There may be
 * thousands of them, so none is looked at before something happens to it: a trade, a signal, a fill or a lost
 * connection costs the same however many wait.
 */
import { Order, type OrderDraft, type OrderSnapshot } from "../domain/orders/order.ts";
import { hasPassed } from "../domain/numbers/time.ts";

/** How long orders wait, µs. */
export interface WaitingTimes {
  /** Between an order's making and its due time. */
  readonly latency: number;
  /** From its due time until it expires; null for never. */
  readonly orderTtl: number | null;
}

/** As many as have ended may stay at the start of a row: removing them one by one would move all the others. */
const MOST_ENDED = 64;

/** A queue of orders, first in, first out. */
export class WaitingOrders {
  /** All of them, oldest first. */
  readonly #queue = new OrderRow();
  /** Those of each side by their due times: in the same order unless the time has stepped back. */
  readonly #buys = new OrderRow();
  readonly #sells = new OrderRow();
  #made = 0;
  /** Which of them something other than their time may have ended. */
  #mustSweep: "none" | "purchases" | "all" = "none";
  readonly #latency: number;
  readonly #orderTtl: number | null;

  constructor({ latency, orderTtl }: WaitingTimes) {
    this.#latency = latency;
    this.#orderTtl = orderTtl;
  }

  /** Whether none waits. */
  get isEmpty(): boolean {
    return this.#queue.first === undefined;
  }

  /** The one that has waited longest; undefined if none waits. */
  get oldest(): Order | undefined {
    return this.#queue.first;
  }

  /** Whether one of them sells. */
  get hasSale(): boolean {
    return this.#sells.first !== undefined;
  }

  /** Whether there is something to do at a trade at `time`, µs since 1970; `isLate` for a backfilled one. */
  isDue(time: number, isLate: boolean): boolean {
    const oldest = this.#queue.first;
    return oldest !== undefined &&
      (this.isReady(oldest, time) || this.#mustSweep !== "none" || this.#mayExpire(time, isLate));
  }

  /** Whether an order may fill at a trade at `time`, µs since 1970. */
  isReady({ due }: Order, time: number): boolean {
    return hasPassed(this.#latency, due - this.#latency, time);
  }

  /** Whether a sale is due at `time`, µs since 1970. */
  isSaleDue(time: number): boolean {
    return this.#hasReady(this.#sells, time);
  }

  /** Puts a new order at the end. */
  add(draft: OrderDraft): void {
    this.#add(new Order(draft));
  }

  /** Drops one. */
  drop(order: Order): void {
    order.hasEnded = true;
    this.#queue.trim();
    this.#rowOf(order).trim();
  }

  /** Notes how the connection was lost on purchases: they have missed their time. */
  cutPurchases(how: "disconnected" | "stale"): void {
    const first = this.#buys.first;
    // They are all cut at once, and gone when the next one is made.
    if (first === undefined || first.cut !== null) return;
    for (const order of this.#buys.all()) order.cut = how;
    if (this.#mustSweep === "none") this.#mustSweep = "purchases";
  }

  /** Something other than their time may have ended any of them: `isDue` says so until the next `sweep`. */
  mustSweep(): void {
    if (!this.isEmpty) this.#mustSweep = "all";
  }

  /**
   * Those that may have ended by a trade at `time` (µs since 1970), oldest first, to be looked at; `isLate` for a
   * backfilled trade. They may be dropped meanwhile.
   */
  sweep(time: number, isLate: boolean): readonly Order[] {
    const mustSweep = this.#mustSweep;
    this.#mustSweep = "none";
    if (mustSweep === "all") return this.#queue.all();
    const isExpired = (order: Order) => this.#isExpired(order, time);
    const isReady = (order: Order) => this.isReady(order, time);
    const buys = mustSweep === "purchases"
      ? this.#buys.all()
      : this.#buys.atEnds(isLate ? isReady : isExpired);
    const ended = [...buys, ...this.#sells.atEnds(isExpired)];
    return ended.sort((one, other) => one.place - other.place);
  }

  /** All of them, oldest first, which wait no longer. */
  takeAll(): Order[] {
    const orders = this.#queue.all();
    for (const order of orders) this.drop(order);
    return orders;
  }

  /** As plain values, oldest first. */
  snapshot(): OrderSnapshot[] {
    return this.#queue.all().map((order) => order.snapshot());
  }

  /** Goes on with the orders that a snapshot has. */
  restore(orders: readonly OrderSnapshot[]): void {
    this.takeAll();
    for (const order of orders) this.#add(Order.of(order));
    this.mustSweep();
  }

  #add(order: Order): void {
    order.place = this.#made++;
    this.#queue.push(order);
    this.#rowOf(order).insert(order);
  }

  #rowOf({ side }: Order): OrderRow {
    return side === "buy" ? this.#buys : this.#sells;
  }

  /** Whether time has ended one of them. */
  #mayExpire(time: number, isLate: boolean): boolean {
    if (this.#orderTtl === null) return false;
    const [buy, sell] = [this.#buys.first, this.#sells.first];
    return buy !== undefined && this.#isExpired(buy, time) ||
      sell !== undefined && this.#isExpired(sell, time) ||
      isLate && this.#hasReady(this.#buys, time);
  }

  #isExpired({ due }: Order, time: number): boolean {
    return this.#orderTtl !== null && time > due + this.#orderTtl;
  }

  /** Where the time has stepped back far, an order is ready that was made too late: those are at the other end. */
  #hasReady({ first, last }: OrderRow, time: number): boolean {
    return first !== undefined && (this.isReady(first, time) || this.isReady(last!, time));
  }
}

/** Orders in a row. Those that have ended are passed over, and removed once they are at one of its ends. */
class OrderRow {
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

  /** Removes those at either end that have ended. */
  trim(): void {
    const orders = this.#orders;
    while (orders[this.#start]?.hasEnded === true) this.#start++;
    while (orders.length > this.#start && orders.at(-1)!.hasEnded) orders.pop();
    if (this.#start <= MOST_ENDED && this.#start < orders.length || 2 * this.#start < orders.length) return;
    orders.splice(0, this.#start);
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

  /** All of them. */
  all(): Order[] {
    return this.#orders.slice(this.#start).filter(({ hasEnded }) => !hasEnded);
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
