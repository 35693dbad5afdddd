/**
 * What has happened to the waiting orders, so that a store writes each order once instead of all of them at
 * every checkpoint. The orders that wait now follow from the changes since the first of them was made.
 */
import type { OrderDraft } from "../domain/orders/order.ts";

/** A change as a plain value. The end of the oldest order is not a change: the list then starts after that order. */
export type OrderChange =
  /** An order was made. */
  | OrderDraft
  /** The order that was made this many changes ago has ended. */
  | { readonly ended: number }
  /** The connection was lost, which cut all purchases that waited. */
  | { readonly cut: "disconnected" | "stale" };

const CAUSES: readonly unknown[] = ["stop-loss", "trailing-stop", "take-profit", "flatten", undefined];

/** Whether a value from a store is a change. */
export function isOrderChange(value: unknown): value is OrderChange {
  if (typeof value !== "object" || value === null) return false;
  const change = value as Partial<OrderDraft & { readonly ended: number; readonly cut: string }>;
  if (change.side === "buy" || change.side === "sell") {
    return [change.signalTradeId, change.due].every(Number.isSafeInteger) && CAUSES.includes(change.cause);
  }
  if (change.cut !== undefined) return change.cut === "disconnected" || change.cut === "stale";
  return Number.isSafeInteger(change.ended) && change.ended! > 0;
}

/** Up to this many changes do not get their own entry, because most orders do not wait long. */
const FEW = 16;
/** The most changes that fit into one entry. */
const MOST = 1_000;
/** This many void changes may stay: removing each at once would move all the others. */
const MOST_VOID = 64;

/** The changes since the oldest waiting order was made. */
export class OrderChanges {
  #changes: OrderChange[] = [];
  /** The number of the first change in the list, and of the first that has not been taken yet. */
  #start = 0;
  #untaken = 0;

  /** The number of the next change. */
  get end(): number {
    return this.#start + this.#changes.length;
  }

  /** The number of the first change that has not been taken yet. */
  get untaken(): number {
    return this.#untaken;
  }

  add(change: OrderChange): void {
    this.#changes.push(change);
  }

  /** Drops the changes before the number `first`. */
  dropBefore(first: number): void {
    this.#untaken = Math.max(this.#untaken, first);
    const count = first - this.#start;
    if (count <= MOST_VOID && count < this.#changes.length || 2 * count < this.#changes.length) return;
    if (count === this.#changes.length) this.#changes.length = 0;
    else this.#changes.splice(0, count);
    this.#start = first;
  }

  /** The changes from the number `first` on, up to the number `end`. */
  between(first: number, end: number): OrderChange[] {
    return this.#changes.slice(first - this.#start, end - this.#start);
  }

  /**
   * The changes not taken yet, unless they are too few or too many. A `cut` is only taken together with a later change,
   * because it may be repeated before the next trade.
   */
  take(): OrderChange[] {
    const changes = this.between(this.#untaken, this.end);
    changes.length = 1 + changes.findLastIndex((change) => !("cut" in change));
    const count = changes.filter((change) => !("cut" in change)).length;
    if (count <= FEW || count > MOST) return [];
    this.#untaken += changes.length;
    return changes;
  }

  /** Starts with these changes, the first `taken` of which have been taken. */
  restart(changes: readonly OrderChange[], taken: number): void {
    this.#changes = [...changes];
    this.#start = 0;
    this.#untaken = taken;
  }
}
