import type { CooldownParameters } from "./checks/cooldown.ts";
import type { LagParameters } from "./checks/max_lag.ts";
import type { OrderRateParameters } from "./checks/max_orders.ts";
import type { PositionParameters } from "./checks/max_position.ts";
import type { Money } from "../numbers/money.ts";
import type { ExitParameters } from "./protective_exits.ts";
import type { HaltParameters } from "./trading_halt.ts";
import type { Stake } from "../orders/stake.ts";

/** The first trade that may fill an order: the one that made it, or the next one after that. */
export type FillAt = "signal" | "next";

/** The rules for an instrument's orders. */
export interface TradingRules {
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
}

/** The limits of the checks on orders, as the options have them. */
export interface OrderLimits
  extends CooldownParameters, LagParameters, OrderRateParameters, PositionParameters {}

/** What the account trades with: the user's options and the instrument's rules. */
export interface TradingParameters extends TradingRules, HaltParameters, ExitParameters, OrderLimits {
  /** The instrument's rules are not known yet, and no order is placed until they are; absent for false. */
  readonly awaitsRules?: boolean;
  /** Starting cash, quote currency. */
  readonly cash: Money;
  /** The most one order spends before its fee. */
  readonly stake: Stake;
  /** Fee as a fraction of the notional, both sides. */
  readonly feeRate: Money;
  /** Basis points against the trader. */
  readonly slippage: Money;
  /** µs between a signal and the earliest trade that may fill it. */
  readonly latency: number;
  /** The first trade that may fill an order, once the latency has passed. */
  readonly fill: FillAt;
  /** The largest share of a trade's quantity that orders may take from it; null for no limit. */
  readonly participation: Money | null;
  /** How long an order may wait to fill after it first could have, µs; null for ever. */
  readonly orderTtl: number | null;
}
