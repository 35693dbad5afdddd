/** The table of views: adding one is its file, its test and a row here. */
import type { Money } from "../domain/numbers/money.ts";
import { JsonLines } from "./json_lines.ts";
import { BacktestNarration } from "./report/backtest_narration.ts";
import { LiveOutput, WaitingOutput } from "./standard_output.ts";
import type { LogOptions } from "./terminal/log.ts";
import { RunNarration } from "./terminal/run_narration.ts";
import { type ShownProcess, TerminalView } from "./terminal/terminal_view.ts";
import { SeveralViews, type View } from "./view.ts";

/** How a run is shown. */
export interface ViewChoices {
  /** Events as JSON, and no table. */
  readonly json: boolean;
  readonly logLevel: LogOptions["level"];
  readonly logFormat: LogOptions["format"];
  /** What the account started with, quote currency. */
  readonly cash: Money;
  /** Whether a backtest has fill models besides the configured one. */
  readonly models: boolean;
}

/** The process and the run that a view belongs to. */
export interface ShownRun extends ShownProcess {
  readonly isBacktest: boolean;
  /** Aborted when the run has to end, whoever or whatever asked for that. */
  readonly stop: AbortSignal;
  /** Aborted when the user asks for the end: readers are not waited for much longer then. */
  readonly signal: AbortSignal;
  /** Called once if the events of a live run cannot be written any more: it has to end. */
  readonly onBroken: () => void;
}

/** A row of the table: a view of this run, or null if it is not wanted. */
export type OpenView = (choices: ViewChoices, run: ShownRun) => View | null;

/** The views. The first is closed first: tables come below the log where both are on one terminal. */
export const VIEWS: readonly OpenView[] = [
  ({ json, logLevel: level, logFormat: format, cash, models }, run) =>
    new TerminalView(run, {
      level,
      format,
      // Who reads JSON reads no table.
      output: json ? null : outputOf(run),
      words: run.isBacktest ? new BacktestNarration({ models, level }) : new RunNarration(cash),
      // Nobody reads the log of `backtest 2>&1 | head` any more, nor what would follow.
      needsReader: run.isBacktest,
      stop: run.isBacktest ? run.stop : run.signal,
    }),
  ({ json }, run) => json ? new JsonLines(outputOf(run)) : null,
];

/** The views of a run that are wanted, as one. */
export function openViews(choices: ViewChoices, run: ShownRun, views = VIEWS): View {
  return new SeveralViews(views.flatMap((open) => open(choices, run) ?? []));
}

function outputOf(run: ShownRun): LiveOutput | WaitingOutput {
  return run.isBacktest ? new WaitingOutput(run.stdout, run.stop) : new LiveOutput(run.stdout, run);
}
