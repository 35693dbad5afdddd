import type { Money } from "./money.ts";

/** What the account trades under: the person's choices and the instrument's filters. */
export interface Terms {
  /** Starting cash and the most one order spends before its fee, quote currency. */
  readonly cash: Money;
  readonly stake: Money;
  /** Fee as a fraction of the notional, both sides. */
  readonly feeRate: Money;
  /** Basis points against the trader. */
  readonly slippage: Money;
  /** µs between a signal and the earliest trade that may fill it. */
  readonly latency: number;
  /** Smallest step of a quantity, base currency. */
  readonly lot: Money;
  /** Smallest step of a fill price moved by slippage, quote currency. */
  readonly tick: Money;
  /** Smallest and largest quantity of an order, base currency; null for no limit. */
  readonly minQuantity: Money | null;
  readonly maxQuantity: Money | null;
  /** Smallest price × quantity of an order, quote currency. */
  readonly minNotional: Money;
  /** Largest price × quantity of an order, quote currency; null for no limit. */
  readonly maxNotional: Money | null;
  /** Fall of equity from its peak, as a fraction, that halts trading; null for no limit. */
  readonly maxDrawdown: Money | null;
}
