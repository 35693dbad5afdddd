/** The events of what happened at a trade: gaps, signals, and the outcomes of orders. */
import type {
  ExpiredEvent,
  FillEvent,
  GapEvent,
  PipelineEvent,
  RefusalEvent,
  ResetEvent,
  SignalEvent,
} from "./event.ts";
import type { Fill } from "../orders/fill.ts";
import { plain } from "../numbers/money.ts";
import type { Progress } from "../orders/order.ts";
import type { ExitCause } from "../risk/protective_exits.ts";
import type { Expired, Refusal } from "../orders/refusal.ts";
import { priceText } from "../numbers/price.ts";
import type { Signal } from "../market/signal.ts";
import type { Outcome, Tick } from "../market/tick.ts";

/**
 * The event of a signal at a trade, with the strategy's values there; `time` is the trade's, ISO 8601. Throws an Error
 * if it has none: a defect.
 */
export function signalEvent(
  { symbol, price, decimals }: Tick,
  { side, tradeId, values }: Signal,
  time: string,
): SignalEvent {
  if (values === undefined) {
    throw new Error(`Trade ${tradeId} gives a signal before its averages exist: this is a defect`);
  }
  return { type: "signal", time, symbol, side, price: priceText(price, decimals), tradeId, ...values };
}

/**
 * A gap's first id (-1: it follows from the counts), and how many of its trades were skipped or do not exist.
 */
interface NotFetched {
  readonly fromId: number;
  readonly skipped: number;
  readonly absent: number;
}

/** The event of a gap before a trade, whether its trades are still missing or have been fetched. */
export function gapEvent(
  { symbol, firstId, missing: unfetched, filled }: Tick,
  { fromId: from, skipped, absent }: NotFetched,
  time: string,
): GapEvent {
  const fromId = from >= 0 ? from : firstId - unfetched - filled - absent;
  const missing = firstId - fromId - absent;
  return {
    type: "gap",
    time,
    symbol,
    fromId,
    toId: firstId - 1,
    missing,
    filled: missing - skipped - unfetched,
    ...(absent === 0 ? {} : { absent }),
  };
}

/** The event of ids that started over with a trade; `lastId` is the last id before it. */
export function resetEvent({ symbol, firstId }: Tick, lastId: number, time: string): ResetEvent {
  return { type: "reset", time, symbol, fromId: firstId, lastId };
}

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

/** The event of an order that expired. */
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
