import type { Money, Side } from "../numbers/money.ts";
import type { Progress } from "./order.ts";
import type { ExitCause } from "../risk/protective_exits.ts";

/**
 * An order, or a part of one, that was filled and booked. Amounts are exact. If an order took several fills, the last
 * one has the totals of all of them.
 */
export interface Fill extends Progress {
  readonly kind: "fill";
  readonly side: Side;
  /** Fill price, quote currency per unit of base currency. */
  readonly price: Money;
  /** Base currency. */
  readonly quantity: Money;
  /** Quote currency. */
  readonly fee: Money;
  /** Cash after the fill, quote currency. */
  readonly cash: Money;
  /** Position after the fill, base currency. */
  readonly position: Money;
  /** The trade that filled it. */
  readonly tradeId: number;
  /** The trade whose signal made the order. */
  readonly signalTradeId: number;
  /** On a sell: profit after the fees of both sides, quote currency; null on a buy. */
  readonly realized: Money | null;
  /** Why it sold without a signal; absent for a signal's order. */
  readonly cause?: ExitCause;
  /** Present if the order continues. */
  readonly partial?: true;
}
