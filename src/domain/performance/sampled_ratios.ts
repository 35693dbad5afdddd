/**
 * Ratios of sampled returns: doubles that take only additions, multiplications, divisions and square roots, which IEEE
 * 754 defines to the last bit. Returns are fractions, one per period.
 */

/**
 * A return near zero is the difference of two doubles near each other, and off by up to 2.2e-16. A deviation below a
 * few times that counts as zero.
 */
const RESOLUTION = 1e-15;

/**
 * √(Σ (value − mean)² ÷ (n − 1)): the sample standard deviation, same unit as the values; null for fewer than
 * two. Mean first, distances second, which loses no digits where one pass would: T. F. Chan, G. H. Golub, R.
 * J. LeVeque, Algorithms for Computing the Sample Variance, The American Statistician 37(3), 1983.
 */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - centre) * (value - centre);
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * Sample standard deviation of the returns × √(periods per year), a fraction; null for fewer than two
 * returns. The root assumes that returns of different periods are uncorrelated. C. R. Bacon 2008, chapter 4.
 */
export function annualizedVolatility(returns: readonly number[], periodsPerYear: number): number | null {
  const deviation = standardDeviation(returns);
  return deviation === null ? null : deviation * Math.sqrt(periodsPerYear);
}

/**
 * Mean return ÷ sample standard deviation of the returns × √(periods per year), at a risk-free rate of zero;
 * null for fewer than two returns or when they do not deviate. W. F. Sharpe, The Sharpe Ratio, Journal of
 * Portfolio Management 21(1), 1994; its annualisation assumes independent returns: A. W. Lo, The Statistics
 * of Sharpe Ratios, Financial Analysts Journal 58(4), 2002.
 */
export function sharpe(returns: readonly number[], periodsPerYear: number): number | null {
  const deviation = standardDeviation(returns);
  return deviation === null || deviation < RESOLUTION
    ? null
    : mean(returns) / deviation * Math.sqrt(periodsPerYear);
}

/**
 * √(Σ min(return, 0)² ÷ n) over all n returns, those above the target of zero included as zeros; null without
 * a return. F. A. Sortino, L. N. Price, Performance Measurement in a Downside Risk Framework, Journal of
 * Investing 3(3), 1994.
 */
export function downsideDeviation(returns: readonly number[]): number | null {
  if (returns.length === 0) return null;
  return Math.sqrt(mean(returns.map((value) => value < 0 ? value * value : 0)));
}

/**
 * Mean return ÷ downside deviation × √(periods per year), at a target return of zero; null for fewer than two
 * returns or when none is below zero. F. A. Sortino, R. van der Meer, Downside Risk, Journal of Portfolio
 * Management 17(4), 1991.
 */
export function sortino(returns: readonly number[], periodsPerYear: number): number | null {
  const deviation = returns.length < 2 ? null : downsideDeviation(returns);
  return deviation === null || deviation < RESOLUTION
    ? null
    : mean(returns) / deviation * Math.sqrt(periodsPerYear);
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
