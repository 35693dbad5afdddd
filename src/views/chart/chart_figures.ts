/** What a chart shows of a run's state at one moment, as plain values that do not change with the run. */
import type { Halt } from "../../domain/risk/halt.ts";
import type { Values } from "../../domain/market/signal.ts";
import { Money, plain } from "../../domain/numbers/money.ts";
import { assets, type NamedAssets } from "../terminal/assets.ts";
import { printable } from "../terminal/terminal.ts";
import type { LiveGlance } from "../view.ts";
import type { Holding } from "./holding.ts";

/** Amounts as text: quote currency, the position in base. */
export interface ChartFigures {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly isConnected: boolean;
  readonly awaitsRules: boolean;
  readonly tradesPerSecond: number;
  readonly lagMs: number | null;
  /** The last trade's time, µs since 1970; null before the first, as is the price. */
  readonly time: number | null;
  readonly price: string | null;
  /** The strategy's values; null until all of them exist. */
  readonly values: Values | null;
  readonly label: string;
  readonly cash: string;
  readonly equity: string;
  readonly result: string;
  /** A fraction of what the account started with. */
  readonly resultShare: string;
  readonly position: string;
  /** What the position cost on average, and its profit at the last price; null without one, and if it is not known. */
  readonly averagePrice: string | null;
  readonly openProfit: string | null;
  /** The drawdown and its limit, fractions of the peak; null without a limit. */
  readonly fall: { readonly value: string; readonly limit: string } | null;
  readonly halt: Halt | null;
}

/**
 * The figures at this moment. `start` is what the account started with, `named` the exchange's names for the assets.
 */
export function figuresOf(
  { run, stream }: LiveGlance,
  { start, holding, named }: {
    readonly start: Money;
    readonly holding: Holding;
    readonly named: NamedAssets | null;
  },
): ChartFigures {
  const { base, quote } = assets(stream.symbol, named);
  const result = run.equity.minus(start);
  const { averagePrice } = holding;
  const openProfit = run.price === null ? null : holding.profitAt(run.price);
  return {
    symbol: stream.symbol,
    base: printable(base),
    quote: printable(quote),
    isConnected: stream.connected,
    awaitsRules: stream.awaitsRules === true,
    tradesPerSecond: Math.round(stream.tradesPerSecond),
    lagMs: stream.lagMs,
    time: run.lastTime,
    price: run.price === null ? null : plain(run.price),
    values: run.readings.values(),
    label: printable(run.readings.label),
    cash: plain(run.cash),
    equity: plain(run.equity),
    result: plain(result),
    resultShare: plain(result.div(start)),
    position: plain(run.position),
    averagePrice: averagePrice === null ? null : plain(averagePrice),
    openProfit: openProfit === null ? null : plain(openProfit),
    fall: run.fall === null ? null : { value: plain(run.fall.value), limit: plain(run.fall.limit) },
    halt: run.halt,
  };
}
