/** The figures of a sweep against luck, with what they mean. */
import { Money } from "../../../domain/numbers/money.ts";
import { luckOf } from "../../../domain/overfitting/luck.ts";
import { shownLuck } from "../../../domain/overfitting/shown_luck.ts";
import { verdictOf } from "../../../domain/overfitting/verdict.ts";
import { walkForwardEfficiency } from "../../../domain/overfitting/walk_forward_efficiency.ts";
import type { OverfittingFigures } from "../../../domain/run/sweep_result.ts";
import type { SweepRows } from "../../../stages/sweep/sweep_rows.ts";
import type { WalkForward } from "../../../stages/sweep/walk_forward.ts";
import { luckSentences } from "../../../views/tables/luck_sentences.ts";

/** The figures for the row `best` (null for none) after this many tries; `walk` is null without a walk-forward. */
export function judge(
  rows: SweepRows,
  { best, tried, walk }: {
    readonly best: number | null;
    readonly tried: number;
    readonly walk: WalkForward | null;
  },
): OverfittingFigures {
  const { moments, sampling, span, blocks } = rows;
  const luck = luckOf({ moments, best, sampling, span, blocks, tried });
  const keptInTest = best === null || rows.testProfits.length === 0 ? undefined : walkForwardEfficiency(
    { profit: new Money(rows.profits[best]!), span },
    { profit: new Money(rows.testProfits[best]!), span: rows.testSpan },
  );
  const kept = {
    ...(keptInTest === undefined ? {} : { keptInTest }),
    ...(walk === null ? {} : { keptInWindows: walk.kept }),
  };
  const verdict = verdictOf(luck, Object.values(kept));
  return { ...shownLuck(luck), verdict, sentences: luckSentences(luck, { verdict, ...kept }) };
}
