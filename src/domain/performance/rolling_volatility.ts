/** Volatility over time, from the same samples of equity as the volatility of the whole run. */
import { DAY } from "../numbers/time.ts";
import type { Sampling } from "./equity_curve.ts";
import type { Point } from "./m4_columns.ts";
import { PERIODS_PER_YEAR } from "./metrics.ts";
import { annualizedVolatility } from "./sampled_ratios.ts";

/** How many returns each value covers. */
export const VOLATILITY_WINDOW = 30;

/**
 * At the end of each return, the annualised volatility of the last `VOLATILITY_WINDOW` returns, a fraction. The first
 * and the last return cover less than a period, and are left out. `first` is the time of the first trade, µs since
 * 1970. Empty if there are fewer returns.
 */
export function rollingVolatility(returns: readonly number[], sampling: Sampling, first: number): Point[] {
  const perYear = PERIODS_PER_YEAR[sampling];
  const period = 365 * DAY / perYear;
  const start = Math.floor(first / period) * period;
  const points: Point[] = [];
  for (let end = VOLATILITY_WINDOW + 1; end < returns.length; end++) {
    const value = annualizedVolatility(returns.slice(end - VOLATILITY_WINDOW, end), perYear);
    if (value !== null) points.push({ time: start + end * period, value });
  }
  return points;
}
