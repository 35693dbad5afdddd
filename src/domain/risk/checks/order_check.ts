/** A check of the risk gate: one limit on orders. */
import type { Order } from "../../orders/order.ts";
import type { Quote } from "../../orders/quote.ts";

/** How an order breaks a limit; both in the check's unit, or in words. */
export interface Breach {
  /** What the check requires: an amount in decimal text, or a word if there is no amount. */
  readonly limit: string;
  /** What was found. */
  readonly value: string;
}

/** One limit on the orders of one account. */
export interface OrderCheck {
  /** Judges an order at what it would trade; null if it may. */
  judgeQuote(order: Order, quote: Quote): Breach | null;
}
