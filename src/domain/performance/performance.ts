/** Measures a run trade by trade: sampled equity, round trips and the drawdown. */
import type { Account } from "../account/account.ts";
import type { Drawdown } from "./drawdown.ts";
import type { DrawdownPeriod } from "./drawdown_periods.ts";
import { type CurvePoint, EquityCurve, MAX_POINTS, type Sampling } from "./equity_curve.ts";
import { Exposure } from "../account/exposure.ts";
import { type Metrics, metrics, type PricedTime, type TradeSpan } from "./metrics.ts";
import { estimate, type Money } from "../numbers/money.ts";
import { powerOfTen, priceAsMoney } from "../numbers/price.ts";
import type { Point } from "./m4_columns.ts";
import { rollingVolatility } from "./rolling_volatility.ts";
import { type RowMetrics, rowMetrics } from "./row_metrics.ts";
import { RoundTrips } from "./round_trips.ts";
import type { Block } from "../market/block.ts";
import type { Outcome, Tick } from "../market/tick.ts";

/** What is still needed of an earlier trade. */
export type Marked = Pick<Tick, "time" | "price" | "decimals">;

/** What is known about a finished run beyond its events. */
export interface Results {
  readonly metrics: Metrics;
  /** At most 2,000 points; empty when there was no trade. */
  readonly equityCurve: readonly CurvePoint[];
  /** Annualised, over a rolling window of returns; empty if the metrics have no volatility. */
  readonly volatility: readonly Point[];
  /** The deepest drawdowns, deepest first. */
  readonly drawdownPeriods: readonly DrawdownPeriod[];
}

/** What a sweep shows of a finished run and ranks it by. */
export interface RowResults {
  readonly metrics: RowMetrics;
  /** The period of the returns; null if the metrics have no ratio. */
  readonly sampling: Sampling | null;
  readonly returns: readonly number[];
  readonly points: readonly CurvePoint[];
  /** Times of the first and of the last trade, µs since 1970. */
  readonly from: number;
  readonly to: number;
}

/** The books of an account with one symbol. */
export interface BooksAtCost {
  /** Quote currency. */
  readonly cash: Money;
  /** Base currency. */
  readonly position: Money;
  /** What the position cost, fees included, quote currency. */
  readonly cost: Money;
}

const NOTHING: readonly Outcome[] = [];
const NO_SPAN = { first: null, last: null } as const;

/** The first and the last trade of a symbol. */
interface Span {
  readonly symbol: string;
  readonly first: Marked;
  readonly last: { -readonly [P in keyof Marked]: Marked[P] };
}

/** Follows one account through its trades. */
export class Performance {
  #account: Account;
  readonly #drawdown: Drawdown;
  readonly #curve: EquityCurve;
  readonly #roundTrips = new RoundTrips();
  readonly #exposure = new Exposure();
  /** The books after the trade before, in doubles. */
  #cash: number;
  #position = 0;
  /** The spans of the symbols in the order of their first trades, and the span of the current symbol. */
  readonly #spans: Span[] = [];
  #span: Span | null = null;

  /** The curve has at most `points` points. */
  constructor(account: Account, drawdown: Drawdown, points: number = MAX_POINTS) {
    this.#curve = new EquityCurve(points);
    this.#account = account;
    this.#drawdown = drawdown;
    this.#cash = estimate(account.cash);
  }

  /**
   * Notes the trades of a block from row `from` up to, but not including, row `to`. They have been through all stages;
   * `outcomes` are those of the orders at the last of them, and `before` is the trade of the same symbol before them,
   * null at the first.
   */
  note(block: Block, from: number, to: number, outcomes: readonly Outcome[], before: Marked | null): void {
    const { time: times, price: prices, decimals, symbol, extremes } = block;
    const isOrdered = extremes !== undefined && extremes.isOrdered;
    for (let row = from;; row++) {
      row = firstSince(this.#curve.due, times, row, to, isOrdered);
      if (row === to) break;
      const time = times[row]!;
      this.#curve.mark(
        time,
        this.#equity(row === from ? before : { time, price: prices[row - 1]!, decimals }),
      );
    }
    if (symbol !== this.#span?.symbol) {
      this.#open(symbol, { time: times[from]!, price: prices[from]!, decimals });
    }
    const time = times[to - 1]!;
    const { last } = this.#span!;
    last.time = time;
    last.price = prices[to - 1]!;
    last.decimals = decimals;
    if (outcomes.length === 0) return;
    let isRebooked = false;
    for (const fill of outcomes) {
      if (fill.kind !== "fill") continue;
      this.#roundTrips.add(fill, time, symbol);
      isRebooked = true;
    }
    if (!isRebooked) return;
    const account = this.#account;
    this.#estimate();
    this.#exposure.rebook(time, account.totalCost, account.cash);
  }

  /**
   * Notes trades as `note` does, and the `books` after a part of an order that filled at the last of them. The account
   * trades one symbol, and the part neither opens nor closes its position. The profit of such parts is for `addProfit`.
   * `note` may follow for the same trades: it changes nothing at those that have been noted.
   */
  notePart(block: Block, from: number, to: number, before: Marked, books: BooksAtCost): void {
    this.note(block, from, to, NOTHING, before);
    const { cash, position, cost } = books;
    this.#cash = estimate(cash);
    this.#position = estimate(position);
    this.#exposure.rebook(block.time[to - 1]!, cost, cash);
  }

  /** Adds the profit (quote currency) of sales in a symbol that left some of its position. */
  addProfit(symbol: string, profit: Money): void {
    this.#roundTrips.addProfit(profit, symbol);
  }

  /** Prepares for trades of another symbol; `account` is the same account as that symbol sees it. */
  turnTo(account: Account): void {
    this.#account = account;
    this.#estimate();
  }

  /** The results so far. */
  results(): Results {
    const last = this.#span?.last ?? null;
    const end = last?.time ?? 0;
    const sampled = this.#curve.finish(end, this.#equity(last));
    const account = this.#account;
    const [trades = null, ...others] = this.#spans.map((span): TradeSpan => ({
      first: pricedTime(span.first),
      last: pricedTime(span.last),
    }));
    const figures = metrics({
      cash: account.start,
      equity: last === null ? account.cash : account.equity(pricedTime(last).price),
      realized: account.realized,
      fees: account.fees,
      trades,
      others,
      roundTrips: this.#roundTrips.totals(end),
      exposure: this.#exposure.mean(end),
      sampled,
      drawdown: this.#drawdown.worstFall(),
      longestUnderWater: this.#drawdown.longestUnderWater(end),
    });
    const { sampling } = figures;
    return {
      metrics: figures,
      volatility: sampling === null || trades === null
        ? []
        : rollingVolatility(sampled.returns, sampling, trades.first.time),
      equityCurve: sampled.points,
      drawdownPeriods: this.#drawdown.deepestPeriods(),
    };
  }

  /** What a sweep shows of the results so far, for one symbol. */
  rowResults(): RowResults {
    const [{ first, last } = NO_SPAN] = this.#spans;
    const [start, end] = [first?.time ?? 0, last?.time ?? 0];
    const account = this.#account;
    const sampled = this.#curve.finish(end, this.#equity(last));
    const { sampling, ...metrics } = rowMetrics({
      cash: account.start,
      equity: last === null ? account.cash : account.equity(pricedTime(last).price),
      span: end - start,
      roundTrips: this.#roundTrips.totals(end),
      sampled,
    });
    return { metrics, sampling, returns: sampled.returns, points: sampled.points, from: start, to: end };
  }

  /** Continues with the trades of a symbol, from its first trade on. */
  #open(symbol: string, first: Marked): void {
    let span = this.#spans.find((one) => one.symbol === symbol);
    if (span === undefined) {
      span = { symbol, first, last: { ...first } };
      this.#spans.push(span);
    }
    this.#span = span;
  }

  #estimate(): void {
    this.#cash = estimate(this.#account.unmoved);
    this.#position = estimate(this.#account.position);
  }

  /** Equity after the trade `last`, as a double. */
  #equity(last: Marked | null): number {
    return last === null ? this.#cash : this.#cash + this.#position * last.price / powerOfTen(last.decimals);
  }
}

/**
 * The first row from `from` on, and before `to`, whose time is not before `due`; `to` if there is none. If the times
 * are ordered it looks at few of them, because thousands of configurations ask for the same trades.
 */
function firstSince(
  due: number,
  times: Float64Array,
  from: number,
  to: number,
  isOrdered: boolean,
): number {
  let row = from;
  if (!isOrdered) {
    while (row < to && times[row]! < due) row++;
    return row;
  }
  if (row === to || times[to - 1]! < due) return to;
  for (let end = to - 1; row < end;) {
    const middle = (row + end) >>> 1;
    if (times[middle]! < due) row = middle + 1;
    else end = middle;
  }
  return row;
}

function pricedTime({ time, price, decimals }: Marked): PricedTime {
  return { time, price: priceAsMoney(price, decimals) };
}
