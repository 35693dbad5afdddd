/**
 * What has happened to the waiting orders, so that a store writes each order down once, and not with every checkpoint
 * all of them. The orders that wait now follow from the changes since the first of them was made.
 */
import type { OrderDraft } from "../domain/orders/order.ts";

/** A change as a plain value. That the order ended which was made first is none: what counts starts after it then. */
export type OrderChange =
  /** An order was made. */
  | OrderDraft
  /** The order ended that was made so many changes ago. */
  | { readonly ended: number }
  /** The connection was lost, which cut all purchases that waited. */
  | { readonly cut: "disconnected" | "stale" };

const CAUSES: readonly unknown[] = ["stop-loss", "take-profit", "flatten", undefined];

/** A change as a store has it. Throws a TypeError for what is none. */
export function orderChangeOf(value: unknown): OrderChange {
  const change = value as Partial<OrderDraft & { readonly ended: number; readonly cut: string }> | null;
  if (change?.side === "buy" || change?.side === "sell") {
    const { signalTradeId, due, cause } = change;
    if ([signalTradeId, due].every(Number.isSafeInteger) && CAUSES.includes(cause)) {
      return change as OrderDraft;
    }
  } else if (change?.cut === "disconnected" || change?.cut === "stale") return { cut: change.cut };
  else if (Number.isSafeInteger(change?.ended) && change!.ended! > 0) return { ended: change!.ended! };
  throw new TypeError(`${JSON.stringify(value)} is no change of waiting orders`);
}

/** As many as have become void may stay: removing them one by one would move all the others. */
const MOST_VOID = 64;

/** The changes since the first order was made that still waits. */
export class OrderChanges {
  #changes: OrderChange[] = [];
  /** The number of the first that is here, and of the first that has not been taken yet. */
  #start = 0;
  #untaken = 0;

  /** The number of the next one. */
  get end(): number {
    return this.#start + this.#changes.length;
  }

  add(change: OrderChange): void {
    this.#changes.push(change);
  }

  /** Those before the number `first` are void. */
  dropBefore(first: number): void {
    const count = first - this.#start;
    if (count <= MOST_VOID && count < this.#changes.length || 2 * count < this.#changes.length) return;
    this.#changes.splice(0, count);
    this.#start = first;
  }

  /** Those from the number `first` on. */
  since(first: number): OrderChange[] {
    return this.#changes.slice(first - this.#start);
  }

  /** Those from the number `first` on that have not been taken yet. */
  take(first: number): OrderChange[] {
    const changes = this.since(Math.max(first, this.#untaken));
    this.#untaken = this.end;
    return changes;
  }

  /** Starts with these, which have been taken. */
  restart(changes: readonly OrderChange[]): void {
    this.#changes = [...changes];
    this.#start = 0;
    this.#untaken = changes.length;
  }
}
