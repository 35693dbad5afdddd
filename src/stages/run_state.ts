/** The state of a run and the totals of its summary. Reads the stages and changes none of them. */
import type { Account } from "../domain/account/account.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { SummaryEvent } from "../domain/run/event.ts";
import type { Halt } from "../domain/risk/halt.ts";
import { type Money, plain } from "../domain/numbers/money.ts";
import { priceAsMoney } from "../domain/numbers/price.ts";
import type { Marked } from "../domain/performance/performance.ts";
import type { Readings } from "../domain/market/signal.ts";
import { isoTime } from "../domain/numbers/time.ts";
import type { BarStage } from "./bars.ts";
import type { PaperFills } from "./fill.ts";
import type { Parse } from "./parse.ts";
import type { RiskGate } from "./risk.ts";
import type { SignalStage } from "./signal.ts";
import type { TradeEvents } from "./trade_events.ts";

/** The state of a run, for the views. Amounts in quote currency, position in base. */
export interface RunState {
  readonly trades: number;
  /** The last trade's time, µs since 1970; null before the first. */
  readonly lastTime: number | null;
  readonly price: Money | null;
  /** The bars that the run trades on, to be read at once; absent if every trade is one. */
  readonly bars?: Pick<BarStage, "size" | "closed" | "open">;
  readonly readings: Readings;
  readonly stance: "flat" | "long";
  readonly cash: Money;
  readonly position: Money;
  readonly equity: Money;
  /** The halt in force, or null. */
  readonly halt: Halt | null;
}

/** The part of a summary that follows from the trades. */
export type Totals = Omit<SummaryEvent, "type" | "time" | "elapsedMs">;

/** The totals that depend on how orders fill. Amounts in quote currency, position in base, as text. */
export type ModelTotals = Pick<
  Totals,
  "fills" | "refusals" | "cash" | "position" | "equity" | "fees" | "realized" | "maxDrawdown" | "halt"
>;

/** The stages after the signal, and the account and drawdown that they share. */
export interface TradingParts {
  readonly account: Account;
  readonly drawdown: Drawdown;
  readonly gate: RiskGate;
  readonly fills: PaperFills;
}

/** All parts of a run. */
export interface RunParts extends TradingParts {
  readonly symbol: string;
  readonly trades: number;
  /** The first trade's time, µs since 1970; null before it. */
  readonly firstTime: number | null;
  /** The last trade; null before the first. */
  readonly last: Marked | null;
  readonly readings: Readings;
  readonly signals: SignalStage;
  readonly parse: Parse;
  /** Null if every trade is a bar. */
  readonly bars: BarStage | null;
  readonly events: TradeEvents;
}

/** The state of a run. */
export function runStateOf({ trades, last, bars, readings, signals, account, gate }: RunParts): RunState {
  const price = priceOf(last);
  return {
    trades,
    lastTime: last?.time ?? null,
    price,
    ...(bars === null ? {} : { bars }),
    readings,
    stance: signals.stance,
    cash: account.cash,
    position: account.position,
    equity: equityAt(price, account),
    halt: gate.halt,
  };
}

/** The totals of the stages after the signal so far; `last` is the last trade, null before the first. */
export function modelTotals(
  { account, drawdown, gate, fills }: TradingParts,
  refusals: number,
  last: Marked | null,
): ModelTotals {
  return {
    fills: fills.fills,
    refusals,
    cash: plain(account.cash),
    position: plain(account.position),
    equity: plain(equityAt(priceOf(last), account)),
    fees: plain(account.fees),
    realized: plain(account.realized),
    maxDrawdown: drawdown.worst(),
    halt: gate.halt,
  };
}

/** The totals of a run so far. */
export function totalsOf(parts: RunParts): Totals {
  const { symbol, trades, firstTime, last, signals, parse, bars, events } = parts;
  const { fills, refusals, ...books } = modelTotals(parts, events.refusals.total, last);
  const { rejected, duplicates, passedOver, outOfOrder, resets, absent } = parse.counts;
  return {
    symbol,
    trades,
    ...(bars === null ? {} : { bars: bars.closed }),
    firstTime: firstTime === null ? null : isoTime(firstTime),
    lastTime: last === null ? null : isoTime(last.time),
    signals: signals.signals,
    fills,
    refusals,
    rejected,
    duplicates,
    passedOver,
    outOfOrder,
    gaps: events.gaps,
    ...(absent === undefined ? {} : { absent }),
    resets,
    ...books,
  };
}

function priceOf(last: Marked | null): Money | null {
  return last === null ? null : priceAsMoney(last.price, last.decimals);
}

function equityAt(price: Money | null, account: Account): Money {
  return price === null ? account.cash : account.equity(price);
}
