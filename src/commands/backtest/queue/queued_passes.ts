/** The passes of a sweep that the workers of a queue compute: writes the tasks, waits, and collects the results. */
import { type Configuration, nameIn } from "../../../config/configuration.ts";
import type { Grid } from "../../../config/grid.ts";
import type { Config, OptionName } from "../../../config/options.ts";
import { ConfigError } from "../../../domain/process/config_error.ts";
import type { ShownOptions } from "../../../domain/run/sweep_result.ts";
import { withoutPassword } from "../../../domain/run/database_place.ts";
import { namedInputs } from "../../../feeds/files/named_inputs.ts";
import { isStrategyName } from "../../../stages/strategies/known_strategies.ts";
import { QueueError, UnusableResult } from "../../../stores/queue/queue_error.ts";
import type { PartialSweep } from "../../../stores/results/sweep_file.ts";
import type { FailedTask, QueueStatus, SweepQueue, TaskState } from "../../../stores/queue/task_queue.ts";
import { counted } from "../../../views/terminal/figures.ts";
import { foldsOf, isDivided, WHOLE } from "../sweep/folds.ts";
import type { Passes } from "../sweep/all_passes.ts";
import type { TradeFacts } from "../sweep/findings.ts";
import { type PassSettings, runPass } from "../sweep/sweep_pass.ts";
import { describe, queuedSweep } from "./described_sweep.ts";
import type { TaskShape } from "./result_shape.ts";
import { differenceOf, resultIn } from "./task_result.ts";

/**
 * The most configurations in a task. Reading the trades costs about as much as ten of them, and when a worker is lost,
 * its whole task is computed again.
 */
export const MOST_IN_TASK = 64;
/** How often to poll the queue without a notice, and the shortest time between two polls, ms. */
const POLL_MS = 5_000;
const GAP_MS = 100;
/** The number of tasks whose states one poll asks for. */
const MOST_STATES = 100;

/** A task failed for good or was removed, its result cannot be used, or two workers do not agree on it. */
export class TaskFailure extends Error {
  override readonly name = "TaskFailure";
  readonly exit = "failure";
}

/** The options of a queued sweep, in addition to those of every sweep. */
export interface QueuedPasses
  extends Pick<Passes, "grid" | "passes" | "findings" | "progress" | "start" | "show"> {
  /** The place of the queue. */
  readonly queue: string;
  readonly version: string;
  /** The places of the whole grid. */
  readonly places: readonly number[];
  readonly rules: Parameters<typeof describe>[2]["rules"];
  /** One in this many tasks is computed twice. */
  readonly oneCheckedIn: number;
}

/** Throws a ConfigError for options that do not fit a queue. */
export function refuseWithQueue({ config, sources }: Configuration, files: readonly string[]): void {
  const mistakes: string[] = [];
  const why: readonly (readonly [OptionName, string])[] = [
    ["continue", "the queue keeps what is finished, so the same command continues"],
    ["part", "the workers of the queue divide the grid by themselves"],
    ["workers", "each worker has its own"],
  ];
  for (const [name, reason] of why) {
    if (sources[name] === "default") continue;
    mistakes.push(`${nameIn(sources[name], name)} is given with --queue: leave it out, as ${reason}`);
  }
  if (!isStrategyName(config.strategy)) {
    mistakes.push(
      `--strategy is ${config.strategy}: workers of a queue run no strategy files. Use --part on each machine`,
    );
  }
  if (files.includes("-")) {
    mistakes.push("standard input can be read only once, and workers read the trades too: give a file");
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
}

/**
 * Counts the trades, writes the tasks and shows their rows in the order of the grid, until all are done or the sweep is
 * stopped. Throws as `runPass` does, a QueueError, and a TaskFailure.
 */
export async function runQueued(settings: PassSettings, queued: QueuedPasses): Promise<void> {
  const { config, files, view, stop } = settings;
  const { grid, places, passes, version, rules, progress, start } = queued;
  const log = (level: "info" | "warn", text: string): void => view.log({ level, text });
  // Loaded only here: most sweeps have no queue, and PostgreSQL and zlib take long to load.
  const { PostgresSweepQueue } = await import("../../../stores/queue/postgres_sweep_queue.ts");
  await using queue = await PostgresSweepQueue.open(queued.queue, {
    onTrouble: (text) => log("warn", text),
    signal: stop,
  });
  const counting = await runPass(settings, { team: null, folds: [], progress, isFirst: true, start });
  if (stop.aborted) return;
  const { folds: _folds, ...facts } = counting;
  const { trades, digest } = facts;
  const folds = isDivided(config) ? foldsOf(trades, config) : WHOLE;
  const inputs = await unlessStopped(namedInputs(files, stop), stop);
  if (inputs === null) return;
  const described = describe({ grid, places }, { config }, { rules, folds, digest, files: inputs });
  const added = queuedSweep(described, { version, blocks: passes, oneCheckedIn: queued.oneCheckedIn });
  try {
    await queue.add(added);
    await collect(queue, added.tasks.map(({ key }, at) => ({ key, places: passes[at]! })), {
      ...{ ...queued, facts, config, stop, log },
      ready: () => view.ready(),
    });
  } catch (error) {
    // A user who stops the sweep does not wait for an unreachable database.
    if (!(error instanceof QueueError) || !stop.aborted) throw error;
    log("warn", error.message);
  }
}

/** What to log when a sweep is stopped before all of its tasks are done. */
export function leftInQueue(done: number, all: number, out: string | null): string {
  const where = done === 0 || out === null ? "" : ` and in ${out}`;
  return `stopped: ${done} of ${
    counted(all, "configuration")
  } are finished${where}. The tasks stay in the queue, where ` +
    "workers continue with them; the same command shows the result";
}

interface Collecting
  extends Pick<QueuedPasses, "grid" | "findings" | "show" | "progress" | "version" | "queue"> {
  readonly facts: TradeFacts;
  readonly config: Pick<Config, "test" | "walkForward">;
  readonly stop: AbortSignal;
  readonly log: (level: "info" | "warn", text: string) => void;
  readonly ready: () => Promise<void> | null;
}

/** Shows the results of all tasks in order. */
async function collect(
  queue: SweepQueue,
  tasks: readonly { readonly key: string; readonly places: readonly number[] }[],
  { grid, findings, show, progress, version, queue: path, facts, config, stop, log, ready }: Collecting,
): Promise<void> {
  const statusLog = new StatusLog(version, path, log);
  for (let next = 0; next < tasks.length && !stop.aborted;) {
    const before = next;
    const some = tasks.slice(next, next + MOST_STATES);
    const states = Map.groupBy(await queue.states(some.map(({ key }) => key)), ({ key }) => key);
    for (const { key, places } of some) {
      const copies = states.get(key) ?? [];
      if (copies.length === 0) {
        throw new TaskFailure(
          "somebody removed tasks of this sweep from the queue before they were collected. The same command adds them again",
        );
      }
      if (stop.aborted || copies.some(({ isDone }) => !isDone)) break;
      const results = await resultsOf(queue, copies, {
        ...{ options: places.map((place) => optionsAt(grid, place)), places, facts, ranks: findings.ranks },
        ...{ hasTest: config.test !== null, windows: config.walkForward ?? 0 },
      }).catch(async (error: unknown) => {
        if (!(error instanceof TaskFailure)) throw error;
        await queue.markFailed(key, error.message);
        const again = copies.length === 1 ? "it" : "both";
        throw new TaskFailure(`${error.message}. The same command has ${again} computed again`);
      });
      // The same sweep, started elsewhere, may have marked it failed meanwhile.
      if (results === null) break;
      show(findings.restore(results[0]!));
      next++;
      await ready();
    }
    if (next > before || stop.aborted) continue;
    const status = await queue.status();
    if (status.failed !== null) throw taskFailure(grid, status.failed, tasks);
    statusLog.note(status);
    const { done, left } = status;
    progress.tasks = { done, of: done + left, before: progress.tasks?.before ?? done };
    await pause(GAP_MS, stop);
    await queue.changed(POLL_MS, stop);
  }
}

/**
 * The results of all copies of a task, which agree; null if one no longer exists. Throws a TaskFailure if one cannot be
 * used, or if they differ.
 */
async function resultsOf(
  queue: SweepQueue,
  copies: readonly TaskState[],
  shape: TaskShape,
): Promise<readonly PartialSweep[] | null> {
  const results: PartialSweep[] = [];
  const named = ({ worker }: TaskState): string => worker ?? "a worker";
  for (const copy of copies) {
    try {
      const text = await queue.result(copy.task);
      if (text === "") return null;
      results.push(resultIn(text, shape));
    } catch (error) {
      if (!(error instanceof UnusableResult)) throw error;
      throw new TaskFailure(`a result in the queue, by ${named(copy)}, cannot be used: ${error.message}`);
    }
  }
  const [one, other] = results;
  const difference = other === undefined ? null : differenceOf(one!, other);
  if (difference === null) return results;
  const [first, second] = copies.map(named);
  throw new TaskFailure(
    `two workers disagree: ${difference.what} is ${difference.values[0]} by ${first} and ${
      difference.values[1]
    } by ${second}. One of these machines computes wrong results`,
  );
}

function optionsAt(grid: Grid, place: number): ShownOptions {
  return grid.options(grid.configuration(place));
}

/** The error that names the configurations of a failed task. */
function taskFailure(
  grid: Grid,
  { content, failure }: FailedTask,
  tasks: readonly { readonly places: readonly number[] }[],
): TaskFailure {
  const places = tasks.find((task) => JSON.stringify(task.places) === content)?.places;
  if (places === undefined) {
    return new TaskFailure(
      `a task that somebody else added to this sweep failed: ${failure}. Remove it from penstock.tasks`,
    );
  }
  const named = (place: number): string => JSON.stringify(optionsAt(grid, place));
  const [first, last] = [named(places[0]!), named(places.at(-1)!)];
  const which = places.length === 1
    ? `the configuration ${first}`
    : `the ${places.length} configurations from ${first} to ${last}`;
  return new TaskFailure(`${which} failed: ${failure}. The same command tries again`);
}

/** Logs what a sweep waits for, whenever that changes. */
class StatusLog {
  readonly #version: string;
  readonly #path: string;
  readonly #log: (level: "info" | "warn", text: string) => void;
  #noted: "no workers" | "no files" | null = null;

  constructor(version: string, path: string, log: (level: "info" | "warn", text: string) => void) {
    this.#version = version;
    this.#path = withoutPassword(path);
    this.#log = log;
  }

  note({ left, workers, withFiles, otherVersions }: QueueStatus): void {
    const now = workers === 0 ? "no workers" : withFiles === 0 ? "no files" : null;
    if (now === this.#noted) return;
    this.#noted = now;
    const waiting = `${counted(left, "task")} ${left === 1 ? "waits" : "wait"}`;
    if (now === "no workers") {
      const others = otherVersions.length === 0
        ? ""
        : ` (only of ${otherVersions.map((version) => `Penstock ${version}`).join(", ")})`;
      this.#log(
        "warn",
        `${waiting}, and no worker of Penstock ${this.#version} is connected${others}: start "penstock worker ` +
          `${this.#path}" on machines that have the files`,
      );
    } else if (now === "no files") {
      this.#log(
        "warn",
        `${waiting}, and none of ${
          counted(workers, "worker")
        } has the files: put them into the folder of its --data`,
      );
    } else {this.#log(
        "info",
        `${waiting}, and ${counted(withFiles, "worker")} can compute ${left === 1 ? "it" : "them"} now`,
      );}
  }
}

/** The outcome of `work`, or null once `stop` is aborted. */
async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (stop.aborted) return null;
    throw error;
  }
}

/** Waits for `ms`, or until `stop` is aborted. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = () => resolve();
  stop.addEventListener("abort", end);
  await promise;
  stop.removeEventListener("abort", end);
  clearTimeout(timer);
}
