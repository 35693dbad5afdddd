/** What a run is judged by, collected trade by trade: sampled equity, round trips and the drawdown. */
import type { Account } from "../account/account.ts";
import type { Drawdown } from "./drawdown.ts";
import type { DrawdownPeriod } from "./drawdown_periods.ts";
import { type CurvePoint, EquityCurve } from "./equity_curve.ts";
import { Exposure } from "../account/exposure.ts";
import { type Metrics, metrics, type PricedTime } from "./metrics.ts";
import { estimate } from "../numbers/money.ts";
import { powerOfTen, priceAsMoney } from "../numbers/price.ts";
import type { Point } from "./m4_columns.ts";
import { rollingVolatility } from "./rolling_volatility.ts";
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
  /** Annualised, over a rolling window of returns; empty where the metrics have no volatility. */
  readonly volatility: readonly Point[];
  /** The deepest ones, deepest first. */
  readonly drawdownPeriods: readonly DrawdownPeriod[];
}

/** Follows one account through its trades. */
export class Performance {
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  readonly #curve = new EquityCurve();
  readonly #roundTrips = new RoundTrips();
  readonly #exposure = new Exposure();
  /** The books after the trade before, in doubles. */
  #cash: number;
  #position = 0;
  #first: Marked | null = null;

  constructor(account: Account, drawdown: Drawdown) {
    this.#account = account;
    this.#drawdown = drawdown;
    this.#cash = estimate(account.cash);
  }

  /**
   * Notes the trades of a block from row `from` up to, but not including, row `to`. They have been through all stages;
   * `outcomes` are those of the orders at the last of them, and `before` is the trade before them, null at the first.
   */
  note(block: Block, from: number, to: number, outcomes: readonly Outcome[], before: Marked | null): void {
    const { time: times, price: prices, decimals } = block;
    for (let row = from, due = this.#curve.due; row < to; row++) {
      const time = times[row]!;
      if (time < due) continue;
      this.#curve.mark(
        time,
        this.#equity(row === from ? before : { time, price: prices[row - 1]!, decimals }),
      );
      due = this.#curve.due;
    }
    this.#first ??= { time: times[from]!, price: prices[from]!, decimals };
    if (outcomes.length === 0) return;
    const time = times[to - 1]!;
    let isRebooked = false;
    for (const fill of outcomes) {
      if (fill.kind !== "fill") continue;
      this.#roundTrips.add(fill, time);
      this.#cash = estimate(fill.cash);
      this.#position = estimate(fill.position);
      isRebooked = true;
    }
    if (isRebooked) this.#exposure.rebook(time, this.#account.cost, this.#account.cash);
  }

  /** The results so far; `last` is the last trade noted, null before the first. */
  results(last: Marked | null): Results {
    const first = this.#first;
    const end = last?.time ?? 0;
    const sampled = this.#curve.finish(end, this.#equity(last));
    const account = this.#account;
    const trades = first === null || last === null
      ? null
      : { first: pricedTime(first), last: pricedTime(last) };
    const figures = metrics({
      cash: account.start,
      equity: trades === null ? account.cash : account.equity(trades.last.price),
      realized: account.realized,
      fees: account.fees,
      trades,
      roundTrips: this.#roundTrips.totals(end),
      exposure: this.#exposure.mean(end),
      sampled,
      drawdown: this.#drawdown.worstFall(),
      longestUnderWater: this.#drawdown.longestUnderWater(end),
    });
    const { sampling } = figures;
    return {
      metrics: figures,
      volatility: sampling === null || first === null
        ? []
        : rollingVolatility(sampled.returns, sampling, first.time),
      equityCurve: sampled.points,
      drawdownPeriods: this.#drawdown.deepestPeriods(),
    };
  }

  /** Equity after the trade `last`, as a double. */
  #equity(last: Marked | null): number {
    return last === null ? this.#cash : this.#cash + this.#position * last.price / powerOfTen(last.decimals);
  }
}

function pricedTime({ time, price, decimals }: Marked): PricedTime {
  return { time, price: priceAsMoney(price, decimals) };
}
