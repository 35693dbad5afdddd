/** `penstock sweep`: recorded files, the pipeline over a grid of options, and how much of the best is luck. */
import { formatsOf, TRADE_FILES } from "../../formats/file_layout.ts";
import type { Started } from "../../config/command.ts";
import { shownConfig } from "../../config/config.ts";
import { settleInstrument } from "../../config/instrument_settlement.ts";
import type { Config } from "../../config/options.ts";
import { foldedSet, withoutSettings } from "../../config/set_lists.ts";
import { rowCommand, sweepCommand } from "../../config/sweep_commands.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { Rank } from "../../domain/run/sweep_rank.ts";
import type { ConfigurationEvent, ShownOptions } from "../../domain/run/sweep_result.ts";
import { shownOf } from "../../feeds/files/strategy_file.ts";
import { isStrategyName } from "../../stages/strategies/known_strategies.ts";
import { isCsvName, readPartialSweep, SweepFile, type SweepHead } from "../../stores/results/sweep_file.ts";
import { addTries, checkTries, forgetTries, TRIES_FILE } from "../../stores/tries/tries_file.ts";
import { SweepNarration } from "../../views/tables/sweep_narration.ts";
import { hasColours } from "../../views/terminal/terminal.ts";
import { counted, grouped } from "../../views/terminal/figures.ts";
import { MOST_RUNS } from "../../views/report/sweep_report.ts";
import { sweepPage } from "../../views/report/sweep_page.ts";
import { openViews, VIEWS } from "../../views/known_views.ts";
import type { View } from "../../views/view.ts";
import { ruleSetOf } from "./instruments.ts";
import { environmentOf, finishPage, openPage, writable } from "./outputs.ts";
import { recordingsOf } from "./folders.ts";
import { withRecordedMarket } from "./recorded_market.ts";
import { runPasses } from "./sweep/all_passes.ts";
import { bestRuns } from "./sweep/best_runs.ts";
import { Findings } from "./sweep/findings.ts";
import { ownSweep } from "./sweep/own_options.ts";
import { isDivided } from "./sweep/folds.ts";
import { GridRequests } from "./sweep/grid_requests.ts";
import { MOST_LANES, passesOf } from "./sweep/passes.ts";
import { Threads } from "./sweep/threads.ts";
import { ShownProgress } from "./sweep/shown_progress.ts";
import type { PassSettings } from "./sweep/sweep_pass.ts";

/** Options that say where a result goes and how it is made, but do not change the result. */
const OUTPUTS = ["out", "continue", "workers", "forgetTries", "json", "logLevel", "logFormat", "config"];

/** Backtests every combination of a grid, and reports how much of the best is luck. */
export async function sweep(
  { command, version, files: paths, signal, swept, ...chosen }: Started,
  { views = VIEWS, formats: table = TRADE_FILES, tries = TRIES_FILE, lanes = MOST_LANES } = {},
): Promise<void> {
  if (swept === undefined) throw new TypeError("A sweep has a grid");
  const isOwn = !isStrategyName(chosen.config.strategy);
  const workers = chosen.config.workers ?? navigator.hardwareConcurrency;
  const most = Math.min(workers, swept.places.length);
  using threads = new Threads(most === 1 && !isOwn ? 0 : most);
  const configuration = await withRecordedMarket(paths, chosen, signal);
  const rules = await ruleSetOf(configuration, signal);
  const { config, sources } = settleInstrument(configuration, rules);
  const own = isOwn ? await ownSweep(config.strategy, swept) : null;
  const { grid, places } = own?.swept ?? swept;
  const { files, passedOver } = await recordingsOf(paths, config, signal);
  refuseWrongFiles(files, config, passesOf(places, bytesIn(files), lanes).length > 1);
  const settings = grid.axes.flatMap(({ setting }) => setting ?? []);
  /** A configuration as it is shown, without what varies within `--set`. */
  const shownWith = (one: Config): ShownOptions =>
    withoutSettings({ ...shownConfig(one), ...shownOf(own?.at(places[0]!) ?? null) }, settings);
  const head: SweepHead = {
    // A result has always named this option. Where the page is changes nothing, even for a sweep that is continued.
    options: without({ ...shownWith(config), report: null }, [
      ...grid.axes.map(({ name }) => name),
      ...OUTPUTS,
    ]),
    grid: grid.axes.map(({ name, values }) => ({ name, values })),
    environment: environmentOf(version),
    files,
  };
  const { out } = config;
  const before = config.continue && out !== null ? await readPartialSweep(out, head) : null;
  await checkTries(tries);
  const { stdout, stderr } = Deno;
  const words = new SweepNarration({ colours: hasColours(stdout) });
  const view = openViews(
    config,
    { isBacktest: true, words, stdout, stderr, stop: signal, signal, onBroken: () => {} },
    views,
  );
  const warn = (text: string): void => view.log({ level: "warn", text });
  const place = { stop: signal, onWarning: warn };
  using result = out === null ? null : await writable(SweepFile.create(out, head, place), signal);
  using page = config.report === null ? null : await writable(openPage(config.report, place), signal);
  const shared: PassSettings = {
    config,
    barsFrom: configuration.sources.bars,
    sources,
    files,
    formats: formatsOf(config, table),
    view,
    stop: signal,
  };
  // Few trades have no Sharpe ratio.
  const ranks: readonly Rank[] = configuration.sources.rank === "default"
    ? [config.rank, "net-profit"]
    : [config.rank];
  const findings = new Findings({ grid, places }, config, ranks);
  const show = (rows: readonly ConfigurationEvent[]): void => {
    for (const row of rows) {
      result?.add(row);
      view.event(row);
    }
  };
  const requests = new GridRequests(grid, { config, rules, own });
  /** Shows the start, and the rows of the sweep that is continued. */
  const start = (inForce: Config, time: string): void => {
    const varying = Object.fromEntries(grid.axes.map(({ name, values }) => [name, values.join(",")]));
    const shown = foldedSet({ ...shownWith(inForce), ...varying });
    const instrument = { sources, exchangeInfo: null };
    view.event({ type: "started", time, command, version, config: { ...shown, instrument } });
    if (before !== null) show(findings.restore(before));
  };
  try {
    using progress = new ShownProgress(view, {
      configurations: places.length,
      done: () => findings.done,
    });
    for (const text of [...chosen.remarks ?? [], ...passedOver]) warn(text);
    await runPasses(shared, {
      grid,
      passes: passesOf(places.slice(before?.rows.length ?? 0), bytesIn(files), lanes),
      configurations: places.length,
      ...{ workers, threads },
      ownStrategy: own === null ? null : config.strategy,
      ...{ requests, findings, progress, start, show },
    });
    threads[Symbol.dispose]();
    if (findings.done < places.length) warn(stoppedText(findings.done, places.length, out));
    const tried = await countTries(tries, findings, config, view);
    const event = findings.event(tried, progress.elapsedMs);
    await result?.finish(event, event.partial ? findings.unfinished : null);
    view.event(event);
    const { ranked, bestPlaces } = findings;
    words.sweep({ asked: config.rank, event, ranked });
    if (page === null) return;
    const rows = ranked.rows.slice(0, MOST_RUNS).map(({ row }) => row);
    const runs = event.partial
      ? []
      : await bestRuns(shared, { rows, places: bestPlaces, requests, head, progress });
    const report = await sweepPage({
      ...{ event, ranked, runs },
      origin: {
        ...{ version, options: head.options, files, command: sweepCommand(head) },
        commands: rows.map((row, at) => rowCommand(head, row, at + 1)),
      },
    });
    await finishPage(page, report);
  } finally {
    await view.close();
  }
}

/** Adds the configurations of a sweep to those ever tried on its trades, and returns how many these are now. */
async function countTries(
  path: string,
  { trades, texts }: Findings,
  config: Config,
  view: View,
): Promise<number> {
  if (trades === null) return 0;
  if (config.forgetTries) {
    const forgotten = await forgetTries(path, trades.digest);
    const text =
      `forgot ${counted(forgotten, "configuration")} tried on these trades before: the best is judged as ` +
      "if these were the first";
    view.log({ level: "info", text });
  }
  return await addTries(path, trades, texts);
}

/** What is kept of a sweep that was stopped, and how it goes on. */
function stoppedText(done: number, all: number, out: string | null): string {
  const mayContinue = out !== null && !isCsvName(out);
  if (done === 0) {
    const again = mayContinue ? "; --continue starts over" : "";
    return `stopped before any configuration had seen all trades: none is finished, so no row is kept${again}`;
  }
  const where = out === null ? "shown" : `in ${out}`;
  const on = mayContinue ? "; --continue goes on with the others" : "";
  return `stopped: ${grouped(done)} of ${counted(all, "configuration")} are finished and ${where}${on}`;
}

/** Throws a ConfigError if a file cannot be read as often as needed, or cannot be written or continued. */
function refuseWrongFiles(files: readonly string[], config: Config, isLarge: boolean): void {
  const { out, report } = config;
  const mistakes: string[] = [];
  if (files.includes("-") && (isDivided(config) || isLarge || report !== null)) {
    mistakes.push(
      "standard input can be read only once, and --test, --walk-forward, --report and large grids read the trades again: give a file",
    );
  }
  if (config.continue && (out === null || isCsvName(out))) {
    mistakes.push("--continue: expected --out with the JSON file of the sweep that was stopped");
  }
  if (out !== null && files.includes(out)) {
    mistakes.push(`the result cannot be written to ${out}: the sweep reads it. Choose another name`);
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
}

/** The size of all files in bytes; null if one of them has no size. */
function bytesIn(files: readonly string[]): number | null {
  try {
    return files.reduce((sum, file) => sum + Deno.statSync(file).size, 0);
  } catch {
    // Standard input, or a file that will be reported when it is read.
    return null;
  }
}

function without(shown: ShownOptions, names: readonly string[]): ShownOptions {
  return Object.fromEntries(Object.entries(shown).filter(([name]) => !names.includes(name)));
}
