/** `penstock backtest`: recorded files, the pipeline, and the views. */
import { formatsOf, TRADE_FILES } from "../formats/file_layout.ts";
import type { Started } from "../config/command.ts";
import { shownConfig } from "../config/config.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import { RECORDED_MARKET } from "../exchanges/endpoints.ts";
import type { ModelEvent, PenstockEvent } from "../domain/run/event.ts";
import type { SettledInstrument } from "../config/instrument_settlement.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { chosenFile, shownOf } from "../feeds/files/strategy_file.ts";
import { alarm } from "../feeds/live/alarm.ts";
import type { ReadProgress } from "../feeds/files/recorded_files.ts";
import { ResultFile } from "../stores/results/result_file.ts";
import type { RunJournal, ShownOptions } from "../stores/journal/run_journal.ts";
import { strategyOf } from "../stages/strategies/known_strategies.ts";
import { StrategyFault } from "../stages/strategies/own_strategy.ts";
import { openViews, VIEWS } from "../views/known_views.ts";
import { OutputStuck } from "../views/terminal/terminal.ts";
import { show } from "../views/view.ts";
import { BacktestInput } from "./backtest/backtest_input.ts";
import { BacktestRun, type End } from "./backtest/backtest_run.ts";
import { adviseSkipping, processFiles, warn, warnOfStrays, withoutTrades } from "./backtest/process_files.ts";
import { environmentOf, writable } from "./backtest/outputs.ts";
import { instrumentOf } from "./backtest/instruments.ts";
import type { ReportPage } from "./backtest/report_page.ts";
import { recordingsOf } from "./backtest/folders.ts";
import { withRecordedMarket } from "./backtest/recorded_market.ts";

const PROGRESS_MS = 250;
/** The reason that a journal keeps for each end. */
const STOPPED = {
  "input": "the input ended",
  "stop-after": "as many trades as asked for",
  "for": "asked to",
  "person": "asked to",
} as const satisfies Record<End, string>;

/** Runs the files to their end, or until `--stop-after`, `--for` or the user ends the run, and shows the result. */
export async function backtest(
  { command, version, files: paths, signal, ...chosen }: Started,
  { views = VIEWS, formats: table = TRADE_FILES } = {},
): Promise<void> {
  const configuration = await withRecordedMarket(paths, chosen, signal);
  const { config: given, sources, assets = null } = await instrumentOf(configuration, signal);
  const own = await chosenFile(given);
  const asked = own === null ? given : { ...given, set: own.settings || null };
  const { files, skipped } = await recordingsOf(paths, asked, signal);
  const { out, report, state } = asked;
  if (out !== null && [...files, state].some((file) => isSameFile(file, out))) {
    throw new ConfigError([`the result cannot be written to ${out}: the run uses it. Choose another name`]);
  }
  // A device such as /dev/null can take both.
  if (report !== null && [out, state].some((file) => file === report) && !isDevice(report)) {
    throw new ConfigError([
      `the report cannot be written to ${report}: the run writes something else there. Choose another name`,
    ]);
  }
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const { stdout, stderr } = Deno;
  const view = openViews(
    asked,
    { isBacktest: true, stdout, stderr, stop, signal, onBroken: () => {} },
    views,
  );
  for (const text of chosen.remarks ?? []) warn(view, text);
  const barsFrom = configuration.sources.bars;
  using opening = alarm(asked.for, () => ending.abort());
  const progress: ReadProgress = { bytesRead: 0, bytesTotal: null };
  await using input = await BacktestInput.open(files, { config: asked, barsFrom }, {
    progress,
    signal: stop,
    formats: formatsOf(asked, table),
    onWarning: (text) => warn(view, text),
  });
  const { config } = input;
  const options = { ...shownConfig(config), ...shownOf(own) };
  const shown = { ...options, instrument: { sources, exchangeInfo: null } };
  const started = { type: "started", command, version, config: shown } as const;
  const strategy = strategyOf(config, own?.make);
  const run = new BacktestRun(config, started, { sources, isShown: view.showsAll, strategy });
  const place = { stop, onWarning: (text: string) => warn(view, text) };
  const head = { options: shown, environment: environmentOf(version), files };
  using result = config.out === null
    ? null
    : await writable(ResultFile.create(config.out, head, place), stop);
  using page = config.report === null
    ? null
    : await writable(pageAt(config.report, { started, files }, place), stop);
  await using journal = config.state === "none"
    ? null
    : await openJournal(config.state, run, { config, sources, options }, version);
  // The wait for the reader of a pipe does not count as part of the run.
  opening[Symbol.dispose]();
  const startedAt = performance.now() - input.openedInMs;
  using _over = alarm(config.for, () => ending.abort());
  const draw = setInterval(() => {
    view.glance?.({
      of: "backtest",
      ...progress,
      trades: run.trades,
      elapsedMs: performance.now() - startedAt,
    });
  }, PROGRESS_MS);
  const models: ModelEvent[] = [];
  const pictures = result === null && page === null
    ? null
    : new (await import("./backtest/run_pictures.ts")).RunPictures();
  const take = (events: Iterable<PenstockEvent>): void => {
    try {
      for (const event of events) {
        if (event.type === "fill") result?.add(event);
        else if (event.type === "model") models.push(event);
        pictures?.event(event);
        view.event(event);
      }
    } finally {
      view.settle();
    }
  };
  const emit = async (events: Iterable<PenstockEvent>): Promise<void> => {
    if (journal === null) take(events);
    else await keepFirst(events, journal, take);
    if (run.fault !== null) throw run.fault;
  };
  try {
    for (const text of skipped) warn(view, text);
    await processFiles(input, { config, barsFrom, run, view, result, stop, emit });
    if (run.trades === 0 && !stop.aborted) throw withoutTrades(files, run, config);
    const ended = endOf({ isDone: run.done, isOver: ending.signal.aborted, isAsked: signal.aborted });
    await emit(run.end(ended));
    warnOfStrays(run, view);
    await journal?.stop(Date.now() * 1000, STOPPED[ended]);
    const summary = run.summary(ended, performance.now() - startedAt);
    try {
      if (pictures !== null) {
        const shown = pictures.of(run, run.config, assets);
        await result?.finish(summary, run.measured, models, shown);
        await page?.finish(summary, run.measured, models, shown);
      }
    } finally {
      const { config, state: { memory: { record: averages } } } = run;
      show(view, [summary]);
      const { equityCurve: equity } = run.measured;
      view.report?.({ summary, config, assets, averages, columns: run.reports(), equity });
    }
  } catch (error) {
    adviseSkipping(error);
    const expected = [UnusableInput, OutputStuck, ConfigError, StrategyFault];
    if (expected.some((kind) => error instanceof kind)) {
      await journal?.stop(Date.now() * 1000, (error as Error).message);
    }
    throw error;
  } finally {
    clearInterval(draw);
    await view.close();
  }
}

/** Creates the page. Its module takes a while to load. */
async function pageAt(...page: Parameters<typeof ReportPage.create>): Promise<ReportPage> {
  return await (await import("./backtest/report_page.ts")).ReportPage.create(...page);
}

/** What ended a run: the number of trades, the time, the user, or else its input. */
function endOf(
  { isDone, isOver, isAsked }: {
    readonly isDone: boolean;
    readonly isOver: boolean;
    readonly isAsked: boolean;
  },
): End {
  if (isDone) return "stop-after";
  if (isOver) return "for";
  return isAsked ? "person" : "input";
}

/** Starts the journal of a backtest. Throws a ConfigError if there is one already. */
async function openJournal(
  path: string,
  { engine }: BacktestRun,
  { config, sources, options }: SettledInstrument & { readonly options: ShownOptions },
  version: string,
): Promise<RunJournal> {
  const [{ Journal }, { OtherRun, RunJournal }] = await Promise.all([
    import("../stores/journal/journal.ts"),
    import("../stores/journal/run_journal.ts"),
  ]);
  const journal = await Journal.open(path, {
    now: () => performance.now(),
    remembers: engine.state.memory.remembers,
  });
  if (journal.run > 0) {
    await journal.close();
    throw new OtherRun(
      `${path} already holds a run, but a backtest needs its own journal: give another --state`,
    );
  }
  const keeping = new RunJournal(journal, engine, config.symbol);
  await keeping.start({
    time: Date.now() * 1000,
    version,
    options,
    market: RECORDED_MARKET,
    instrument: { sources, exchangeInfo: null },
    isNew: true,
  });
  return keeping;
}

/** Passes events on once all of them are in the journal on disk, even if an error cut them short. */
async function keepFirst(
  events: Iterable<PenstockEvent>,
  journal: RunJournal,
  take: (events: Iterable<PenstockEvent>) => void,
): Promise<void> {
  const made: PenstockEvent[] = [];
  try {
    for (const event of events) made.push(event);
  } finally {
    await journal.keep(made.filter(isKept));
    take(made);
  }
}

/**
 * Whether an event becomes an entry. The others report how the run started, ended and progressed, or what was not a
 * trade.
 */
function isKept(event: PenstockEvent): event is Parameters<RunJournal["keep"]>[0][number] {
  return !["started", "status", "rejected", "model", "summary"].includes(event.type);
}

function isDevice(path: string): boolean {
  try {
    return !Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Whether two paths lead to one file. A file that cannot be inspected is compared by name. */
function isSameFile(one: string, other: string): boolean {
  try {
    return one === other || Deno.realPathSync(one) === Deno.realPathSync(other);
  } catch {
    return false;
  }
}
