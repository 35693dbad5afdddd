/** Volatility over time, from the same samples of equity as the volatility of the whole run. */
import { DAY, HOUR } from "../numbers/time.ts";
import type { Sampling } from "./equity_curve.ts";
import type { Point } from "./m4_columns.ts";
import { annualizedVolatility } from "./sampled_ratios.ts";

/** How many returns each value covers. */
export const VOLATILITY_WINDOW = 30;

const MINUTE = 60_000_000;
const PERIODS: Readonly<Record<Sampling, number>> = { "1d": DAY, "1h": HOUR, "1m": MINUTE };
const PER_YEAR: Readonly<Record<Sampling, number>> = { "1d": 365, "1h": 8_760, "1m": 525_600 };

/**
 * The annualised volatility of the last `VOLATILITY_WINDOW` returns at the end of each of them, a fraction. `first` is
 * the time of the first trade, µs since 1970. Empty if there are fewer returns.
 */
export function rollingVolatility(returns: readonly number[], sampling: Sampling, first: number): Point[] {
  const period = PERIODS[sampling];
  const start = Math.floor(first / period) * period;
  const points: Point[] = [];
  for (let end = VOLATILITY_WINDOW; end <= returns.length; end++) {
    const value = annualizedVolatility(returns.slice(end - VOLATILITY_WINDOW, end), PER_YEAR[sampling]);
    if (value !== null) points.push({ time: start + end * period, value });
  }
  return points;
}
