/** What is known about one configuration after one fold: plain values, which can be sent from worker to worker. */
import type { BlockDivision } from "../../domain/overfitting/block_sums.ts";
import { writeBlockSums } from "../../domain/overfitting/block_sums.ts";
import { type ReturnMoments, returnMoments } from "../../domain/overfitting/return_moments.ts";
import type { Sampling } from "../../domain/performance/equity_curve.ts";
import type { ConfigurationFigures } from "../../domain/run/sweep_result.ts";
import type { FoldRun } from "./sweep_lanes.ts";

/**
 * What a fold is for: the rows and the choice among them, trades held out of that choice, or one window of a
 * walk-forward.
 */
export type FoldUse = "choice" | "test" | "window";

/** The result of one configuration in one fold. */
export interface FoldResult {
  readonly figures: ConfigurationFigures;
  /** Times of the first and of the last trade, µs since 1970. */
  readonly from: number;
  readonly to: number;
  /** The period of the returns, and their moments; null unless the fold is for the choice. */
  readonly sampling: Sampling | null;
  readonly moments: ReturnMoments | null;
  /** As `writeBlockSums` writes them; null without a division. */
  readonly sums: Float64Array | null;
  /** Pairs of time and equity; empty unless the fold is a window. */
  readonly curve: readonly (readonly [time: number, equity: number])[];
}

/**
 * The result of a run that has seen `trades` trades. `divisionOf` says how a number of returns is divided into blocks.
 */
export function foldResult(
  { run, signals }: FoldRun,
  trades: number,
  use: FoldUse,
  divisionOf: (returns: number) => BlockDivision | null,
): FoldResult {
  const { fills, refusals, cash, position, equity, fees, realized, maxDrawdown, halt } = run.totals();
  const { metrics, sampling, returns, points, from, to } = run.rowResults();
  const division = use === "choice" ? divisionOf(returns.length) : null;
  const sums = division === null ? null : new Float64Array(2 * division.blocks);
  if (division !== null) writeBlockSums(returns, division, sums!);
  return {
    figures: {
      trades,
      signals,
      fills,
      refusals,
      cash,
      position,
      equity,
      fees,
      realized,
      maxDrawdown,
      halted: halt !== null,
      ...metrics,
    },
    from,
    to,
    sampling: use === "choice" ? sampling : null,
    moments: use === "choice" ? returnMoments(returns) : null,
    sums,
    curve: use === "window" ? points.map(({ time, equity }) => [time, equity]) : [],
  };
}
