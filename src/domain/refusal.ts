import type { Side } from "./money.ts";

/** The risk gate's checks, by the code that a refusal carries. */
export type Check =
  | "disconnected"
  | "funds"
  | "halted"
  | "lot"
  | "max-notional"
  | "max-quantity"
  | "min-notional"
  | "no-position";

/** An order that the risk gate turned down. `limit` and `value` are in the same unit. */
export interface Refusal {
  readonly kind: "refusal";
  readonly side: Side;
  readonly reason: Check;
  /** What the check asks for: an amount in decimal text, or a word where there is no amount. */
  readonly limit: string;
  /** What was found. */
  readonly value: string;
  /** The trade at which the order was judged. */
  readonly tradeId: number;
  /** The trade whose signal made the order. */
  readonly signalTradeId: number;
}
