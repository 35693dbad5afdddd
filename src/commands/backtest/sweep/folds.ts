/** How a sweep divides its trades: those for the choice, those held out of it, and the windows of a walk-forward. */
import { ConfigError } from "../../../domain/process/config_error.ts";
import type { Money } from "../../../domain/numbers/money.ts";
import type { FoldUse } from "../../../stages/sweep/fold_result.ts";
import { grouped } from "../../../views/terminal/figures.ts";

/** A range of consecutive trades. */
export interface Fold {
  /** The fold's place among the folds. */
  readonly id: number;
  readonly use: FoldUse;
  /** The first trade, counted from 0, and the one after the last; Infinity for the end of the input. */
  readonly from: number;
  readonly to: number;
}

/** Fewer trades than this give no returns. */
const FEWEST = 2;

/** What divides the trades: a share held out of the choice, and a number of windows to trade; null for none. */
export interface Division {
  readonly test: Money | null;
  readonly walkForward: number | null;
}

/** Whether the number of trades must be known before the first is used. */
export function isDivided({ test, walkForward }: Division): boolean {
  return test !== null || walkForward !== null;
}

/**
 * The folds over this many trades: first the choice, then the trades held out of it, then the windows in order. The
 * windows are equal parts of the choice, one more than are traded, because the first is used only for choosing. Throws a
 * ConfigError for too few trades.
 */
export function foldsOf(trades: number, { test, walkForward }: Division): Fold[] {
  const kept = test === null ? 0 : Number(test.times(trades).toFixed().split(".")[0]);
  const chosen = trades - kept;
  const parts = walkForward === null ? 0 : walkForward + 1;
  const smallest = Math.min(
    ...(test === null ? [] : [kept]),
    parts === 0 ? chosen : Math.floor(chosen / parts),
  );
  if (smallest < FEWEST) {
    throw new ConfigError([
      `the files have ${grouped(trades)} trades: too few for ${
        parts === 0 ? "--test" : "--walk-forward"
      }, which needs at least ${FEWEST} in each part`,
    ]);
  }
  const folds: Omit<Fold, "id">[] = [{ use: "choice", from: 0, to: test === null ? Infinity : chosen }];
  if (test !== null) folds.push({ use: "test", from: chosen, to: Infinity });
  for (let part = 0; part < parts; part++) {
    const isLast = part === parts - 1;
    folds.push({
      use: "window",
      from: Math.floor(chosen * part / parts),
      to: isLast ? (test === null ? Infinity : chosen) : Math.floor(chosen * (part + 1) / parts),
    });
  }
  return folds.map((fold, id) => ({ id, ...fold }));
}

/** The only fold of a sweep that is not divided. */
export const WHOLE: readonly Fold[] = [{ id: 0, use: "choice", from: 0, to: Infinity }];
