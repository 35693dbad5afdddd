/** Explains what the figures of a sweep mean, one plain sentence for each. */
import type { Luck } from "../../domain/overfitting/luck.ts";
import type { Verdict } from "../../domain/overfitting/verdict.ts";
import type { Money } from "../../domain/numbers/money.ts";
import { counted, grouped } from "../terminal/figures.ts";

/** What is known in addition to the figures. */
export interface Judged {
  readonly verdict: Verdict;
  /**
   * How much of its profit the best configuration kept on the trades of `--test`; null without a profit to keep; absent
   * without `--test`.
   */
  readonly keptInTest?: Money | null;
  /** How much of the profit was kept over the windows of `--walk-forward`. */
  readonly keptInWindows?: Money | null;
}

const DAYS_A_YEAR = 365;

const VERDICTS: Readonly<Record<Verdict, string>> = {
  good: "No figure here speaks against the best configuration. That promises nothing for other trades.",
  doubtful: "The best configuration may be luck: do not trust it without trades that it has not seen.",
  luck: "The best configuration looks like luck.",
  loss: "The best configuration has earned nothing, so there is nothing for luck to explain.",
  unknown: "There are too few trades to say whether the best configuration is more than luck.",
};

/** The sentences, the verdict last. If a figure does not exist, its sentence says why. */
export function luckSentences(luck: Luck, judged: Judged): string[] {
  const { sampling, sharpe, returns } = luck;
  const closing = [...keptSentences(judged), VERDICTS[judged.verdict]];
  if (sampling === null) {
    return [
      `A Sharpe ratio needs a day of trades and 30 returns. These trades cover ${spanText(luck.years)} with ${
        counted(returns, "return")
      }, so nothing can be said about luck.`,
      ...closing,
    ];
  }
  if (sharpe === null) {
    return [
      "The equity of the best configuration never moved, so it has no Sharpe ratio and nothing can be said about luck.",
      ...closing,
    ];
  }
  return [
    expectedSentence(luck, sharpe),
    ...deflatedSentences(luck),
    ...lengthSentences(luck, sharpe),
    overfittingSentence(luck),
    ...closing,
  ];
}

function expectedSentence(
  { configurations, tried, expectedMaximumSharpe }: Luck,
  sharpe: number,
): string {
  const ratio = `a Sharpe ratio of ${ratioText(sharpe)}`;
  if (tried === 1) return `The only configuration ever tried on these trades has ${ratio}.`;
  const best = configurations === 1
    ? `This configuration has ${ratio}`
    : tried > configurations
    ? `The best of ${grouped(configurations)} configurations has ${ratio}`
    : `Of ${grouped(configurations)} configurations, the best has ${ratio}`;
  if (expectedMaximumSharpe === null) {
    return `${best}; what luck alone would give is known only if at least two configurations have one.`;
  }
  const many = tried > configurations ? `the ${grouped(tried)} ever tried on these trades` : "that many";
  return `${best}; with ${many}, luck alone is expected to give ${ratioText(expectedMaximumSharpe)}.`;
}

function deflatedSentences({ deflatedSharpe, tried }: Luck): string[] {
  if (deflatedSharpe === null) return [];
  const than = tried === 1 ? "zero" : "what luck alone gives";
  const name = tried === 1 ? "probabilistic" : "deflated";
  return [
    `The probability that its true Sharpe ratio is above ${than} is ${
      probabilityText(deflatedSharpe)
    } (${name} Sharpe ` +
    "ratio).",
  ];
}

/** How much time the trades would have to cover. */
function lengthSentences(
  { minimumBacktestYears, minimumTrackRecordYears, years }: Luck,
  sharpe: number,
): string[] {
  const here = `these cover ${spanText(years)}`;
  if (minimumBacktestYears !== null) {
    return [
      `With that many tries, luck alone is expected to reach ${ratioText(sharpe)} within ${
        spanText(minimumBacktestYears)
      } of trades; ${here}.`,
    ];
  }
  return minimumTrackRecordYears === null ? [] : [
    `A Sharpe ratio of ${ratioText(sharpe)} is above zero with 95 % confidence after ${
      spanText(minimumTrackRecordYears)
    } of trades; ${here}.`,
  ];
}

function overfittingSentence({ overfitting, configurations }: Luck): string {
  if (overfitting !== null) {
    return `In ${probabilityText(overfitting.probability)} of ${
      grouped(overfitting.folds)
    } ways to split the time in half, the best configuration of one half was below the median in the other ` +
      "(probability of overfitting).";
  }
  const why = configurations < 2
    ? "A single configuration has"
    : "Configurations that all did the same, or that cover different times, have";
  return `${why} no probability of overfitting.`;
}

function keptSentences({ keptInTest, keptInWindows }: Judged): string[] {
  const length = "Over the same length of time,";
  return [
    ...keptSentence(keptInTest, {
      kept: (share) =>
        `${length} the best configuration earned ${share} as much on the held-out trades as in sample.`,
      lost: (share) =>
        `${length} the best configuration lost ${share} of its profit in sample on the held-out trades.`,
      nothing:
        "The best configuration made no profit in sample that the held-out trades could be compared with.",
    }),
    ...keptSentence(keptInWindows, {
      kept: (share) =>
        `${length} the walk-forward earned ${share} as much as its choices had earned in sample.`,
      lost: (share) => `${length} the walk-forward lost ${share} of what its choices had earned in sample.`,
      nothing: "The choices of the walk-forward made no profit in sample that it could be compared with.",
    }),
  ];
}

function keptSentence(
  kept: Money | null | undefined,
  text: {
    readonly kept: (share: string) => string;
    readonly lost: (share: string) => string;
    readonly nothing: string;
  },
): string[] {
  if (kept === undefined) return [];
  if (kept === null) return [text.nothing];
  const percent = kept.times(100).toFixed(0);
  const size = percent.replace("-", "");
  return [percent === size || size === "0" ? text.kept(`${size} %`) : text.lost(`${size} %`)];
}

function ratioText(ratio: number): string {
  const text = ratio.toFixed(2);
  return text === "-0.00" ? "0.00" : text;
}

/** A probability in whole per cent, or to the tenth below 1 % and above 99 %. It is shown as certain only if it is. */
export function probabilityText(probability: number): string {
  const percent = 100 * probability;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.1) return "less than 0.1 %";
  if (percent > 99.9) return "more than 99.9 %";
  return percent < 1 || percent > 99 ? `${percent.toFixed(1)} %` : `${percent.toFixed(0)} %`;
}

/** A length of time in years to the tenth, or in days, hours or minutes if it is short. */
export function spanText(years: number): string {
  if (years >= 2) return `${grouped(Math.floor(years))}.${Math.floor(years * 10) % 10} years`;
  const days = years * DAYS_A_YEAR;
  const hours = days * 24;
  if (days >= 3) return counted(Math.round(days), "day");
  return hours >= 3 ? counted(Math.round(hours), "hour") : counted(Math.round(hours * 60), "minute");
}
