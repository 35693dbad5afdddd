/** `penstock sweep`: recorded files, the pipeline over a grid of options, and how much of the best is luck. */
import { formatsOf, TRADE_FILES } from "../../formats/file_layout.ts";
import type { Started } from "../../config/command.ts";
import { shownConfig } from "../../config/config.ts";
import { settleInstrument } from "../../config/instrument_settlement.ts";
import type { Config } from "../../config/options.ts";
import { rowCommand, sweepCommand } from "../../config/sweep_commands.ts";
import { triedOptions } from "../../config/tried_options.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { Rank } from "../../domain/run/sweep_rank.ts";
import type { ConfigurationEvent, ShownOptions } from "../../domain/run/sweep_result.ts";
import { chosenFile, shownOf } from "../../feeds/files/strategy_file.ts";
import { type PlaceOptions, type ResultPlace, resultPlaceAt } from "../../stores/results/result_place.ts";
import { isCsvName, readPartialSweep, SweepFile, type SweepHead } from "../../stores/results/sweep_file.ts";
import { addTries, checkTries, forgetTries, TRIES_FILE } from "../../stores/tries/tries_file.ts";
import { SweepNarration } from "../../views/tables/sweep_narration.ts";
import { hasColours } from "../../views/terminal/terminal.ts";
import { counted } from "../../views/terminal/figures.ts";
import { PAGE_START } from "../../views/report/html_page.ts";
import type { RunReport } from "../../views/report/run_report.ts";
import { MOST_RUNS } from "../../views/report/sweep_report.ts";
import { sweepPage } from "../../views/report/sweep_page.ts";
import { openViews, VIEWS } from "../../views/known_views.ts";
import { ruleSetOf } from "./instruments.ts";
import { environmentOf, writable } from "./outputs.ts";
import { recordingsOf } from "./folders.ts";
import { withRecordedMarket } from "./recorded_market.ts";
import { Findings } from "./sweep/findings.ts";
import { bestRun } from "./sweep/best_runs.ts";
import { type Fold, foldsOf, isDivided, WHOLE } from "./sweep/folds.ts";
import type { LaneRequest } from "./sweep/lane_request.ts";
import { MOST_LANES, passesOf } from "./sweep/passes.ts";
import { type PassProgress, type PassResult, type PassSettings, runPass } from "./sweep/sweep_pass.ts";
import { LaneFailure, localTeam, type Team } from "./sweep/team.ts";
import { workerTeam } from "./sweep/worker_team.ts";

const PROGRESS_MS = 250;
/** Options that say where a result goes and how it is made, but do not change the result. */
const OUTPUTS = ["out", "continue", "workers", "forgetTries", "json", "logLevel", "logFormat", "config"];

/** Backtests every combination of a grid, and says how much of the best is luck. */
export async function sweep(
  { command, version, files: paths, signal, swept, ...chosen }: Started,
  { views = VIEWS, formats: table = TRADE_FILES, tries = TRIES_FILE, lanes: most = MOST_LANES } = {},
): Promise<void> {
  if (swept === undefined) throw new TypeError("A sweep has a grid");
  const { grid, places } = swept;
  const configuration = await withRecordedMarket(paths, chosen, signal);
  const rules = await ruleSetOf(configuration, signal);
  const { config, sources } = settleInstrument(configuration, rules);
  const own = await chosenFile(config);
  const { files, passedOver } = await recordingsOf(paths, config, signal);
  refuseWrongFiles(files, config, passesOf(places, bytesIn(files), most).length > 1);
  const shown = { ...shownConfig(config), ...shownOf(own) };
  const head: SweepHead = {
    // A result has always named this option. Where the page is changes nothing, even for a sweep that is continued.
    options: without({ ...shown, report: null }, [...grid.axes.map(({ name }) => name), ...OUTPUTS]),
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
  const settings: PassSettings = {
    config: { ...config, set: own?.settings || config.set },
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
  const findings = new Findings(swept, config, ranks);
  const show = (rows: readonly ConfigurationEvent[]): void => {
    for (const row of rows) {
      result?.add(row);
      view.event(row);
    }
  };
  const startedAt = performance.now();
  const progress: PassProgress = { bytesRead: 0, bytesTotal: null, trades: 0, behind: () => 0 };
  let lanes = 0;
  const draw = setInterval(() => {
    const elapsedMs = performance.now() - startedAt;
    const { done } = findings;
    const { behind, ...read } = progress;
    const seen = Math.max(0, read.trades - behind());
    view.glance?.({ of: "sweep", ...read, seen, elapsedMs, configurations: places.length, done, lanes });
  }, PROGRESS_MS);
  /** The configuration at a place of the grid, as a single run would have it. */
  const requestAt = (place: number, inForce: Config): LaneRequest => {
    const { config: one, sources } = grid.configuration(place);
    const { symbol, exchange } = config;
    const settled = settleInstrument({ config: { ...one, symbol, exchange }, sources }, rules).config;
    const bars = sources.bars === "default" ? inForce.bars : settled.bars;
    return { ...shownConfig({ ...settled, bars, set: settings.config.set }), ...shownOf(own) };
  };
  /** The configuration in force, once the first trade is known. */
  let settled: Config | null = null;
  try {
    for (const text of [...chosen.remarks ?? [], ...passedOver]) warn(text);
    let folds: readonly Fold[] = WHOLE;
    let isFirst = true;
    if (isDivided(config)) {
      const { trades } = await runPass(settings, { team: null, folds: [], progress, isFirst });
      isFirst = false;
      if (!signal.aborted) folds = foldsOf(trades, config);
    }
    let isStarted = false;
    const start = (inForce: Config, time: string): void => {
      if (isStarted) return;
      isStarted = true;
      const varying = Object.fromEntries(grid.axes.map(({ name, values }) => [name, values.join(",")]));
      const shown = { ...shownConfig(inForce), ...shownOf(own), ...varying };
      const instrument = { sources, exchangeInfo: null };
      view.event({ type: "started", time, command, version, config: { ...shown, instrument } });
      if (before !== null) show(findings.restore(before));
    };
    const finished = before?.rows.length ?? 0;
    for (const pass of passesOf(places.slice(finished), bytesIn(files), most)) {
      if (signal.aborted) break;
      lanes = pass.length;
      let asked: LaneRequest[] = [];
      const team = (inForce: Config): Promise<Team> => {
        settled = inForce;
        asked = pass.map((place) => requestAt(place, inForce));
        return teamOf(asked, {
          configurations: places.length,
          // The guard of a user's own strategy denies threads to the program.
          workers: own === null ? config.workers ?? navigator.hardwareConcurrency : 1,
          onWarning: warn,
        });
      };
      let found: PassResult;
      try {
        found = await runPass(settings, { team, folds, progress, isFirst, start });
      } catch (error) {
        if (!(error instanceof LaneFailure)) throw error;
        const options = JSON.stringify(grid.options(grid.configuration(pass[error.lane]!)));
        error.message = `the configuration ${options} failed: ${error.message}`;
        throw error;
      }
      isFirst = false;
      if (found.folds.length === 0) break;
      if (findings.facts !== null && findings.facts.digest !== found.digest) {
        throw new UnusableInput(
          { name: files.join(", ") },
          "the trades differ from those before: start again",
        );
      }
      show(findings.add(found, folds, asked.map(triedOptions)));
      await view.ready();
    }
    if (findings.done === 0) warn("stopped before any configuration was finished");
    const { trades } = findings;
    if (config.forgetTries && trades !== null) {
      const forgotten = await forgetTries(tries, trades.digest);
      const text =
        `forgot ${counted(forgotten, "configuration")} tried on these trades before: the best is judged as ` +
        "if these were the first";
      view.log({ level: "info", text });
    }
    const tried = trades === null ? 0 : await addTries(tries, trades, findings.texts);
    const event = findings.event(tried, performance.now() - startedAt);
    await result?.finish(event, event.partial ? findings.unfinished : null);
    view.event(event);
    const { ranked, bestPlaces } = findings;
    words.sweep({ asked: config.rank, event, ranked });
    if (page !== null) {
      const best = ranked.rows.slice(0, MOST_RUNS).map(({ row }) => row);
      const runs: RunReport[] = [];
      for (const [at, row] of event.partial ? [] : best.entries()) {
        const request = requestAt(bestPlaces[at]!, settled ?? config);
        const run = await bestRun(settings, { request, row, head });
        if (run === null) break;
        runs.push(run);
      }
      page.write((await sweepPage({
        ...{ event, ranked, runs },
        origin: {
          ...{ version, options: head.options, files, command: sweepCommand(head) },
          commands: best.map((row) => rowCommand(head, row)),
        },
      })).slice(PAGE_START.length));
      await page.finish();
    }
  } finally {
    clearInterval(draw);
    await view.close();
  }
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

/** Starts the page. */
async function openPage(path: string, options: PlaceOptions): Promise<ResultPlace> {
  const place = await resultPlaceAt(path, { ...options, start: PAGE_START });
  // Written at once, to distinguish the partial file of a killed sweep from other files.
  place.write(PAGE_START);
  return place;
}

/** The threads for some lanes: only this one if no others can start. */
async function teamOf(
  asked: readonly LaneRequest[],
  { configurations, workers, onWarning }: {
    readonly configurations: number;
    readonly workers: number;
    readonly onWarning: (text: string) => void;
  },
): Promise<Team> {
  const most = Math.min(workers, asked.length);
  if (most === 1) return await localTeam(asked, configurations);
  try {
    return await workerTeam(asked, configurations, most);
  } catch (error) {
    if (!(error instanceof LaneFailure)) throw error;
    onWarning(`no threads can be started, so this one computes everything: ${error.message}`);
    return await localTeam(asked, configurations);
  }
}
