/** The backtests of a sweep's best rows, for the reports in its page. */
import { configFrom, shownConfig } from "../../../config/config.ts";
import { rowCommand } from "../../../config/sweep_commands.ts";
import type { PenstockEvent } from "../../../domain/run/event.ts";
import type { ConfigurationEvent } from "../../../domain/run/sweep_result.ts";
import { chosenFile, shownOf } from "../../../feeds/files/strategy_file.ts";
import { strategyOf } from "../../../stages/strategies/known_strategies.ts";
import { shownDrawdowns } from "../../../stores/results/result_file.ts";
import type { SweepHead } from "../../../stores/results/sweep_file.ts";
import type { RunReport } from "../../../views/report/run_report.ts";
import { BacktestInput } from "../backtest_input.ts";
import { BacktestRun } from "../backtest_run.ts";
import { processFiles } from "../process_files.ts";
import { RunPictures } from "../run_pictures.ts";
import type { GridRequests } from "./grid_requests.ts";
import type { LaneRequest } from "./lane_request.ts";
import type { ShownProgress } from "./shown_progress.ts";
import { type PassSettings, Pauses, silenced } from "./sweep_pass.ts";

/** The reports of the best rows, best first; fewer if it was stopped. Throws as a backtest does. */
export async function bestRuns(
  settings: PassSettings,
  { rows, places, requests, head, progress }: {
    /** The best rows, and their places in the grid. */
    readonly rows: readonly ConfigurationEvent[];
    readonly places: readonly number[];
    readonly requests: GridRequests;
    readonly head: SweepHead;
    readonly progress: ShownProgress;
  },
): Promise<RunReport[]> {
  const runs: RunReport[] = [];
  for (const [at, row] of rows.entries()) {
    progress.report = { at: at + 1, of: rows.length };
    const run = await bestRun(settings, {
      request: requests.at(places[at]!),
      ...{ row, rank: at + 1, head, progress },
    });
    if (run === null) break;
    runs.push(run);
  }
  return runs;
}

/**
 * The report of one row's backtest, over the trades that the row covers. Null if it was stopped. Throws as a backtest
 * does.
 */
async function bestRun(
  { barsFrom, sources, files, formats, view, stop, config: { report } }: PassSettings,
  { request, row, rank, head, progress }: {
    readonly request: LaneRequest;
    readonly row: ConfigurationEvent;
    /** Among the best, from 1. */
    readonly rank: number;
    readonly head: SweepHead;
    readonly progress: ShownProgress;
  },
): Promise<RunReport | null> {
  const whole = configFrom(request);
  const stopAfter = row.test === null ? whole.stopAfter : row.trades;
  const own = await chosenFile(whole);
  const asked = { ...whole, stopAfter, report, out: null, models: false };
  const quiet = silenced(view);
  await using input = await BacktestInput.open(files, { config: asked, barsFrom }, {
    progress,
    signal: stop,
    formats,
    onWarning: () => {},
  });
  const { config } = input;
  const version = head.environment.penstock;
  const options = { ...shownConfig(config), ...shownOf(own) };
  const started = { type: "started", command: "backtest", version, config: options } as const;
  const run = new BacktestRun(config, started, {
    sources,
    isShown: false,
    strategy: strategyOf(config, own?.make),
  });
  const pictures = new RunPictures();
  const pauses = new Pauses();
  const emit = async (events: Iterable<PenstockEvent>): Promise<void> => {
    for (const event of events) pictures.event(event);
    progress.trades = run.trades;
    if (run.fault !== null) throw run.fault;
    await pauses.rest();
  };
  await processFiles(input, { config, barsFrom, run, view: quiet, result: null, stop, emit });
  if (stop.aborted) return null;
  const ended = run.done ? "stop-after" : "input";
  await emit(run.end(ended));
  return {
    kind: "Backtest",
    summary: run.summary(ended, 0),
    metrics: run.measured.metrics,
    models: [],
    drawdowns: shownDrawdowns(run.measured),
    ...pictures.of(run, run.config, null),
    origin: { version, options, files, command: rowCommand(head, row, rank), journal: null },
  };
}
