/** How much of the result of a sweep's best configuration is luck: all figures together. */
import { PERIODS_PER_YEAR } from "../performance/metrics.ts";
import type { Sampling } from "../performance/equity_curve.ts";
import type { BlockDivision } from "./block_sums.ts";
import { type OverfittingProbability, overfittingProbability } from "./overfitting_probability.ts";
import type { ReturnMoments } from "./return_moments.ts";
import {
  deflatedSharpe,
  luckySharpe,
  minimumBacktestYears,
  minimumTrackRecord,
} from "./sharpe_statistics.ts";
import { DAY } from "../numbers/time.ts";

/** What the configurations of a sweep earned, all of them over the trades by which the best was chosen. */
export interface SweptReturns {
  /** The moments of the sampled returns of each configuration. */
  readonly moments: readonly ReturnMoments[];
  /** Which of them is the best; null if none is. */
  readonly best: number | null;
  /**
   * The period of the returns; null if the metrics have no Sharpe ratio, because there is too little time or there are
   * too few returns.
   */
  readonly sampling: Sampling | null;
  /** From the first trade to the last, µs. */
  readonly span: number;
  /**
   * The sums of `writeBlockSums`, configuration by configuration, and how they are divided; null for too few returns.
   */
  readonly blocks: { readonly sums: Float64Array; readonly division: BlockDivision } | null;
  /** Configurations ever tried on these trades, including those of this sweep. */
  readonly tried: number;
}

/** The figures. Sharpe ratios are annualised; a figure that does not exist is null. */
export interface Luck {
  readonly configurations: number;
  readonly tried: number;
  /** Sampled returns of each configuration, and their period. */
  readonly returns: number;
  readonly sampling: Sampling | null;
  /** From the first trade to the last, in years of 365 days. */
  readonly years: number;
  /** The Sharpe ratio of the best configuration. */
  readonly sharpe: number | null;
  /** What luck alone is expected to give the best of all that were tried. */
  readonly expectedMaximumSharpe: number | null;
  /** The probability that the best's true ratio is above that. */
  readonly deflatedSharpe: number | null;
  /** With fewer years, the best of so many without an edge is expected to reach this ratio. */
  readonly minimumBacktestYears: number | null;
  /** Years until a ratio like this is above zero with 95 % confidence, had it been the only one tried. */
  readonly minimumTrackRecordYears: number | null;
  readonly overfitting: OverfittingProbability | null;
}

/** The usual confidence, as in the papers. */
const CONFIDENCE = 0.95;

const YEAR = 365 * DAY;

/**
 * The figures of a sweep. The variance of the Sharpe ratios is that of the configurations which have one (n − 1), added
 * up in their order, the mean first. Configurations whose returns are fewer or more than the others' cover a different
 * time, and have no probability of overfitting together. Throws a RangeError unless `blocks` has a row for each of
 * `moments`.
 */
export function luckOf({ moments, best, sampling, span, blocks, tried }: SweptReturns): Luck {
  if (blocks !== null && blocks.sums.length !== 2 * blocks.division.blocks * moments.length) {
    throw new RangeError(`${blocks.sums.length} sums are not those of ${moments.length} configurations`);
  }
  const chosen = best === null ? undefined : moments[best];
  const returns = moments[0]?.count ?? 0;
  const isEven = moments.every(({ count }) => count === returns);
  const periods = sampling === null ? null : PERIODS_PER_YEAR[sampling];
  const figures = periods === null || chosen === undefined
    ? NO_FIGURES
    : sharpeFigures(chosen, moments, tried, periods);
  return {
    configurations: moments.length,
    tried,
    returns,
    sampling,
    years: span / YEAR,
    ...figures,
    overfitting: sampling === null || blocks === null || !isEven
      ? null
      : overfittingProbability(blocks.sums, blocks.division),
  };
}

type SharpeFigures = Pick<
  Luck,
  "sharpe" | "expectedMaximumSharpe" | "deflatedSharpe" | "minimumBacktestYears" | "minimumTrackRecordYears"
>;

const NO_FIGURES: SharpeFigures = {
  sharpe: null,
  expectedMaximumSharpe: null,
  deflatedSharpe: null,
  minimumBacktestYears: null,
  minimumTrackRecordYears: null,
};

function sharpeFigures(
  { count, sharpe, skewness, kurtosis }: ReturnMoments,
  moments: readonly ReturnMoments[],
  tried: number,
  periods: number,
): SharpeFigures {
  if (sharpe === null || skewness === null || kurtosis === null) return NO_FIGURES;
  const record = { sharpe, count, skewness, kurtosis };
  const root = Math.sqrt(periods);
  const variance = varianceOf(moments.flatMap((one) => one.sharpe ?? []));
  const expected = variance === null ? null : luckySharpe(variance, tried);
  const needed = minimumTrackRecord(record, 0, CONFIDENCE);
  return {
    sharpe: sharpe * root,
    expectedMaximumSharpe: expected === null ? null : expected * root,
    // A single try needs no variance.
    deflatedSharpe: variance === null && tried > 1 ? null : deflatedSharpe(record, variance ?? 0, tried),
    minimumBacktestYears: minimumBacktestYears(sharpe * root, tried),
    minimumTrackRecordYears: needed === null ? null : needed / periods,
  };
}

/** The sample variance (n − 1); null for fewer than two. */
function varianceOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return squares / (values.length - 1);
}
