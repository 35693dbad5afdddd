/** `penstock sweep`: recorded files, the pipeline over a grid of options, and how much of the best is luck. */
import { formatsOf, TRADE_FILES } from "../../formats/file_layout.ts";
import type { Started } from "../../config/command.ts";
import type { Config } from "../../config/options.ts";
import { foldedSet } from "../../config/set_lists.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { ConfigurationEvent, ShownOptions } from "../../domain/run/sweep_result.ts";
import { isStrategyName } from "../../stages/strategies/known_strategies.ts";
import {
  isCsvName,
  readPartialSweep,
  type SweepHead,
  type Unfinished,
} from "../../stores/results/sweep_file.ts";
import { checkTries, TRIES_FILE } from "../../stores/tries/tries_file.ts";
import { counted, grouped } from "../../views/terminal/figures.ts";
import { VIEWS } from "../../views/known_views.ts";
import { environmentOf } from "./outputs.ts";
import { ONE_CHECKED_IN } from "./queue/described_sweep.ts";
import { leftInQueue, MOST_IN_TASK, refuseWithQueue, runQueued } from "./queue/queued_passes.ts";
import { runPasses } from "./sweep/all_passes.ts";
import { bestRuns } from "./sweep/best_runs.ts";
import { Findings } from "./sweep/findings.ts";
import { isDivided } from "./sweep/folds.ts";
import { GridRequests } from "./sweep/grid_requests.ts";
import { joinSweep } from "./sweep/joined_sweep.ts";
import {
  givenWithoutOutputs,
  OUTPUTS,
  partIn,
  type PartOrigin,
  placesOfPart,
  ranksOf,
  type SweepStart,
} from "./sweep/part_of_grid.ts";
import { MOST_LANES, passesOf } from "./sweep/passes.ts";
import { prepareSweep } from "./sweep/prepared_sweep.ts";
import { SweepOutputs } from "./sweep/sweep_outputs.ts";
import { Threads } from "./sweep/threads.ts";
import { ShownProgress } from "./sweep/shown_progress.ts";
import type { PassSettings } from "./sweep/sweep_pass.ts";

/** Backtests every combination of a grid, or a part of them, and reports how much of the best is luck. */
export async function sweep(
  started: Started,
  {
    views = VIEWS,
    formats: table = TRADE_FILES,
    tries = TRIES_FILE,
    lanes: asked = 0,
    oneCheckedIn = ONE_CHECKED_IN,
  } = {},
): Promise<void> {
  const { version, files: paths, signal, swept, config: { queue, ...given }, ...others } = started;
  if (swept === undefined) throw new TypeError("A sweep has a grid");
  if (given.join) return await joinSweep(started, { views, formats: table, tries });
  // A result does not depend on where it was computed.
  const chosen = { ...others, config: { ...given, queue: null } };
  if (queue !== null) refuseWithQueue(chosen, paths);
  const lanes = asked > 0 ? asked : queue === null ? MOST_LANES : MOST_IN_TASK;
  const isOwn = !isStrategyName(chosen.config.strategy);
  const workers = chosen.config.workers ?? navigator.hardwareConcurrency;
  const most = Math.min(workers, swept.places.length);
  using threads = new Threads(queue !== null || most === 1 && !isOwn ? 0 : most);
  const prepared = await prepareSweep(paths, { ...chosen, swept }, signal);
  const { configuration, config, sources, rules, own, files, skipped, shownWith } = prepared;
  const { grid, places: all } = prepared.swept;
  const part = partIn(config);
  const places = part === null ? all : placesOfPart(all, part);
  refuseWrongFiles(files, config, passesOf(places, bytesIn(files), lanes).length > 1);
  const head: SweepHead = {
    // A result has always named this option. The place of the page has no effect, not even on a sweep that is
    // continued.
    options: without({ ...shownWith(config), report: null }, [
      ...grid.axes.map(({ name }) => name),
      ...OUTPUTS,
    ]),
    grid: grid.axes.map(({ name, values }) => ({ name, values })),
    environment: environmentOf(version),
    files,
    ...(part === null ? {} : { part }),
  };
  const { out } = config;
  const before = config.continue && out !== null ? await readPartialSweep(out, head, places.length) : null;
  await checkTries(tries);
  await using outputs = await SweepOutputs.open(config, head, { views, signal });
  const { view } = outputs;
  const shared: PassSettings = {
    config,
    barsFrom: configuration.sources.bars,
    sources,
    files,
    formats: formatsOf(config, table),
    view,
    stop: signal,
  };
  const findings = new Findings({ grid, places }, config, {
    ranks: ranksOf(configuration),
    configurations: all.length,
  });
  const requests = new GridRequests(grid, { config, rules, own });
  let startedWith: SweepStart | null = null;
  /** Shows the start, and the rows of the sweep that is continued. */
  const start = (inForce: Config, time: string): void => {
    requests.inForce = inForce;
    const varying = Object.fromEntries(grid.axes.map(({ name, values }) => [name, values.join(",")]));
    const shown = foldedSet({ ...shownWith(inForce), ...varying }) as ShownOptions;
    const event: SweepStart = { time, config: { ...shown, instrument: { sources, exchangeInfo: null } } };
    outputs.started(startedWith = event);
    if (before !== null) outputs.show(findings.restore(before));
  };
  using progress = new ShownProgress(view, {
    configurations: places.length,
    done: () => findings.done,
  });
  for (const text of [...chosen.remarks ?? [], ...skipped]) outputs.warn(text);
  const computed = {
    grid,
    passes: passesOf(places.slice(before?.rows.length ?? 0), bytesIn(files), lanes),
    ...{ findings, progress, start, show: (rows: readonly ConfigurationEvent[]) => outputs.show(rows) },
  };
  if (queue !== null) await runQueued(shared, { ...computed, queue, version, places, rules, oneCheckedIn });
  else {
    const ownStrategy = own === null ? null : config.strategy;
    await runPasses(shared, {
      ...computed,
      configurations: all.length,
      ...{ workers, threads, ownStrategy, requests },
    });
  }
  threads[Symbol.dispose]();
  const isWhole = findings.done === places.length;
  if (!isWhole) outputs.warn((queue === null ? stoppedText : leftInQueue)(findings.done, places.length, out));
  await outputs.finish({
    ...{ findings, tries, elapsedMs: progress.elapsedMs },
    unfinished: part !== null ? partial() : findings.isPartial ? findings.unfinished : null,
    inPlaceOfTable: part === null || !isWhole
      ? null
      : `part ${part.number} of ${part.of} is finished: ${grouped(places.length)} of ${
        counted(all.length, "configuration")
      } are in ${out}; "penstock sweep --join" with the files of all parts ranks them`,
    runsOf: (rows) => bestRuns(shared, { rows, places: findings.bestPlaces, requests, head, progress }),
  });

  /** What the file of a part keeps. */
  function partial(): Unfinished {
    const origin: PartOrigin = {
      configurations: all.length,
      places,
      given: givenWithoutOutputs(prepared.swept),
      start: startedWith,
    };
    return { ...findings.unfinished, origin };
  }
}

/** What is kept of a stopped sweep, and how to continue it. */
function stoppedText(done: number, all: number, out: string | null): string {
  const mayContinue = out !== null && !isCsvName(out);
  if (done === 0) {
    const again = mayContinue ? "; --continue starts over" : "";
    return `stopped before any configuration was finished, so no row is kept${again}`;
  }
  const where = out === null ? "shown" : `in ${out}`;
  const on = mayContinue ? "; --continue computes the others" : "";
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
  if (config.part !== null && (out === null || isCsvName(out))) {
    mistakes.push(
      `--part is ${config.part}: expected --out with the name of a JSON file, which --join reads`,
    );
  }
  if (config.part !== null && report !== null) {
    mistakes.push(
      `--report ${report} is a page of all configurations, but --part ${config.part} computes only some: ` +
        "give it with --join",
    );
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
