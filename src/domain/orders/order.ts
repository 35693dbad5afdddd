/** An order, from the trade that made it to its last fill. */
import { averagePriceText, Money, plain, type Side, ZERO } from "../numbers/money.ts";
import type { ExitCause } from "../risk/protective_exits.ts";

/** The values that an order is made from. */
export interface OrderDraft {
  readonly side: Side;
  /** Why it sells without a signal; absent for a signal's order. */
  readonly cause?: ExitCause;
  /** The trade that made it. */
  readonly signalTradeId: number;
  /** The earliest trade time that may fill it, µs since 1970. */
  readonly due: number;
}

/** How much of an order is filled, as events show it; empty before its first fill. */
export interface Progress {
  /** Base currency, decimal text. */
  readonly filled?: string;
  /** Volume-weighted, quote currency, decimal text: 12 decimals, half to even. */
  readonly averagePrice?: string;
}

/** An order as plain values: amounts as decimal text. */
export interface OrderSnapshot extends OrderDraft {
  readonly isWorking: boolean;
  readonly filled: string;
  readonly spent: string;
  /** Absent if the stake is an amount, and before the order is working. */
  readonly stake?: string;
  readonly cut: Order["cut"];
}

/** An order that waits for its time, or for enough volume. */
export class Order {
  readonly side: Side;
  readonly cause: ExitCause | null;
  readonly signalTradeId: number;
  readonly due: number;
  /** Whether it has passed the gate and waits for the rest to fill. */
  isWorking = false;
  /**
   * What it may spend before its fee, quote currency, if the stake is a share of the cash; fixed once it is
   * working.
   */
  stake: Money | null = null;
  /** How the connection was lost while it waited; null if it was not. */
  cut: "disconnected" | "stale" | null = null;
  /** Where it is in the queue: a later order has a greater number. */
  place = 0;
  /** Whether it no longer waits. */
  hasEnded = false;
  #filled: Money = ZERO;
  #spent: Money = ZERO;

  constructor({ side, cause, signalTradeId, due }: OrderDraft) {
    this.side = side;
    this.cause = cause ?? null;
    this.signalTradeId = signalTradeId;
    this.due = due;
  }

  /** Filled so far, base currency. */
  get filled(): Money {
    return this.#filled;
  }

  /** What that cost or brought in, fees aside, quote currency. */
  get spent(): Money {
    return this.#spent;
  }

  /** Adds a fill: quantity in base, notional in quote currency. */
  take(quantity: Money, notional: Money): void {
    this.#filled = this.#filled.plus(quantity);
    this.#spent = this.#spent.plus(notional);
  }

  /** How much of it is filled. */
  progress(): Progress {
    if (this.#filled.isZero()) return {};
    return { filled: plain(this.#filled), averagePrice: averagePriceText(this.#spent, this.#filled) };
  }

  /** Side, origin and cause, as every event of an order has them. */
  origin(): { readonly side: Side; readonly signalTradeId: number; readonly cause?: ExitCause } {
    const { side, signalTradeId, cause } = this;
    return cause === null ? { side, signalTradeId } : { side, signalTradeId, cause };
  }

  /** The values that it was made from. */
  draft(): OrderDraft {
    const { side, signalTradeId, cause, due } = this;
    return cause === null ? { side, signalTradeId, due } : { side, signalTradeId, cause, due };
  }

  snapshot(): OrderSnapshot {
    return {
      ...this.draft(),
      isWorking: this.isWorking,
      filled: plain(this.#filled),
      spent: plain(this.#spent),
      ...(this.isWorking && this.stake !== null ? { stake: plain(this.stake) } : {}),
      cut: this.cut,
    };
  }

  /** The order that `snapshot` wrote. */
  static of(snapshot: OrderSnapshot): Order {
    const order = new Order(snapshot);
    order.isWorking = snapshot.isWorking;
    if (snapshot.stake !== undefined) order.stake = new Money(snapshot.stake);
    order.cut = snapshot.cut;
    order.#filled = new Money(snapshot.filled);
    order.#spent = new Money(snapshot.spent);
    return order;
  }
}
