/** The figures of a sweep's luck as events and files show them. */
import { fractionText, Money, sampledText } from "../numbers/money.ts";
import type { OverfittingFigures } from "../run/sweep_result.ts";
import type { Luck } from "./luck.ts";

/** The figures as decimal text, six significant digits (the probability of overfitting: 8 decimals), or null. */
export function shownLuck(luck: Luck): Omit<OverfittingFigures, "verdict" | "sentences"> {
  const { deflatedSharpe, expectedMaximumSharpe, minimumBacktestYears, overfitting, tried } = luck;
  return {
    deflatedSharpe: shown(deflatedSharpe),
    expectedMaximumSharpe: shown(expectedMaximumSharpe),
    minimumBacktestYears: shown(minimumBacktestYears),
    minimumTrackRecordYears: shown(luck.minimumTrackRecordYears),
    probabilityOfOverfitting: overfitting === null ? null : fractionText(new Money(overfitting.probability)),
    folds: overfitting?.folds ?? 0,
    tried,
  };
}

function shown(value: number | null): string | null {
  return value === null ? null : sampledText(value);
}
