/** The metrics that a sweep shows of each configuration, without the work of all others. */
import { fractionText, type Money, plain, sampledText } from "../numbers/money.ts";
import {
  annualSampling,
  type Metrics,
  PERIODS_PER_YEAR,
  profitFactor,
  simpleReturn,
  winRate,
} from "./metrics.ts";
import type { RoundTripTotals } from "./round_trips.ts";
import type { SampledEquity, Sampling } from "./equity_curve.ts";
import { sharpe, sortino } from "./sampled_ratios.ts";

/** Under the names, and with the values, that `metrics` gives them. */
export type RowMetrics = Pick<
  Metrics,
  "netProfit" | "return" | "roundTrips" | "winRate" | "profitFactor" | "sharpe" | "sortino"
>;

/** What they are computed from. */
export interface RowInput {
  /** At the start, and at the end, quote currency. */
  readonly cash: Money;
  readonly equity: Money;
  /** From the first trade to the last, µs. */
  readonly span: number;
  readonly roundTrips: RoundTripTotals;
  readonly sampled: Pick<SampledEquity, "returns" | "sampling">;
}

/** The metrics of a row, and the period of the returns behind its ratios; null if it has none. */
export function rowMetrics(
  { cash, equity, span, roundTrips, sampled }: RowInput,
): RowMetrics & { readonly sampling: Sampling | null } {
  const { count, wins, grossProfit, grossLoss } = roundTrips;
  const { returns } = sampled;
  const sampling = annualSampling(sampled, span);
  const periods = sampling === null ? null : PERIODS_PER_YEAR[sampling];
  return {
    netProfit: plain(equity.minus(cash)),
    return: fraction(simpleReturn(cash, equity)),
    roundTrips: count,
    winRate: fraction(winRate(wins, count)),
    profitFactor: fraction(profitFactor(grossProfit, grossLoss)),
    sharpe: ratio(periods === null ? null : sharpe(returns, periods)),
    sortino: ratio(periods === null ? null : sortino(returns, periods)),
    sampling,
  };
}

function fraction(value: Money | null): string | null {
  return value === null ? null : fractionText(value);
}

function ratio(value: number | null): string | null {
  return value === null ? null : sampledText(value);
}
