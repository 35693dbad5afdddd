/**
 * The orders of one symbol that wait for their due time or for enough volume. There may be thousands of them, so none
 * is examined before something happens to it: a trade, a signal, a fill or a lost connection costs the same however
 * many wait.
 */
import { type Block, clockAtRow } from "../domain/market/block.ts";
import { Order, type OrderDraft, type OrderSnapshot } from "../domain/orders/order.ts";
import { hasPassed } from "../domain/numbers/time.ts";
import { isOrderChange, type OrderChange, OrderChanges } from "./order_changes.ts";
import { isExpired } from "./order_end.ts";
import { OrderRow } from "./order_row.ts";

/** How long orders wait, µs. */
export interface WaitingTimes {
  /** From an order's creation to its due time. */
  readonly latency: number;
  /** From its due time until it expires; null for never. */
  readonly orderTtl: number | null;
}

/**
 * A waiting order. If a store has changes, this is the first order, with the number of changes that lead to the others.
 */
export interface WaitingSnapshot extends OrderSnapshot {
  /** All changes since this order was made, including that one; absent if every order is here. */
  readonly changes?: number;
  /** The last of these changes, which no store has taken yet; absent for none. */
  readonly recent?: readonly OrderChange[];
}

/** How many of a store's last changes the waiting orders in a snapshot need. */
export function changesTaken(waiting: readonly WaitingSnapshot[]): number {
  const { changes = 0, recent = [] } = waiting[0] ?? {};
  return changes - recent.length;
}

/** What a store keeps of waiting orders besides their snapshot. */
export interface KeptOrders {
  /**
   * Returns the changes that were not taken before, or none while they are too few to be worth storing, or too many for
   * one entry. Call it before `snapshot`.
   */
  takeChanges(): OrderChange[];
  /** The last changes that have been taken, as many as `changesTaken` returns for the snapshot. */
  readonly changes: readonly OrderChange[];
  /** All orders, oldest first. */
  readonly whole: readonly OrderSnapshot[];
  /** Whether the purchases among them have missed their time, because the connection was lost. */
  readonly areCut: boolean;
}

/** A queue of orders, first in, first out. */
export class WaitingOrders implements KeptOrders {
  /** All of them, oldest first. */
  readonly #queue = new OrderRow();
  /** The orders of each side by their due times: in the same order unless the time has stepped back. */
  readonly #buys = new OrderRow();
  readonly #sells = new OrderRow();
  readonly #log = new OrderChanges();
  /** The orders that something other than their time may have ended. */
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

  /** The first row of a block at which `isDue`, from `from` on and before `to`; `to` if there is none. */
  firstDue(block: Block, from: number, to: number): number {
    if (this.isEmpty) return to;
    let row = from;
    while (row < to && !this.isDue(clockAtRow(block, row), block.late)) row++;
    return row;
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

  /** Drops an order. */
  drop(order: Order): void {
    const isFirst = order === this.#queue.first;
    order.hasEnded = true;
    this.#queue.trim();
    this.#rowOf(order).trim();
    if (isFirst) this.#log.dropBefore(this.#queue.first?.place ?? this.#log.end);
    else this.#log.add({ ended: this.#log.end - order.place });
  }

  /** Marks purchases with how the connection was lost: they have missed their time. */
  cutPurchases(how: "disconnected" | "stale"): void {
    const first = this.#buys.first;
    // All of them are cut at once, and are gone when the next one is made.
    if (first === undefined || first.cut !== null) return;
    for (const order of [...this.#buys]) order.cut = how;
    this.#log.add({ cut: how });
    if (this.#mustSweep === "none") this.#mustSweep = "purchases";
  }

  get areCut(): boolean {
    return (this.#buys.first?.cut ?? null) !== null;
  }

  /** Notes that something other than their time may have ended any of them: `isDue` is true until the next `sweep`. */
  mustSweep(): void {
    if (!this.isEmpty) this.#mustSweep = "all";
  }

  /** Whether anything may have ended one of them by a trade; `isLate` for a backfilled one. */
  maySweep(isLate: boolean): boolean {
    return !this.isEmpty && (isLate || this.#mustSweep !== "none" || this.#orderTtl !== null);
  }

  /**
   * The orders that may have ended by a trade at `time` (µs since 1970), oldest first, for the caller to examine;
   * `isLate` for a backfilled trade. They may be dropped meanwhile.
   */
  sweep(time: number, isLate: boolean): readonly Order[] {
    const mustSweep = this.#mustSweep;
    this.#mustSweep = "none";
    if (mustSweep === "all") return [...this.#queue];
    const isExpired = (order: Order) => this.#isExpired(order, time);
    const isReady = (order: Order) => this.isReady(order, time);
    const buys = mustSweep === "purchases"
      ? [...this.#buys]
      : this.#buys.atEnds(isLate ? isReady : isExpired);
    const ended = [...buys, ...this.#sells.atEnds(isExpired)];
    return ended.sort((one, other) => one.place - other.place);
  }

  /** Removes all orders and returns them, oldest first. */
  takeAll(): Order[] {
    const orders = [...this.#queue];
    for (const order of orders) this.drop(order);
    return orders;
  }

  takeChanges(): OrderChange[] {
    return this.#log.take();
  }

  get changes(): readonly OrderChange[] {
    return this.#log.between(this.#queue.first?.place ?? this.#log.end, this.#log.untaken);
  }

  get whole(): OrderSnapshot[] {
    return [...this.#queue].map((order) => order.snapshot());
  }

  /** As plain values: all orders, oldest first, or only the first if the others follow from changes. */
  snapshot(): WaitingSnapshot[] {
    const { end, untaken } = this.#log;
    const { first } = this.#queue;
    if (first === undefined || first.place >= untaken) return this.whole;
    const recent = this.#log.between(untaken, end);
    return [{
      ...first.snapshot(),
      changes: end - first.place,
      ...(recent.length === 0 ? {} : { recent }),
    }];
  }

  /**
   * Restores the orders of a snapshot from the `changesTaken` by a store. Throws a TypeError for changes that do not
   * lead to it.
   */
  restore(orders: readonly WaitingSnapshot[], changes: readonly OrderChange[]): void {
    for (const order of this.#queue) order.hasEnded = true;
    for (const row of [this.#queue, this.#buys, this.#sells]) row.trim();
    this.#log.restart([], 0);
    const { changes: count, recent = [] } = orders[0] ?? {};
    if (count !== undefined) this.#replay(orders[0]!, [...changes, ...recent]);
    else {
      for (const order of orders) this.#add(Order.of(order));
      const cut = this.#buys.first?.cut ?? null;
      if (cut !== null) this.#log.add({ cut });
    }
    this.mustSweep();
  }

  #replay(first: WaitingSnapshot, changes: readonly OrderChange[]): void {
    if (changes.length !== first.changes || !changes.every(isOrderChange)) {
      throw new TypeError(
        `${first.changes} changes lead to waiting orders: got ${changes.length}, or others`,
      );
    }
    const made = changes.map((change) => "side" in change ? new Order(change) : null);
    for (const [at, change] of changes.entries()) {
      if ("cut" in change) {
        for (const order of made.slice(0, at)) if (order?.side === "buy") order.cut ??= change.cut;
      } else if ("ended" in change) {
        // It may have been made before all orders here.
        const order = made[at - change.ended];
        if (order === null) throw new TypeError(`no order was made ${change.ended} changes before one ended`);
        if (order !== undefined) order.hasEnded = true;
      }
    }
    const oldest = Order.of(first);
    if (made[0]?.hasEnded !== false || !isSame(made[0], oldest)) {
      throw new TypeError("the changes of waiting orders do not start with the oldest of them");
    }
    made[0] = oldest;
    for (const [place, order] of made.entries()) if (order?.hasEnded === false) this.#put(order, place);
    this.#log.restart(changes, changes.length - (first.recent ?? []).length);
  }

  #add(order: Order): void {
    this.#put(order, this.#log.end);
    this.#log.add(order.draft());
  }

  #put(order: Order, place: number): void {
    order.place = place;
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

  #isExpired(order: Order, time: number): boolean {
    return isExpired(order, this.#orderTtl, time);
  }

  /** If the time has stepped back far, an order made too late may be ready; such orders are at the other end. */
  #hasReady({ first, last }: OrderRow, time: number): boolean {
    return first !== undefined && (this.isReady(first, time) || this.isReady(last!, time));
  }
}

function isSame(one: Order, other: Order): boolean {
  return one.side === other.side && one.cause === other.cause && one.signalTradeId === other.signalTradeId &&
    one.due === other.due;
}
