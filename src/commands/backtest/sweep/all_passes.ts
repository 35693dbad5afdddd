/** All passes of a sweep, one after another. */
import type { Grid } from "../../../config/grid.ts";
import type { Config } from "../../../config/options.ts";
import { triedOptions } from "../../../config/tried_options.ts";
import { UnusableInput } from "../../../domain/market/unusable_input.ts";
import type { ConfigurationEvent } from "../../../domain/run/sweep_result.ts";
import { counted } from "../../../views/terminal/figures.ts";
import type { Findings } from "./findings.ts";
import { type Fold, foldsOf, isDivided, WHOLE } from "./folds.ts";
import type { GridRequests } from "./grid_requests.ts";
import type { LaneRequest } from "./lane_request.ts";
import type { ShownProgress } from "./shown_progress.ts";
import { type PassResult, type PassSettings, runPass } from "./sweep_pass.ts";
import { LaneFailure, type Team } from "./team.ts";
import type { Threads } from "./threads.ts";
import { teamOf } from "./worker_team.ts";

/** How often to check whether all configurations make progress, and how long one may take for a block, ms. */
const WATCH_MS = 1_000;
const LONG_MS = 10_000;

/** What every pass of a sweep needs. */
export interface ComputedPasses {
  readonly grid: Grid;
  /** How many configurations the whole sweep has. */
  readonly configurations: number;
  /** How many threads may compute them, and the pool that these come from. */
  readonly workers: number;
  readonly threads: Threads;
  /** The user's own strategy file, whose code may never return; null for a built-in strategy. */
  readonly ownStrategy: string | null;
  readonly requests: GridRequests;
  readonly progress: ShownProgress;
  /** Called once per sweep, with the configuration in force and the time of the first trade. */
  readonly start: (inForce: Config, time: string) => void;
}

/** What the passes of one sweep need, and where their results go. */
export interface Passes extends ComputedPasses {
  /** The places that each pass computes. */
  readonly passes: readonly (readonly number[])[];
  readonly findings: Findings;
  /** Called with the rows of each pass. */
  readonly show: (rows: readonly ConfigurationEvent[]) => void;
}

/**
 * Runs the passes until the sweep is stopped. If the trades are divided, the first pass only counts them. Throws as
 * `runPass` does, and an UnusableInput if the trades are not those of an earlier pass.
 */
export async function runPasses(settings: PassSettings, all: Passes): Promise<void> {
  const { config, files, view, stop } = settings;
  const { passes, findings, progress, show } = all;
  let folds: readonly Fold[] = WHOLE;
  let isFirst = true;
  if (isDivided(config)) {
    const { trades } = await runPass(settings, { team: null, folds: [], progress, isFirst });
    isFirst = false;
    if (!stop.aborted) folds = foldsOf(trades, config);
  }
  let isStarted = false;
  const start = (inForce: Config, time: string): void => {
    if (!isStarted) all.start(inForce, time);
    isStarted = true;
  };
  for (const places of passes) {
    if (stop.aborted) break;
    progress.lanes = places.length;
    const { found, asked } = await passOver(places, settings, { ...all, start }, { folds, isFirst });
    isFirst = false;
    if (found.folds.length === 0) break;
    if (findings.facts !== null && findings.facts.digest !== found.digest) {
      throw new UnusableInput(
        { name: files.join(", ") },
        "the trades differ from those of an earlier pass: start again",
      );
    }
    show(findings.add(found, folds, asked.map(triedOptions)));
    await view.ready();
  }
}

/** Computes the configurations at `places` in one pass; returns its result and their requests. Errors name the options. */
export async function passOver(
  places: readonly number[],
  settings: PassSettings,
  { grid, configurations, workers, threads, ownStrategy, requests, progress, start }: ComputedPasses,
  { folds, isFirst }: { readonly folds: readonly Fold[]; readonly isFirst: boolean },
): Promise<{ readonly found: PassResult; readonly asked: readonly LaneRequest[] }> {
  const warn = (text: string): void => settings.view.log({ level: "warn", text });
  const nameOf = (lane: number): string =>
    `the configuration ${JSON.stringify(grid.options(grid.configuration(places[lane]!)))}`;
  let asked: readonly LaneRequest[] = [];
  let members: Team | null = null;
  const team = async (inForce: Config): Promise<Team> => {
    requests.inForce = inForce;
    asked = places.map((place) => requests.at(place));
    const areTrusted = ownStrategy === null;
    return members = await teamOf(asked, { configurations, workers, threads, areTrusted, onWarning: warn });
  };
  /** Warns about a configuration that has been at one block for at least `ms`. Returns whether there is one. */
  const warnOfStuck = (ms: number): boolean => {
    const stuck = members?.stuck() ?? null;
    if (stuck === null || stuck.ms < ms) return false;
    const why = ownStrategy === null ? "" : `: onBar() in ${ownStrategy} may never end`;
    const seconds = Math.round(stuck.ms / 1000);
    warn(`${nameOf(stuck.lane)} has been at one block of trades for ${counted(seconds, "second")}${why}`);
    return true;
  };
  let isWarned = false;
  const watch = setInterval(() => isWarned ||= warnOfStuck(LONG_MS), WATCH_MS);
  try {
    const found = await runPass(settings, { team, folds, progress, isFirst, start });
    // A built-in strategy can only seem stuck, because the machine is busy with other things.
    if (settings.stop.aborted && ownStrategy !== null && !isWarned) warnOfStuck(0);
    return { found, asked };
  } catch (error) {
    if (!(error instanceof LaneFailure)) throw error;
    error.message = `${nameOf(error.lane)} failed: ${error.message}`;
    throw error;
  } finally {
    clearInterval(watch);
  }
}
