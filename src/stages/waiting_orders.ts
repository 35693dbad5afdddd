/** The waiting orders of one symbol: those that wait for their due time, or for enough to be traded. */
import { type Block, clockAtRow } from "../domain/market/block.ts";
import { Order, type OrderDraft, type OrderSnapshot } from "../domain/orders/order.ts";
import { hasPassed } from "../domain/numbers/time.ts";

/** A queue of orders, first in, first out. */
export class WaitingOrders {
  readonly #orders: Order[] = [];
  /** Something other than their time may have ended some of them. */
  #mustSweep = false;
  readonly #latency: number;

  /** With the latency in µs that lies between an order's making and its due time. */
  constructor(latency: number) {
    this.#latency = latency;
  }

  /** Whether none waits. */
  get isEmpty(): boolean {
    return this.#orders.length === 0;
  }

  /** The one that has waited longest; undefined if none waits. */
  get oldest(): Order | undefined {
    return this.#orders[0];
  }

  /** Whether one of them sells. */
  get hasSale(): boolean {
    return this.#orders.some(({ side }) => side === "sell");
  }

  /** Whether there is something to do at a trade at `time`, µs since 1970; `canExpire` where time may end orders. */
  isDue(time: number, canExpire: boolean): boolean {
    const oldest = this.#orders[0];
    return oldest !== undefined && (this.isReady(oldest, time) || this.#mustSweep || canExpire);
  }

  /** The first row of a block at which `isDue`, from `from` on and before `to`; `to` if there is none. */
  firstDue(block: Block, from: number, to: number, canExpire: boolean): number {
    if (this.isEmpty) return to;
    let row = from;
    while (row < to && !this.isDue(clockAtRow(block, row), canExpire)) row++;
    return row;
  }

  /** Whether an order may fill at a trade at `time`, µs since 1970. */
  isReady({ due }: Order, time: number): boolean {
    return hasPassed(this.#latency, due - this.#latency, time);
  }

  /** Whether a purchase has a sale beside it that is due at `time`, µs since 1970. */
  isSaleDue(time: number): boolean {
    return this.#orders.length > 1 &&
      this.#orders.some((order) => order.side === "sell" && this.isReady(order, time));
  }

  /** Puts a new order at the end. */
  add(draft: OrderDraft): void {
    this.#orders.push(new Order(draft));
  }

  /** Drops one. */
  drop(order: Order): void {
    this.#orders.splice(this.#orders.indexOf(order), 1);
  }

  /** Notes how the connection was lost on purchases: they have missed their time. */
  cutPurchases(how: "disconnected" | "stale"): void {
    for (const order of this.#orders) if (order.side === "buy") order.cut ??= how;
    this.mustSweep();
  }

  /** Something other than their time may have ended some of them: `isDue` says so until the next `sweep`. */
  mustSweep(): void {
    this.#mustSweep = this.#orders.length > 0;
  }

  /** All of them, oldest first, to be looked at for what has ended; they may be dropped meanwhile. */
  sweep(): Order[] {
    this.#mustSweep = false;
    return [...this.#orders];
  }

  /** All of them, oldest first, which wait no longer. */
  takeAll(): Order[] {
    return this.#orders.splice(0);
  }

  /** As plain values, oldest first. */
  snapshot(): OrderSnapshot[] {
    return this.#orders.map((order) => order.snapshot());
  }

  /** Goes on with the orders that a snapshot has. */
  restore(orders: readonly OrderSnapshot[]): void {
    this.#orders.splice(0, Infinity, ...orders.map(Order.of));
    this.mustSweep();
  }
}
