/**
 * What a Sharpe ratio is worth: how likely it is to be above a benchmark, what luck alone would have given after many
 * tries, and how long a record must be to show it.
 *
 * Sharpe ratios here are those of one period unless a name says otherwise: an annualised ratio ÷ √(periods per year). A
 * figure that does not exist is null.
 */
import { normalProbability, normalQuantile } from "../numbers/normal_distribution.ts";

/** The Sharpe ratio of a record, and the shape of its returns. */
export interface SharpeRecord {
  /** Of one period. */
  readonly sharpe: number;
  /** How many returns it is computed from. */
  readonly count: number;
  /** 0 for the normal distribution. */
  readonly skewness: number;
  /** 3 for the normal distribution. */
  readonly kurtosis: number;
}

/** The Euler–Mascheroni constant γ. */
const EULER = 0.5772156649015329;

/**
 * The probability that the true Sharpe ratio is above `benchmark`, both of one period:
 *
 * PSR(b) = Φ((SR − b) × √(n − 1) ÷ √(1 − γ₃ × SR + (γ₄ − 1) ÷ 4 × SR²)), γ₃ the skewness and γ₄ the kurtosis.
 *
 * From 0 to 1; null for fewer than two returns, or where the variance of the estimate is not above zero, which never
 * happens with moments of real returns. D. H. Bailey, M. López de Prado, The Sharpe Ratio Efficient Frontier, Journal
 * of Risk 15(2), 2012 (SSRN 1821643).
 *
 * @example
 * ```ts
 * import { probabilisticSharpe } from "./sharpe_statistics.ts";
 * import { assertAlmostEquals } from "@std/assert";
 * const record = { sharpe: 1.585 / Math.sqrt(12), count: 24, skewness: -2.448, kurtosis: 10.164 };
 * assertAlmostEquals(probabilisticSharpe(record, 0)!, 0.913234306885, 1e-12);
 * ```
 */
export function probabilisticSharpe(record: SharpeRecord, benchmark: number): number | null {
  const variance = estimateVariance(record);
  if (record.count < 2 || variance === null) return null;
  return normalProbability((record.sharpe - benchmark) * Math.sqrt(record.count - 1) / Math.sqrt(variance));
}

/**
 * What the largest of `tries` independent standard normal variables is expected to be:
 *
 * E[max] = (1 − γ) × Φ⁻¹(1 − 1 ÷ N) + γ × Φ⁻¹(1 − 1 ÷ (N × e)), γ the Euler–Mascheroni constant.
 *
 * Null for fewer than two, where the approximation does not exist. D. H. Bailey, J. M. Borwein, M. López de Prado, Q.
 * J. Zhu, Pseudo-Mathematics and Financial Charlatanism, Notices of the AMS 61(5), 2014, proposition 1.
 *
 * @example
 * ```ts
 * import { expectedMaximum } from "./sharpe_statistics.ts";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * assertAlmostEquals(expectedMaximum(100)!, 2.5306028932, 1e-10);
 * assertEquals(expectedMaximum(1), null);
 * ```
 */
export function expectedMaximum(tries: number): number | null {
  if (!(tries >= 2)) return null;
  // Φ⁻¹(1 − p) is −Φ⁻¹(p), and p keeps the digits that 1 − p loses.
  return -(1 - EULER) * normalQuantile(1 / tries) - EULER * normalQuantile(1 / (tries * Math.E));
}

/**
 * The Sharpe ratio that luck alone is expected to give the best of `tries`, of one period: √V × E[max], V the variance
 * of the ratios of those tried. Null where E[max] does not exist. Bailey & López de Prado 2014 (below).
 */
export function luckySharpe(variance: number, tries: number): number | null {
  const most = expectedMaximum(tries);
  return most === null ? null : Math.sqrt(variance) * most;
}

/**
 * The deflated Sharpe ratio: the probability that the true Sharpe ratio of the best of `tries` is above what luck alone
 * is expected to give, DSR = PSR(√V × E[max]); `variance` is V, of the ratios of those tried, of one period.
 *
 * From 0 to 1; with one try it is PSR(0), because nothing was chosen. Null where PSR does not exist. D. H. Bailey, M.
 * López de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), 2014 (SSRN 2460551).
 */
export function deflatedSharpe(record: SharpeRecord, variance: number, tries: number): number | null {
  return probabilisticSharpe(record, luckySharpe(variance, tries) ?? 0);
}

/**
 * The minimum track record length: how many periods a record must have for PSR(b) to reach `confidence`,
 *
 * 1 + (1 − γ₃ × SR + (γ₄ − 1) ÷ 4 × SR²) × (Φ⁻¹(confidence) ÷ (SR − b))².
 *
 * Null if the ratio is not above the benchmark: then no length is enough. Bailey & López de Prado 2012 (above).
 *
 * @example
 * ```ts
 * import { minimumTrackRecord } from "./sharpe_statistics.ts";
 * import { assertEquals } from "@std/assert";
 * const day = Math.sqrt(250);
 * const periods = minimumTrackRecord({ sharpe: 2 / day, skewness: 0, kurtosis: 3 }, 1 / day, 0.95)!;
 * assertEquals((periods / 250).toFixed(5), "2.73119");
 * ```
 */
export function minimumTrackRecord(
  record: Omit<SharpeRecord, "count">,
  benchmark: number,
  confidence: number,
): number | null {
  const variance = estimateVariance(record);
  if (variance === null || !(record.sharpe > benchmark)) return null;
  const distance = normalQuantile(confidence) / (record.sharpe - benchmark);
  return 1 + variance * distance * distance;
}

/**
 * The minimum backtest length, years: with fewer, the best of `tries` without any edge is expected to reach this
 * annualised Sharpe ratio, (E[max] ÷ SR)². Null if the ratio is not above zero, or with a single try. Bailey, Borwein,
 * López de Prado, Zhu 2014 (above), theorem 1.
 *
 * @example
 * ```ts
 * import { minimumBacktestYears } from "./sharpe_statistics.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(minimumBacktestYears(1, 45)!.toFixed(5), "4.99809");
 * ```
 */
export function minimumBacktestYears(annualizedSharpe: number, tries: number): number | null {
  const most = expectedMaximum(tries);
  return most === null || !(annualizedSharpe > 0) ? null : (most / annualizedSharpe) ** 2;
}

/** 1 − γ₃ × SR + (γ₄ − 1) ÷ 4 × SR²: n − 1 times the variance of the estimate. Null unless it is above zero. */
function estimateVariance({ sharpe, skewness, kurtosis }: Omit<SharpeRecord, "count">): number | null {
  const variance = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe;
  return variance > 0 ? variance : null;
}
