/** What became of orders, and what stopped trading, as events tell it. */
import type { ExpiredEvent, FillEvent, PipelineEvent, RefusalEvent } from "./event.ts";
import type { Fill } from "./fill.ts";
import { plain } from "./money.ts";
import type { Progress } from "./order.ts";
import type { ExitCause } from "./protective_exits.ts";
import type { Expired, Refusal } from "./refusal.ts";
import type { Outcome } from "./tick.ts";

/** The event of an outcome; `time` is the trade's, ISO 8601. */
export function outcomeEvent(outcome: Outcome, time: string, symbol: string): PipelineEvent {
  switch (outcome.kind) {
    case "fill":
      return fillEvent(outcome, time, symbol);
    case "refusal":
      return refusalEvent(outcome, time, symbol);
    case "expired":
      return expiredEvent(outcome, time, symbol);
  }
}

/** The event of an order that time ended. */
export function expiredEvent(expired: Expired, time: string, symbol: string): ExpiredEvent {
  const { side, signalTradeId, reason } = expired;
  const why = reason === undefined ? {} : { reason };
  return { type: "expired", time, symbol, side, signalTradeId, ...why, ...detailOf(expired) };
}

function fillEvent(fill: Fill, time: string, symbol: string): FillEvent {
  const quantity = plain(fill.quantity);
  return {
    type: "fill",
    time,
    symbol,
    side: fill.side,
    price: plain(fill.price),
    quantity,
    fee: plain(fill.fee),
    cash: plain(fill.cash),
    position: fill.position === fill.quantity ? quantity : plain(fill.position),
    tradeId: fill.tradeId,
    signalTradeId: fill.signalTradeId,
    ...(fill.realized === null ? {} : { realized: plain(fill.realized) }),
    ...(fill.partial === undefined ? {} : { partial: fill.partial }),
    ...detailOf(fill),
  };
}

function refusalEvent(refusal: Refusal, time: string, symbol: string): RefusalEvent {
  const { side, reason, limit, value, tradeId } = refusal;
  return { type: "refusal", time, symbol, side, reason, limit, value, tradeId, ...detailOf(refusal) };
}

/** What only some orders have: a cause other than a signal, several fills. */
function detailOf(
  { cause, filled, averagePrice }: Progress & { readonly cause?: ExitCause },
): Progress & { readonly cause?: ExitCause } {
  return {
    ...(cause === undefined ? {} : { cause }),
    ...(filled === undefined || averagePrice === undefined ? {} : { filled, averagePrice }),
  };
}
