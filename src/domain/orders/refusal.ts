import type { Side } from "../numbers/money.ts";
import type { Order, Progress } from "./order.ts";
import type { OrderCheckName } from "../risk/checks/known_checks.ts";
import type { ExitCause } from "../risk/protective_exits.ts";

/** The risk gate's checks, by the code that a refusal carries: those of the table, and the gate's own. */
export type Check = OrderCheckName | "disconnected" | "halted" | "late" | "no-rules" | "stale";

/**
 * An order, or what is left of one, that the risk gate turned down. `limit` and `value` are in the same unit: quote
 * currency, ms, orders, base currency, a fraction, or words.
 */
export interface Refusal extends Progress {
  readonly kind: "refusal";
  readonly side: Side;
  readonly reason: Check;
  /** What the check requires: an amount in decimal text, or a word if there is no amount. */
  readonly limit: string;
  /** What was found. */
  readonly value: string;
  /** The trade at which the order was judged. */
  readonly tradeId: number;
  /** The trade whose signal made the order. */
  readonly signalTradeId: number;
  /** Why it sells without a signal; absent for a signal's order. */
  readonly cause?: ExitCause;
}

/** An order, or what is left of one, that expired. */
export interface Expired extends Progress {
  readonly kind: "expired";
  readonly side: Side;
  readonly signalTradeId: number;
  readonly cause?: ExitCause;
  /** It ran out of its own time, or a sale replaced a purchase; absent at the end of the input. */
  readonly reason?: "order-ttl" | "replaced";
}

/** Why an order is refused while the instrument's rules are not known. */
export const RULES_AWAITED = { reason: "no-rules", limit: "known", value: "awaited" } as const;

/** The limit and the value of a refusal because of the connection, by how it was lost. */
export const LOST = {
  disconnected: { limit: "connected", value: "disconnected" },
  stale: { limit: "flowing", value: "silent" },
} as const;

/** What every decision says about an order. */
export type Judgeable = Pick<Order, "side" | "signalTradeId" | "cause" | "progress">;

/** The refusal of `order` at trade `tradeId`. */
export function refusal(
  order: Judgeable,
  tradeId: number,
  { reason, limit, value }: Pick<Refusal, "reason" | "limit" | "value">,
): Refusal {
  const { side, signalTradeId, cause } = order;
  return {
    kind: "refusal",
    side,
    reason,
    limit,
    value,
    tradeId,
    signalTradeId,
    ...(cause === null ? {} : { cause }),
    ...order.progress(),
  };
}

/** The expiry of `order`; without a reason it is the end of the input. */
export function expired(order: Order, reason?: "order-ttl" | "replaced"): Expired {
  return {
    kind: "expired",
    ...order.origin(),
    ...(reason === undefined ? {} : { reason }),
    ...order.progress(),
  };
}
