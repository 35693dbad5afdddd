/** The table of views. A new view needs a file, a test and a row here. */
import type { Money } from "../domain/numbers/money.ts";
import { JsonLines } from "./json_lines.ts";
import { ChartPicture } from "./chart/chart_picture.ts";
import type { Picture } from "./picture.ts";
import { BacktestNarration, type BacktestWords } from "./report/backtest_narration.ts";
import { LiveOutput, WaitingOutput } from "./standard_output.ts";
import type { TerminalDevice } from "./terminal/device.ts";
import type { Asked } from "./terminal/key_questions.ts";
import type { LogOptions } from "./terminal/log.ts";
import { RunNarration } from "./terminal/run_narration.ts";
import { type ShownProcess, TerminalView, type Words } from "./terminal/terminal_view.ts";
import { canRedraw, columns, hasColours } from "./terminal/terminal.ts";
import { SeveralViews, type View } from "./view.ts";

/** The options that say how a run is shown. */
export interface ViewChoices {
  /** Events as JSON, and no table. */
  readonly json: boolean;
  readonly logLevel: LogOptions["level"];
  readonly logFormat: LogOptions["format"];
  /** The cash that the account started with, quote currency. */
  readonly cash: Money;
  /** Whether a backtest has fill models in addition to the configured one. */
  readonly models: boolean;
  /** What a live run shows first on a terminal. */
  readonly view: ViewName;
  /** Where the journal is, or "none". */
  readonly state: string;
}

/** What a terminal can show of a live run. */
export type ViewName = "log" | keyof typeof PICTURES;

/** The views that take the whole screen, in the order in which the key `v` shows them. */
export const PICTURES = {
  chart: ({ cash }: Pick<ViewChoices, "cash">): Picture => new ChartPicture(cash),
};

/** The process and the run that a view belongs to. */
export interface ShownRun extends ShownProcess {
  readonly isBacktest: boolean;
  /** The run's own words, if it has any. */
  readonly words?: Words;
  /** Aborted when the run has to end, for any reason. */
  readonly stop: AbortSignal;
  /** Aborted when the user asks for the end. Slow readers then get only a little more time. */
  readonly signal: AbortSignal;
  /** Called once if the events of a live run can no longer be written. The run then has to end. */
  readonly onBroken: () => void;
  /** The user's terminal with its keyboard; absent or null without one. */
  readonly device?: TerminalDevice | null;
  /** Handles what the user asks of a live run with a key. */
  readonly onAsked?: (asked: Asked) => void;
}

/** A row of the table: opens a view of this run, or returns null if the options do not ask for it. */
export type OpenView = (choices: ViewChoices, run: ShownRun) => View | null;

/** The views, in the order in which they are closed. */
export const VIEWS: readonly OpenView[] = [
  ({ json, logLevel: level, logFormat: format, cash, models, ...choices }, run) =>
    new TerminalView(run, {
      level,
      format,
      // Events as JSON replace the table.
      output: json ? null : outputOf(run),
      words: run.words ?? (run.isBacktest
        ? new BacktestNarration({ models, level, drawn: drawnOn(run.stdout) })
        : new RunNarration(cash)),
      // In `backtest 2>&1 | head`, nobody reads anything more once the log has no reader.
      needsReader: run.isBacktest,
      stop: run.isBacktest ? run.stop : run.signal,
      controls: run.isBacktest || run.device == null ? null : {
        device: run.device,
        pictures: new Map(Object.entries(PICTURES).map(([name, open]) => [name, open({ cash })])),
        first: choices.view,
        isKept: choices.state !== "none",
        onAsked: run.onAsked ?? (() => {}),
      },
    }),
  ({ json }, run) => json ? new JsonLines(outputOf(run)) : null,
];

/** Opens the views that the options ask for, as a single view. */
export function openViews(choices: ViewChoices, run: ShownRun, views = VIEWS): View {
  return new SeveralViews(views.flatMap((open) => open(choices, run) ?? []));
}

/** How a picture of dots is drawn below a table, which happens only on a terminal. */
function drawnOn(stdout: ShownRun["stdout"]): NonNullable<BacktestWords["drawn"]> | null {
  return canRedraw(stdout) ? { columns, colours: hasColours(stdout) } : null;
}

function outputOf(run: ShownRun): LiveOutput | WaitingOutput {
  return run.isBacktest ? new WaitingOutput(run.stdout, run.stop) : new LiveOutput(run.stdout, run);
}
