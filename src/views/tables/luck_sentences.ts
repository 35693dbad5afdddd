/** Says what the figures of a sweep mean, in a plain sentence each. */
import type { Luck } from "../../domain/overfitting/luck.ts";
import type { Verdict } from "../../domain/overfitting/verdict.ts";
import type { Money } from "../../domain/numbers/money.ts";
import { counted, grouped } from "../terminal/figures.ts";

/** What is known besides the figures. */
export interface Judged {
  readonly verdict: Verdict;
  /** How much of its profit the best kept on the trades of `--test`; null without a profit to keep; absent without `--test`. */
  readonly keptInTest?: Money | null;
  /** How much of the profit was kept over the windows of `--walk-forward`. */
  readonly keptInWindows?: Money | null;
}

const DAYS_A_YEAR = 365;

const VERDICTS: Readonly<Record<Verdict, string>> = {
  good: "No figure here speaks against the best configuration. That is no promise for other trades.",
  doubtful: "The best configuration may be luck: do not trust it without trades that it has not seen.",
  luck: "The best configuration looks like luck.",
  loss: "The best configuration has earned nothing, so there is nothing that luck would have to explain.",
  unknown: "These trades are too few to say whether the best configuration is more than luck.",
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
    : `Of ${grouped(configurations)} configurations the best has ${ratio}`;
  if (expectedMaximumSharpe === null) {
    return `${best}; what luck alone would give is known only where two configurations have one.`;
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
      `With so many tries luck alone is expected to reach ${ratioText(sharpe)} in ${
        spanText(minimumBacktestYears)
      } of trades or less; ${here}.`,
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
    } ways to split the time into two halves, the best configuration of one half was below the middle of all in the ` +
      "other (probability of overfitting).";
  }
  const why = configurations < 2
    ? "a single configuration"
    : "configurations that all did the same, or that cover different times";
  return `There is no probability of overfitting of ${why}.`;
}

function keptSentences({ keptInTest, keptInWindows }: Judged): string[] {
  const sentence = (where: string, kept: Money | null | undefined): string[] => {
    if (kept === undefined) return [];
    if (kept === null) return [`${where} cannot be compared, as there was no profit to keep.`];
    const percent = kept.times(100).toFixed(0);
    const size = percent.replace("-", "");
    return [
      `${where} ${
        percent === size || size === "0" ? "earned" : "lost"
      } ${size} % of what was earned on the trades of ` +
      "the choice, for the same length of time.",
    ];
  };
  return [
    ...sentence("On the trades kept from the choice, the best", keptInTest),
    ...sentence(
      "The windows of the walk-forward, traded with what the one before had chosen,",
      keptInWindows,
    ),
  ];
}

function ratioText(ratio: number): string {
  const text = ratio.toFixed(2);
  return text === "-0.00" ? "0.00" : text;
}

/** A probability in whole per cent, and to the tenth at both ends, where it is never shown as certain. */
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
