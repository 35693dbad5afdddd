/** The shape of the parts of a sweep's result file that its page shows. */
import { RANKS } from "../../domain/run/sweep_rank.ts";
import type { SweepResult } from "../../domain/run/sweep_result.ts";
import { NoReport } from "./result_report.ts";
import {
  count,
  decimal,
  flag,
  listOf,
  object,
  oneOf,
  orNull,
  type Shape,
  text,
  time,
  tuple,
  WrongShape,
} from "./shape.ts";

const figures = {
  ...{ trades: count, fills: count, roundTrips: count, netProfit: decimal, maxDrawdown: decimal },
  ...{ return: orNull(decimal), winRate: orNull(decimal), profitFactor: orNull(decimal) },
  ...{ sharpe: orNull(decimal), sortino: orNull(decimal) },
};
const options = object({});
const sweepShape: Shape = object({
  options,
  grid: listOf(object({ name: text, values: listOf(text) })),
  environment: object({ penstock: text }),
  files: listOf(text),
  configurations: listOf(object({ options, ...figures, test: orNull(object(figures)) })),
  sweep: object({
    ...{ time, symbol: text, configurations: count, refused: count, trades: count, partial: flag },
    ...{ rank: oneOf(...RANKS), verdict: oneOf("good", "doubtful", "luck", "loss", "unknown") },
    ...{ deflatedSharpe: orNull(decimal), expectedMaximumSharpe: orNull(decimal), tried: count },
    ...{ minimumBacktestYears: orNull(decimal), probabilityOfOverfitting: orNull(decimal) },
    sentences: listOf(text),
    walkForward: listOf(
      object({ from: time, to: time, options, chosenProfit: decimal, netProfit: decimal }),
    ),
    ...{ walkForwardNetProfit: orNull(decimal), walkForwardEfficiency: orNull(decimal) },
    walkForwardCurve: listOf(tuple(time, decimal)),
  }),
});

/** The result of a sweep, from the JSON value of its file. Throws a NoReport for any other value. */
export function sweepResultIn(value: unknown): SweepResult {
  const { version } = value as { readonly version?: unknown };
  if (version !== 1) {
    throw new NoReport(
      `is a sweep of version ${
        JSON.stringify(version) ?? "none"
      }, but this Penstock reads version 1: use the ` +
        "Penstock that wrote it, or repeat the sweep",
    );
  }
  try {
    sweepShape(value, "");
  } catch (error) {
    if (!(error instanceof WrongShape)) throw error;
    throw damaged(error.message);
  }
  return value as SweepResult;
}

/** The error of a sweep's result that contradicts itself. */
export function damaged(why: string): NoReport {
  return new NoReport(
    `is damaged, or was edited: ${why}. Restore it from a copy, or repeat the sweep`,
  );
}
