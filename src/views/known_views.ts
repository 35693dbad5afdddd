/** The table of views. Adding a view takes its file, its test and a row here. */
import type { Money } from "../domain/numbers/money.ts";
import { JsonLines } from "./json_lines.ts";
import { BacktestNarration } from "./report/backtest_narration.ts";
import { LiveOutput, WaitingOutput } from "./standard_output.ts";
import type { LogOptions } from "./terminal/log.ts";
import { RunNarration } from "./terminal/run_narration.ts";
import { type ShownProcess, TerminalView, type Words } from "./terminal/terminal_view.ts";
import { SeveralViews, type View } from "./view.ts";

/** The options that say how a run is shown. */
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
  /** The words of a run that has its own. */
  readonly words?: Words;
  /** Aborted when the run has to end, for any reason. */
  readonly stop: AbortSignal;
  /** Aborted when the user asks for the end. Slow readers then get little more time. */
  readonly signal: AbortSignal;
  /** Called once if the events of a live run can no longer be written. The run then has to end. */
  readonly onBroken: () => void;
}

/** A row of the table: opens a view of this run, or returns null if the options do not ask for it. */
export type OpenView = (choices: ViewChoices, run: ShownRun) => View | null;

/** The views, in the order in which they are closed. */
export const VIEWS: readonly OpenView[] = [
  ({ json, logLevel: level, logFormat: format, cash, models }, run) =>
    new TerminalView(run, {
      level,
      format,
      // Events as JSON take the place of the table.
      output: json ? null : outputOf(run),
      words: run.words ??
        (run.isBacktest ? new BacktestNarration({ models, level }) : new RunNarration(cash)),
      // In `backtest 2>&1 | head`, nobody reads what follows once the log has no reader.
      needsReader: run.isBacktest,
      stop: run.isBacktest ? run.stop : run.signal,
    }),
  ({ json }, run) => json ? new JsonLines(outputOf(run)) : null,
];

/** Opens the views that the options ask for, as a single view. */
export function openViews(choices: ViewChoices, run: ShownRun, views = VIEWS): View {
  return new SeveralViews(views.flatMap((open) => open(choices, run) ?? []));
}

function outputOf(run: ShownRun): LiveOutput | WaitingOutput {
  return run.isBacktest ? new WaitingOutput(run.stdout, run.stop) : new LiveOutput(run.stdout, run);
}
