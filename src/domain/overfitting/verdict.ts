/** What the figures of a sweep say about its best configuration, in one word. */
import type { Money } from "../numbers/money.ts";
import type { Luck } from "./luck.ts";

/**
 * - `good`: no figure speaks against the best configuration;
 * - `doubtful`: some figure does;
 * - `luck`: some figure says that the best is what luck alone would have given;
 * - `loss`: the best has earned nothing, so there is nothing to explain;
 * - `unknown`: the trades are too few for one of the figures.
 */
export type Verdict = "good" | "doubtful" | "luck" | "loss" | "unknown";

/** From this deflated Sharpe ratio on, the best counts as more than luck: Bailey & López de Prado 2014. */
const CONVINCING = 0.95;
/** Up to this probability of overfitting, the choice counts as sound. Bailey et al. 2016 reject above 0.05. */
const RARELY_OVERFIT = 0.05;
/** One half: the best is as likely luck as not, and choosing by the past is no better than choosing blindly. */
const BLIND = 0.5;
/** From this share of the annualised profit on, a strategy has kept enough of it out of sample: Pardo 2008. */
const KEPT_ENOUGH = 0.5;

/**
 * The verdict. `kept` is what the best kept of its profit on trades that had no part in the choice
 * (`walkForwardEfficiency`): one value for `--test`, one for `--walk-forward`, null where there was no profit to keep.
 *
 * To be good, it must pass all thresholds: a deflated Sharpe ratio of at least 0.95; as many years as the minimum
 * backtest length; a probability of overfitting of at most 0.05; and at least one half for each value in `kept`. It is
 * luck if nothing is kept, the years are fewer than the minimum, the deflated ratio is below one half, or the
 * probability of overfitting is one half or more. The last alone makes it only doubtful: where all configurations are
 * equally good, it does not matter which is chosen.
 */
export function verdictOf(luck: Luck, kept: readonly (Money | null)[] = []): Verdict {
  const { sharpe, deflatedSharpe, minimumBacktestYears, overfitting, configurations, tried, years } = luck;
  if (sharpe === null) return "unknown";
  if (sharpe <= 0) return "loss";
  if (kept.some((share) => share !== null && share.lte(0))) return "luck";
  const isShort = minimumBacktestYears !== null && years < minimumBacktestYears;
  if (isShort) return "luck";
  if (deflatedSharpe === null) return "unknown";
  const overfit = overfitting?.probability ?? null;
  const isDeflated = deflatedSharpe < CONVINCING;
  if (deflatedSharpe < BLIND || isDeflated && overfit !== null && overfit >= BLIND) return "luck";
  // A single configuration that was the only one ever tried cannot be overfit by choosing.
  const needsOverfit = configurations > 1 || tried > 1;
  if (needsOverfit && overfit === null) return "unknown";
  const isConvincing = !isDeflated && (overfit ?? 0) <= RARELY_OVERFIT;
  return isConvincing && kept.every((share) => share !== null && share.gte(KEPT_ENOUGH))
    ? "good"
    : "doubtful";
}
