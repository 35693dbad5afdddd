/** `penstock sweep`: recorded files, the pipeline over a grid of options, and how much of the best is luck. */
import { formatsOf, TRADE_FILES } from "../../formats/file_layout.ts";
import type { Started } from "../../config/command.ts";
import { type Configuration, shownConfig } from "../../config/config.ts";
import type { Grid } from "../../config/grid.ts";
import { settleInstrument } from "../../config/instrument_settlement.ts";
import type { Config } from "../../config/options.ts";
import { triedOptions } from "../../config/tried_options.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { ConfigurationEvent, ShownOptions, SweepEvent } from "../../domain/run/sweep_result.ts";
import { chosenFile, shownOf } from "../../feeds/files/strategy_file.ts";
import type { FoldResult } from "../../stages/sweep/fold_result.ts";
import { addTries, checkTries, forgetTries, TRIES_FILE } from "../../stores/tries/tries_file.ts";
import { SweepNarration } from "../../views/tables/sweep_narration.ts";
import { hasColours } from "../../views/terminal/terminal.ts";
import { openViews, VIEWS } from "../../views/known_views.ts";
import { ruleSetOf } from "./instruments.ts";
import { recordingsOf } from "./folders.ts";
import { withRecordedMarket } from "./recorded_market.ts";
import { type Fold, foldsOf, isDivided, WHOLE } from "./sweep/folds.ts";
import { judge } from "./sweep/judgement.ts";
import type { LaneRequest } from "./sweep/lane_request.ts";
import { passesOf } from "./sweep/passes.ts";
import { type PassProgress, type PassResult, type PassSettings, runPass } from "./sweep/sweep_pass.ts";
import { Ranking } from "./sweep/ranking.ts";
import { SweepRows } from "./sweep/sweep_rows.ts";
import { LaneFailure, localTeam, type Team } from "./sweep/team.ts";
import { WalkForward } from "./sweep/walk_forward.ts";
import { workerTeam } from "./sweep/worker_team.ts";

const PROGRESS_MS = 250;

/** Backtests every combination of a grid, and says how much of the best is luck. */
export async function sweep(
  { command, version, files: paths, signal, swept, ...chosen }: Started,
  { views = VIEWS, formats: table = TRADE_FILES, tries = TRIES_FILE, cores = navigator.hardwareConcurrency } =
    {},
): Promise<void> {
  if (swept === undefined) throw new TypeError("A sweep has a grid");
  const { grid, places } = swept;
  const configuration = await withRecordedMarket(paths, chosen, signal);
  const rules = await ruleSetOf(configuration, signal);
  const { config, sources } = settleInstrument(configuration, rules);
  const own = await chosenFile(config);
  const { files, passedOver } = await recordingsOf(paths, config, signal);
  const isRereading = isDivided(config) || places.length > passesOf(places, null)[0]!.length;
  if (isRereading && files.includes("-")) {
    throw new ConfigError([
      "standard input can be read only once, and --test, --walk-forward and very large grids read the trades again: give a file",
    ]);
  }
  await checkTries(tries);
  const { stdout, stderr } = Deno;
  const words = new SweepNarration({ colours: hasColours(stdout) });
  const view = openViews(
    config,
    { isBacktest: true, words, stdout, stderr, stop: signal, signal, onBroken: () => {} },
    views,
  );
  const settings: PassSettings = {
    config: { ...config, set: own?.settings || config.set },
    barsFrom: configuration.sources.bars,
    sources,
    files,
    formats: formatsOf(config, table),
    view,
    stop: signal,
  };
  const startedAt = performance.now();
  const progress: PassProgress = { bytesRead: 0, bytesTotal: null, trades: 0 };
  let done = 0;
  let lanes = 0;
  const draw = setInterval(() => {
    const elapsedMs = performance.now() - startedAt;
    view.glance?.({ of: "sweep", ...progress, elapsedMs, configurations: places.length, done, lanes });
  }, PROGRESS_MS);
  try {
    for (const text of passedOver) view.log({ level: "warn", text });
    let folds: readonly Fold[] = WHOLE;
    let isFirst = true;
    if (isDivided(config)) {
      const { trades } = await runPass(settings, { team: null, folds: [], progress, isFirst });
      isFirst = false;
      if (!signal.aborted) folds = foldsOf(trades, config);
    }
    const requests = (place: number, inForce: Config): LaneRequest => {
      const one = grid.configuration(place);
      const merged: Configuration = {
        config: { ...one.config, symbol: config.symbol, exchange: config.exchange },
        sources: one.sources,
      };
      const settled = settleInstrument(merged, rules).config;
      const bars = one.sources.bars === "default" ? inForce.bars : settled.bars;
      return { ...shownConfig({ ...settled, bars, set: settings.config.set }), ...shownOf(own) };
    };
    const optionsAt = (place: number): ShownOptions => grid.options(grid.configuration(place));
    const rows = new SweepRows(places.length);
    const ranking = new Ranking(grid, config.rank);
    const walk = new WalkForward(config.rank, config.cash);
    const texts: string[] = [];
    let last: PassResult | null = null;
    const passes = passesOf(places, progress.bytesTotal);
    for (const pass of passes) {
      if (signal.aborted) break;
      lanes = pass.length;
      let asked: LaneRequest[] = [];
      const team = (inForce: Config): Promise<Team> => {
        asked = pass.map((place) => requests(place, inForce));
        const workers = Math.min(config.workers ?? cores, pass.length);
        return workers === 1 ? localTeam(asked, places.length) : workerTeam(asked, places.length, workers);
      };
      let found: PassResult;
      try {
        found = await runPass(settings, {
          team,
          folds,
          progress,
          isFirst,
          start: (inForce, time) => {
            if (last !== null) return;
            const shown = { ...shownConfig(inForce), ...shownOf(own), ...gridTexts(grid) };
            view.event({
              type: "started",
              time,
              command,
              version,
              config: { ...shown, instrument: { sources, exchangeInfo: null } },
            });
          },
        });
      } catch (error) {
        if (!(error instanceof LaneFailure)) throw error;
        const options = JSON.stringify(optionsAt(pass[error.lane]!));
        error.message = `the configuration ${options} failed: ${error.message}`;
        throw error;
      }
      isFirst = false;
      last = found;
      if (found.folds.length === 0) break;
      const [choice, ...others] = found.folds;
      const test = folds[1]?.use === "test" ? others[0]! : null;
      const windows = found.folds.filter((_, id) => folds[id]!.use === "window");
      walk.add(pass, windows);
      for (const [lane, place] of pass.entries()) {
        const row = rowOf(choice![lane]!, test?.[lane] ?? null, {
          time: found.to,
          symbol: config.symbol,
          options: optionsAt(place),
        });
        rows.add(choice![lane]!, test?.[lane] ?? null);
        ranking.add(place, row);
        texts.push(triedOptions(asked[lane]!));
        view.event(row);
      }
      done += pass.length;
      await view.ready();
    }
    if (last === null || done === 0) {
      view.log({ level: "warn", text: "stopped before any configuration was finished" });
    }
    const elapsedMs = performance.now() - startedAt;
    const { trades = 0, digest = "", from = "", to = new Date(0).toISOString() } = last ?? {};
    if (config.forgetTries && done > 0) await forgetTries(tries, digest);
    const tried = done === 0
      ? 0
      : await addTries(tries, { digest, symbol: config.symbol, trades, from, to }, texts);
    const { best } = ranking;
    const event: SweepEvent = {
      type: "sweep",
      time: to,
      symbol: config.symbol,
      configurations: done,
      refused: grid.size - places.length,
      trades,
      elapsedMs: Math.round(elapsedMs),
      tradeConfigurationsPerSecond: Math.round(trades * done * 1000 / elapsedMs),
      rank: config.rank,
      best: best === null ? null : best.row.options,
      ...judge(rows, {
        best: best === null ? null : places.indexOf(best.place),
        tried,
        walk: config.walkForward === null ? null : walk,
      }),
      ...walk.shown(optionsAt),
      partial: done < places.length,
    };
    view.event(event);
    words.sweep({ event, ranked: ranking.shown });
  } finally {
    clearInterval(draw);
    await view.close();
  }
}

/** The lists and ranges of the options that vary, as a configuration of the grid shows them. */
function gridTexts(grid: Grid): ShownOptions {
  return Object.fromEntries(grid.axes.map(({ name, values }) => [name, values.join(",")]));
}

function rowOf(
  { figures }: FoldResult,
  test: FoldResult | null,
  facts: Pick<ConfigurationEvent, "time" | "symbol" | "options">,
): ConfigurationEvent {
  return { type: "configuration", ...facts, ...figures, test: test?.figures ?? null };
}
