/** What a run is judged by, collected trade by trade: sampled equity, round trips and the drawdown. */
import type { Account } from "../account/account.ts";
import type { Drawdown } from "./drawdown.ts";
import type { DrawdownPeriod } from "./drawdown_periods.ts";
import { type CurvePoint, EquityCurve } from "./equity_curve.ts";
import { Exposure } from "../account/exposure.ts";
import { type Metrics, metrics, type PricedTime } from "./metrics.ts";
import { estimate } from "../numbers/money.ts";
import { powerOfTen, priceAsMoney } from "../numbers/price.ts";
import { RoundTrips } from "./round_trips.ts";
import type { Outcome, Tick } from "../market/tick.ts";

/** What is known about a finished run beyond its events. */
export interface Results {
  readonly metrics: Metrics;
  /** At most 2,000 points; empty when there was no trade. */
  readonly equityCurve: readonly CurvePoint[];
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
  #first: Tick | null = null;

  constructor(account: Account, drawdown: Drawdown) {
    this.#account = account;
    this.#drawdown = drawdown;
    this.#cash = estimate(account.cash);
  }

  /**
   * Notes a trade that has been through all stages, with the outcomes of the orders at it; `before` is the
   * trade before it, null at the first.
   */
  note(tick: Tick, outcomes: readonly Outcome[], before: Tick | null): void {
    if (tick.time >= this.#curve.due) this.#curve.mark(tick.time, this.#equity(before));
    this.#first ??= tick;
    if (outcomes.length === 0) return;
    let isRebooked = false;
    for (const fill of outcomes) {
      if (fill.kind !== "fill") continue;
      this.#roundTrips.add(fill, tick.time);
      this.#cash = estimate(fill.cash);
      this.#position = estimate(fill.position);
      isRebooked = true;
    }
    if (isRebooked) this.#exposure.rebook(tick.time, this.#account.cost, this.#account.cash);
  }

  /** The results so far; `last` is the last trade noted, null before the first. */
  results(last: Tick | null): Results {
    const first = this.#first;
    const end = last?.time ?? 0;
    const sampled = this.#curve.finish(end, this.#equity(last));
    const account = this.#account;
    const trades = first === null || last === null
      ? null
      : { first: pricedTime(first), last: pricedTime(last) };
    return {
      metrics: metrics({
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
      }),
      equityCurve: sampled.points,
      drawdownPeriods: this.#drawdown.deepestPeriods(),
    };
  }

  /** Equity after the trade `last`, as a double. */
  #equity(last: Tick | null): number {
    return last === null ? this.#cash : this.#cash + this.#position * last.price / powerOfTen(last.decimals);
  }
}

function pricedTime({ time, price, decimals }: Tick): PricedTime {
  return { time, price: priceAsMoney(price, decimals) };
}
