/** The events that Penstock promises to other programs, field by field. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { PrintedEvent } from "../support/penstock.ts";

type Kind = (value: unknown) => boolean;

const isText: Kind = (value) => typeof value === "string" && value !== "";
/** The start of a message, which may be empty. */
const isSample: Kind = (value) => typeof value === "string" && value.length <= 200;
const isCount: Kind = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** Plain decimal text without leading or trailing zeros, exponent or "-0". */
const isAmount: Kind = (value) =>
  typeof value === "string" && value !== "-0" && /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/.test(value);
/** The input of a check: amounts, or what an order needs and what is available. */
const WORDS = [
  "connected",
  "disconnected",
  "flowing",
  "silent",
  "live",
  "late",
  "released",
  "halted",
  "known",
  "awaited",
];
const isLimit: Kind = (value) => isAmount(value) || WORDS.includes(value as string);
const isTime: Kind = (value) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value);
const isSide: Kind = (value) => value === "buy" || value === "sell";
const isConfig: Kind = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const orNull = (kind: Kind): Kind => (value) => value === null || kind(value);
const orAbsent = (kind: Kind): Kind => (value) => value === undefined || kind(value);

const isSpan: Kind = (value) => typeof value === "number" && value >= 0;
const isOneOf = (...values: readonly string[]): Kind => (value) => values.includes(value as string);
const isMade = (fields: Fields): Kind => (value) =>
  isConfig(value) && mistakeIn(value as PrintedEvent, fields) === null;

type Fields = Readonly<Record<string, Kind>>;

const SYMBOL = { symbol: isText };
const isReason = isOneOf("max-drawdown", "max-daily-loss", "manual");
const HALT: Fields = {
  reason: isReason,
  limit: isLimit,
  value: isLimit,
  tradeId: (value) => value === -1 || isCount(value),
  action: isOneOf("hold", "flatten"),
};
/** Fields that only some orders have. */
const ORDER = {
  cause: orAbsent(isOneOf("stop-loss", "trailing-stop", "take-profit", "flatten")),
  filled: orAbsent(isAmount),
  averagePrice: orAbsent(isAmount),
};
const TOTALS = {
  ...SYMBOL,
  trades: isCount,
  firstTime: orNull(isTime),
  lastTime: orNull(isTime),
  signals: isCount,
  fills: isCount,
  refusals: isCount,
  rejected: isCount,
  duplicates: isCount,
  outOfOrder: isCount,
  gaps: isCount,
  resets: isCount,
  cash: isAmount,
  position: isAmount,
  equity: isAmount,
  fees: isAmount,
  realized: isAmount,
  maxDrawdown: isAmount,
  halt: orNull((value) => isMade(HALT)(value)),
};
const REQUESTED: Fields = { text: orAbsent(isText), requested: orAbsent(isTime) };
const METRICS: Fields = {
  ...Object.fromEntries(
    ["netProfit", "realizedProfit", "openProfit", "grossProfit", "grossLoss", "fees"].map((
      name,
    ) => [name, isAmount]),
  ),
  ...Object.fromEntries(
    ["roundTrips", "wins", "losses", "breakEven", "longestWinningStreak", "longestLosingStreak"]
      .map((name) => [name, isCount]),
  ),
  ...Object.fromEntries(
    [
      ...["winRate", "averageWin", "averageLoss", "largestWin", "largestLoss", "profitFactor", "expectancy"],
      ...["payoffRatio", "timeInMarket", "return", "buyAndHoldReturn", "excessReturn", "exposure"],
      ...["buyAndHoldAtExposure", "excessAtExposure", "annualizedReturn"],
      ...["annualizedVolatility", "sharpe", "sortino", "calmar", "sqn"],
    ].map((name) => [name, orNull(isAmount)]),
  ),
  holdingTimeMs: orNull(isMade({ shortest: isSpan, mean: isSpan, longest: isSpan })),
  maxDrawdown: orNull(
    isMade({
      fraction: isAmount,
      amount: isAmount,
      ...{ from: orNull(isTime), to: orNull(isTime), lengthMs: orNull(isSpan) },
    }),
  ),
  longestUnderWaterMs: orNull(isSpan),
  sampling: orNull(isOneOf("1d", "1h", "1m")),
};

/** What a signal of the usual strategy shows; one of the user's own shows what it wants. */
const AVERAGES: Fields = { shortAverage: isAmount, longAverage: isAmount };

const CONTRACT: Readonly<Record<string, Fields>> = {
  started: { command: isText, version: isText, config: isConfig },
  connected: { endpoint: isText, attempt: isCount },
  disconnected: {
    reason: isText,
    retryInMs: isCount,
    cause: orAbsent(isOneOf("stale", "closed", "broken", "endless", "unreachable")),
  },
  reset: { ...SYMBOL, fromId: isCount, lastId: isCount },
  gap: {
    ...SYMBOL,
    fromId: isCount,
    toId: isCount,
    missing: isCount,
    filled: isCount,
    absent: orAbsent(isCount),
  },
  signal: {
    ...SYMBOL,
    side: isSide,
    price: isAmount,
    tradeId: isCount,
  },
  refusal: {
    ...SYMBOL,
    ...ORDER,
    side: isSide,
    reason: isText,
    limit: isLimit,
    value: isLimit,
    tradeId: isCount,
  },
  fill: {
    ...SYMBOL,
    side: isSide,
    price: isAmount,
    quantity: isAmount,
    fee: isAmount,
    cash: isAmount,
    position: isAmount,
    tradeId: isCount,
    signalTradeId: isCount,
    realized: orAbsent(isAmount),
    partial: orAbsent((value) => value === true),
    ...ORDER,
  },
  expired: {
    ...SYMBOL,
    ...ORDER,
    side: isSide,
    signalTradeId: isCount,
    reason: orAbsent(isOneOf("order-ttl", "replaced")),
  },
  halt: { ...SYMBOL, ...HALT, ...REQUESTED },
  released: { ...SYMBOL, reason: isReason, tradeId: isCount, ...REQUESTED },
  rules: {
    ...SYMBOL,
    rules: isMade({
      ...{ lot: isAmount, tick: isAmount, minNotional: isAmount },
      ...{ minQuantity: orNull(isAmount), maxQuantity: orNull(isAmount), maxNotional: orNull(isAmount) },
    }),
    instrument: (value) => typeof value === "object" && value !== null && "sources" in value,
  },
  rejected: { reason: isText, count: isCount, sample: isSample },
  status: {
    ...SYMBOL,
    trades: isCount,
    tradesPerSecond: isCount,
    lagMs: orNull((value) => typeof value === "number"),
    equity: isAmount,
    position: isAmount,
    halted: (value) => typeof value === "boolean",
    heldGap: orAbsent(isMade({ fromId: isCount, toId: isCount })),
  },
  model: {
    model: isOneOf("optimistic", "pessimistic"),
    ...{ slippage: isAmount, latency: isCount },
    ...TOTALS,
    metrics: isMade(METRICS),
  },
  summary: {
    ...TOTALS,
    ended: orAbsent(isOneOf("input", "stop-after", "for", "person")),
    elapsedMs: isCount,
    absent: orAbsent(isCount),
    resumedAfter: orAbsent(isCount),
    tradesPerSecond: orAbsent(isCount),
    metrics: orAbsent(isMade(METRICS)),
  },
};

/** The first promised field of the wrong kind, with its value, or null. */
function mistakeIn(event: PrintedEvent, fields: Fields): string | null {
  const wrong = Object.entries(fields).find(([name, isKind]) => !isKind(event[name]));
  return wrong === undefined ? null : `${wrong[0]} is ${JSON.stringify(event[wrong[0]])}`;
}

/**
 * Checks that an event has a known type, a time, and every promised field with the promised kind: a signal those of
 * averages, unless its strategy `isOwn`.
 */
export function assertEvent(event: PrintedEvent, isOwn = false): void {
  const fields = CONTRACT[event.type];
  assert(fields !== undefined, `no such event in the contract: ${JSON.stringify(event)}`);
  assertMatch(String(event.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const mistake = mistakeIn(event, fields) ??
    (event.type === "signal" && !isOwn ? mistakeIn(event, AVERAGES) : null);
  assert(mistake === null, `${event.type}.${mistake}`);
  if (event.type === "fill") assertEquals("realized" in event, event.side === "sell");
}

/** Checks a whole run: `started` first, `summary` last and once, and counts that agree with the events. */
export function assertRun(events: readonly PrintedEvent[]): void {
  const isOwn = String(Object(events[0]?.config).strategy).endsWith(".ts");
  for (const event of events) assertEvent(event, isOwn);
  assertEquals(events[0]?.type, "started");
  assertEquals(events.findIndex((event) => event.type === "summary"), events.length - 1);
  const summary = events.at(-1)!;
  const count = (type: string) => events.filter((event) => event.type === type).length;
  assertEquals(
    [summary.signals, summary.fills, summary.refusals, summary.gaps],
    [count("signal"), count("fill"), count("refusal"), count("gap")],
  );
  const rejected = events.filter((event) => event.type === "rejected");
  assertEquals(summary.rejected, rejected.reduce((sum, event) => sum + Number(event.count), 0));
}

/** Checks a whole backtest: the run, its start at the first trade, its speed and its metrics. */
export function assertBacktest(events: readonly PrintedEvent[]): void {
  assertRun(events);
  const [started, summary] = [events[0]!, events.at(-1)!];
  assertEquals([started.command, started.time], ["backtest", summary.firstTime]);
  assertEquals(summary.time, summary.lastTime);
  assert(isCount(summary.tradesPerSecond) && isMade(METRICS)(summary.metrics), "no speed or no metrics");
}
