/** Why a waiting order ends before it is filled. */
import { clockAt, type Tick } from "../domain/market/tick.ts";
import type { Order } from "../domain/orders/order.ts";
import { type Expired, expired, LOST, type Refusal, refusal } from "../domain/orders/refusal.ts";
import type { TradingHalt } from "../domain/risk/trading_halt.ts";

/** The conditions that may end an order at a trade. */
export interface Ends {
  readonly halt: TradingHalt;
  /** µs from an order's due time until it expires; null for never. */
  readonly orderTtl: number | null;
  /** Whether the order may fill at the trade. */
  readonly isReady: boolean;
}

/**
 * How an order ends at a trade: by a halt that sells the position, a lost connection, its own time, or a backfilled
 * trade at which it would have been filled, in that order. Null if it keeps waiting.
 */
export function endOf(order: Order, tick: Tick, { halt, orderTtl, isReady }: Ends): Refusal | Expired | null {
  const { side, cause, cut } = order;
  if (halt.isFlattening && cause !== "flatten") {
    const { limit, value } = halt.current!;
    return refusal(order, tick.id, { reason: "halted", limit, value });
  }
  if (cut !== null) return refusal(order, tick.id, { reason: cut, ...LOST[cut] });
  if (isExpired(order, orderTtl, clockAt(tick))) return expired(order, "order-ttl");
  if (!tick.late || side === "sell" || !isReady) return null;
  return refusal(order, tick.id, { reason: "late", limit: "live", value: "late" });
}

/**
 * Whether an order has waited too long at `time`, µs since 1970: longer than `orderTtl` from its due time; null for
 * never.
 */
export function isExpired({ due }: Order, orderTtl: number | null, time: number): boolean {
  return orderTtl !== null && time > due + orderTtl;
}
