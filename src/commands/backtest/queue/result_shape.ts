/** Checks that a text from a queue has the shape of a task's result: anyone with access may have written it. */
import { type ConfigurationFigures, type ShownOptions } from "../../../domain/run/sweep_result.ts";
import { isObject } from "../../../stores/files/whole_file.ts";
import type { PartialSweep } from "../../../stores/results/sweep_file.ts";
import type { TradeFacts } from "../sweep/findings.ts";

/** What the result of a task must match. */
export interface TaskShape {
  /** The options of its configurations, in order. */
  readonly options: readonly ShownOptions[];
  readonly places: readonly number[];
  readonly facts: TradeFacts;
  /** Whether some trades are held out. */
  readonly hasTest: boolean;
  /** How many windows are traded; 0 without a walk-forward. */
  readonly windows: number;
  /** The number of figures that the rows may be ranked by. */
  readonly ranks: number;
}

type Test = (value: unknown) => boolean;

/** Plain decimal text; no figure of a real configuration is nearly as long. */
const DECIMAL = /^-?\d{1,200}(\.\d{1,200})?$/;

const isDecimal: Test = (value) => typeof value === "string" && DECIMAL.test(value);
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
// JSON writes NaN and Infinity as null.
const isNumber: Test = (value) => value === null || typeof value === "number";
const orNull = (test: Test): Test => (value) => value === null || test(value);
const listOf = (test: Test): Test => (value) => Array.isArray(value) && value.every(test);

const FIGURES: Readonly<Record<keyof ConfigurationFigures, Test>> = {
  ...{ trades: isCount, signals: isCount, fills: isCount, refusals: isCount, roundTrips: isCount },
  ...{ cash: isDecimal, position: isDecimal, equity: isDecimal, fees: isDecimal, realized: isDecimal },
  ...{ maxDrawdown: isDecimal, netProfit: isDecimal, halted: (value) => typeof value === "boolean" },
  ...{ return: orNull(isDecimal), winRate: orNull(isDecimal), profitFactor: orNull(isDecimal) },
  ...{ sharpe: orNull(isDecimal), sortino: orNull(isDecimal) },
};
const MOMENTS: Readonly<Record<string, Test>> = {
  ...{ count: isCount, mean: isNumber, sharpe: isNumber, skewness: isNumber, kurtosis: isNumber },
};
const SAMPLINGS: readonly unknown[] = ["1d", "1h", "1m", null];

/** What is wrong with `value` as the result of a task; null if it can be used. */
export function shapeFlaw(value: unknown, shape: TaskShape): string | null {
  const { options, facts, hasTest } = shape;
  if (!isObject(value) || !Array.isArray(value["rows"]) || !isObject(value["unfinished"])) {
    return "it is not the result of a task";
  }
  const { rows, unfinished } = value as unknown as PartialSweep;
  if (!isObject(unfinished["facts"]) || factsText(unfinished["facts"]) !== factsText({ ...facts })) {
    return "it was computed from other trades";
  }
  if (rows.length !== options.length) return `it has ${rows.length} rows, but the task has ${options.length}`;
  for (const [at, row] of rows.entries()) {
    const named = JSON.stringify(options[at]);
    if (!isObject(row) || JSON.stringify(row.options) !== named) {
      return `it has no row of ${named} in its place`;
    }
    const { options: _options, test, ...figures } = row;
    const isWhole = has(FIGURES, figures) && (hasTest ? has(FIGURES, test) : test === null);
    if (!isWhole) return `its row of ${named} does not have the figures of a sweep`;
  }
  return hasRows(unfinished["rows"], shape) && hasWalks(unfinished["walks"], shape) &&
      listOf((text) => typeof text === "string")(unfinished["texts"]) &&
      (unfinished["texts"] as unknown[]).length === options.length
    ? null
    : "its figures against luck are not those of a sweep";
}

/** Whether `value` has exactly the fields that `tests` names, and all of them pass. */
function has(tests: Readonly<Record<string, Test>>, value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === Object.keys(tests).length &&
    Object.entries(tests).every(([name, test]) => test(value[name]));
}

function hasRows(value: unknown, { options: { length }, hasTest }: TaskShape): boolean {
  const exactly = (count: number, test: Test): Test => (list) =>
    listOf(test)(list) && (list as unknown[]).length === count;
  return has({
    moments: exactly(length, (moments) => has(MOMENTS, moments)),
    sampling: (sampling) => SAMPLINGS.includes(sampling),
    span: isCount,
    testSpan: isCount,
    profits: exactly(length, isDecimal),
    testProfits: exactly(hasTest ? length : 0, isDecimal),
    // Too few returns cannot be divided into blocks.
    sums: (sums) => exactly(0, isNumber)(sums) || exactly(length, listOf(isNumber))(sums),
  }, value);
}

function hasWalks(value: unknown, { places, windows, ranks }: TaskShape): boolean {
  const isFold: Test = (fold) =>
    isObject(fold) && has(FIGURES, fold["figures"]) && isCount(fold["from"]) && isCount(fold["to"]) &&
    listOf((point) => listOf(isNumber)(point) && (point as unknown[]).length === 2)(fold["curve"]);
  const isCandidate: Test = (one) =>
    isObject(one) && places.includes(one["place"] as number) && isFold(one["chosen"]) &&
    isFold(one["traded"]);
  // The first window is used only for choosing.
  const most = windows === 0 ? 0 : windows + 1;
  const isWalk: Test = (walk) => listOf(orNull(isCandidate))(walk) && (walk as unknown[]).length <= most;
  return listOf(isWalk)(value) && (value as unknown[]).length === ranks;
}

function factsText({ trades, digest, from, to }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([trades, digest, from, to]);
}
