import type { Money, Side } from "./money.ts";

/** An order filled and booked. Amounts are exact. */
export interface Fill {
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
}
