/** The events that Penstock promises to other programs, field by field, as the contract has them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Told } from "../support/penstock.ts";

type Kind = (value: unknown) => boolean;

const isText: Kind = (value) => typeof value === "string" && value !== "";
const isCount: Kind = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** Plain decimal text without leading or trailing zeros, exponent or "-0". */
const isAmount: Kind = (value) =>
  typeof value === "string" && value !== "-0" && /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/.test(value);
const isTime: Kind = (value) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value);
const isSide: Kind = (value) => value === "buy" || value === "sell";
const isConfig: Kind = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const orNull = (kind: Kind): Kind => (value) => value === null || kind(value);
const orAbsent = (kind: Kind): Kind => (value) => value === undefined || kind(value);

const SYMBOL = { symbol: isText };

const CONTRACT: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  started: { command: isText, version: isText, config: isConfig },
  connected: { endpoint: isText, attempt: isCount },
  disconnected: { reason: isText, retryInMs: isCount },
  gap: { ...SYMBOL, fromId: isCount, toId: isCount, missing: isCount, filled: isCount },
  signal: {
    ...SYMBOL,
    side: isSide,
    price: isAmount,
    tradeId: isCount,
    shortAverage: isAmount,
    longAverage: isAmount,
  },
  refusal: { ...SYMBOL, side: isSide, reason: isText, limit: isAmount, value: isAmount, tradeId: isCount },
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
  },
  expired: { ...SYMBOL, side: isSide, signalTradeId: isCount },
  halt: { ...SYMBOL, reason: isText, limit: isAmount, value: isAmount, tradeId: isCount, action: isText },
  rejected: { reason: isText, count: isCount, sample: isText },
  status: {
    ...SYMBOL,
    trades: isCount,
    tradesPerSecond: isCount,
    lagMs: orNull((value) => typeof value === "number"),
    equity: isAmount,
    position: isAmount,
  },
  summary: {
    ...SYMBOL,
    trades: isCount,
    firstTime: orNull(isTime),
    lastTime: orNull(isTime),
    signals: isCount,
    fills: isCount,
    refusals: isCount,
    rejected: isCount,
    duplicates: isCount,
    gaps: isCount,
    cash: isAmount,
    position: isAmount,
    equity: isAmount,
    fees: isAmount,
    realized: isAmount,
    maxDrawdown: isAmount,
    elapsedMs: isCount,
  },
};

/** Checks one event: a known type, a time, and every promised field of the promised kind. */
export function assertEvent(event: Told): void {
  const fields = CONTRACT[event.type];
  assert(fields !== undefined, `no such event in the contract: ${JSON.stringify(event)}`);
  assertMatch(String(event.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  for (const [name, isKind] of Object.entries(fields)) {
    assert(isKind(event[name]), `${event.type}.${name} is ${JSON.stringify(event[name])}`);
  }
  if (event.type === "fill") assertEquals("realized" in event, event.side === "sell");
}

/** Checks a whole run: `started` first, `summary` last and once, and counts that agree with the events. */
export function assertRun(events: readonly Told[]): void {
  events.forEach(assertEvent);
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
