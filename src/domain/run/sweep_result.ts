/**
 * What a sweep finds: a row for each configuration of its grid, and what all rows together say about the best one.
 * Amounts are decimal text in plain notation, as in events; a figure that does not exist is null.
 */
import type { Verdict } from "../overfitting/verdict.ts";

/** Options as a configuration shows them, by name. */
export type ShownOptions = Readonly<Record<string, string | number | boolean | null>>;

/** The figures of one configuration over some of the trades: those of a backtest, under the same names. */
export interface ConfigurationFigures {
  readonly trades: number;
  readonly signals: number;
  readonly fills: number;
  readonly refusals: number;
  readonly cash: string;
  readonly position: string;
  readonly equity: string;
  readonly fees: string;
  readonly realized: string;
  /** A fraction of the peak. */
  readonly maxDrawdown: string;
  /** Whether a halt was in force at the end. */
  readonly halted: boolean;
  readonly netProfit: string;
  readonly return: string | null;
  readonly roundTrips: number;
  readonly winRate: string | null;
  readonly profitFactor: string | null;
  readonly sharpe: string | null;
  readonly sortino: string | null;
}

/** A row of a sweep. */
export interface ConfigurationEvent extends ConfigurationFigures {
  readonly type: "configuration";
  /** The last trade's time. */
  readonly time: string;
  readonly symbol: string;
  /** The options that vary, in the order of the grid. */
  readonly options: ShownOptions;
  /** The same figures over the trades held out of the choice; null without `--test`. */
  readonly test: ConfigurationFigures | null;
}

/** One window of a walk-forward: the best of the trades before it, and what that earned in it. */
export interface WalkForwardWindow {
  /** The first trade's time, and the last one's. */
  readonly from: string;
  readonly to: string;
  /** What was chosen, by the trades of the window before. */
  readonly options: ShownOptions;
  /** What it had earned in the window in which it was chosen, quote currency. */
  readonly chosenProfit: string;
  /** What it earned in this one, quote currency. */
  readonly netProfit: string;
}

/** The figures that put the best row into perspective. */
export interface OverfittingFigures {
  /**
   * The probability that the best row's Sharpe ratio is above what luck alone gives the best of all that were tried.
   */
  readonly deflatedSharpe: string | null;
  /** The Sharpe ratio, annualised, that luck alone is expected to give the best of all that were tried. */
  readonly expectedMaximumSharpe: string | null;
  /** Years of trades below which luck alone is expected to give the best row's Sharpe ratio. */
  readonly minimumBacktestYears: string | null;
  /**
   * Years after which the best row's Sharpe ratio would be above zero with 95 % confidence, had it been the only try.
   */
  readonly minimumTrackRecordYears: string | null;
  readonly probabilityOfOverfitting: string | null;
  /** The number of ways in which the trades were split for it; 0 without it. */
  readonly folds: number;
  /** Configurations ever tried on these trades. */
  readonly tried: number;
  readonly verdict: Verdict;
  /** Each figure in a plain sentence, the verdict last; also why one does not exist. */
  readonly sentences: readonly string[];
}

/** The last event of a sweep. */
export interface SweepEvent extends OverfittingFigures {
  readonly type: "sweep";
  readonly time: string;
  readonly symbol: string;
  /** Rows; fewer than the grid has if the sweep is partial. */
  readonly configurations: number;
  /** Combinations that no single run accepts. */
  readonly refused: number;
  readonly trades: number;
  readonly elapsedMs: number;
  readonly tradeConfigurationsPerSecond: number;
  /** What rows are ranked by. */
  readonly rank: string;
  /** The options of the best row; null if no row has the figure that rows are ranked by. */
  readonly best: ShownOptions | null;
  /** Empty without `--walk-forward`. */
  readonly walkForward: readonly WalkForwardWindow[];
  /** The sum of its windows, quote currency, and annualised profit out of sample ÷ in sample; null without one. */
  readonly walkForwardNetProfit: string | null;
  readonly walkForwardEfficiency: string | null;
  /** Equity of the windows one after another: pairs of time and quote currency; empty without `--walk-forward`. */
  readonly walkForwardCurve: readonly (readonly [time: string, equity: string])[];
  /** True if the sweep was stopped before all configurations were finished. */
  readonly partial: boolean;
}

/** One of the parts that machines compute by themselves. */
export interface SweepPart {
  /** From 1 on. */
  readonly number: number;
  /** How many parts there are. */
  readonly of: number;
}

/** A row as the file has it. */
export type SweepRow = Omit<ConfigurationEvent, "type" | "time" | "symbol">;

/** The contents of a sweep's result file. */
export interface SweepResult {
  readonly schema: "penstock-sweep";
  readonly version: 1;
  /** The options that do not vary. */
  readonly options: ShownOptions;
  /** The values of those that vary, in the order of the command line; the last varies fastest. */
  readonly grid: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly environment: Readonly<Record<"penstock" | "deno" | "v8" | "os" | "arch", string>>;
  readonly files: readonly string[];
  /** Which part of the grid the rows are of; absent if they are of all of it. */
  readonly part?: SweepPart;
  /** The rows, in grid order. */
  readonly configurations: readonly SweepRow[];
  readonly sweep: Omit<SweepEvent, "type">;
}
