/** `penstock worker`: computes the tasks of sweeps over many machines, from a queue in a database. */
import type { Started } from "../../config/command.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { Config } from "../../config/options.ts";
import { exitOf } from "../../domain/process/exit.ts";
import { grantAdvice } from "../../domain/process/permission_advice.ts";
import { may, mayReach } from "../../feeds/process/permissions.ts";
import { isInDatabase, readDatabasePlace } from "../../domain/run/database_place.ts";
import { fetchInput } from "../../feeds/files/fetched_input.ts";
import { InputFolder, unreadableFolder } from "../../feeds/files/named_inputs.ts";
import { PostgresWorkerQueue } from "../../stores/queue/postgres_worker_queue.ts";
import { QueueError } from "../../stores/queue/queue_error.ts";
import type { RemainingTasks, TakenTask, WorkerQueue } from "../../stores/queue/task_queue.ts";
import { counted } from "../../views/terminal/figures.ts";
import { openLog } from "../../views/terminal/log.ts";
import { LiveTerminal, logLook } from "../../views/terminal/terminal.ts";
import type { View } from "../../views/view.ts";
import type { DescribedSweep } from "./queue/described_sweep.ts";
import { type QueuedSweep, readPlaces, readSweep } from "./queue/read_task.ts";
import { resultOf } from "./queue/task_result.ts";
import { Threads } from "./sweep/threads.ts";

/** How often to poll for tasks without a notice, ms, because files may have been copied here since. */
const POLL_MS = 10_000;
/** How long to wait after a lease ends, so that it has certainly ended, ms. */
const AFTER_LEASE_MS = 20;

/** The files of the remaining tasks are not on this worker. */
export class FilesMissing extends Error {
  override readonly name = "FilesMissing";
  readonly exit = "failure";
}

/** Writes a line to the log. */
export type Log = (level: "info" | "warn" | "error" | "debug", text: string) => void;

/**
 * Takes tasks and computes them until the user stops it, or with `--until-empty` until none is left. Throws a QueueError
 * if the queue cannot be used, and FilesMissing if it ends with tasks left whose files it does not have.
 */
export async function worker(started: Started): Promise<void> {
  const { logLevel: level, logFormat: format } = started.config;
  const terminal = new LiveTerminal(Deno.stderr);
  const log = openLog({ level, format, ...logLook(Deno.stderr) }, terminal);
  await workFor(started, (level, text) => log[level](text));
  await terminal.settled(started.signal);
}

/** Does the same as `worker`, but writes to `log`. */
export async function workFor(
  { config, version, files: [place = ""], signal }: Started,
  log: Log,
): Promise<void> {
  refuseOthers(place);
  await refuseForbidden(config);
  const count = config.workers ?? navigator.hardwareConcurrency;
  using threads = new Threads(count === 1 ? 0 : count);
  await using queue = await PostgresWorkerQueue.open(place, {
    ...{ version, signal, leaseMs: config.lease },
    onTrouble: (text) => log("warn", text),
  });
  log(
    "info",
    `waiting for tasks in ${place}, with the files in ${config.data} and ${counted(count, "thread")}`,
  );
  const own = new Work(queue, new InputFolder(config.data), {
    ...{ log, threads, workers: count, signal, folder: config.data, url: config.dataUrl },
  });
  try {
    await own.work({ version, endsEmpty: config.untilEmpty });
  } catch (error) {
    // A user who stops the worker does not wait for an unreachable database: the lease of the task ends by itself.
    if (!(error instanceof QueueError) || !signal.aborted) throw error;
    log("warn", `the task was not given back: ${error.message}`);
  } finally {
    log("info", `ended after ${counted(own.done, "task")}`);
  }
}

/** Throws a ConfigError unless the place is a whole database. */
function refuseOthers(place: string): void {
  if (!isInDatabase(place)) {
    throw new ConfigError([`"${place}" is not a queue: expected postgres://USER@HOST:PORT/DATABASE`]);
  }
  if (readDatabasePlace(place).journal !== null) {
    throw new ConfigError([`${place} names a journal: expected a whole database, without #`]);
  }
}

/** Throws a ConfigError if files may not be read, fetched or kept. */
async function refuseForbidden({ data, dataUrl }: Config): Promise<void> {
  // Otherwise each task would fail here until no worker tries it again.
  const why = await unreadableFolder(data);
  if (why !== null) {
    const advice = may("read", data) ? "" : `: ${grantAdvice({ read: data }, Deno.build.standalone)}`;
    throw new ConfigError([`--data is ${data}: ${why}${advice}`]);
  }
  if (dataUrl === null) return;
  const { hostname, port, protocol } = new URL(dataUrl);
  const host = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  const mistakes: string[] = [];
  if (!mayReach(host)) {
    const advice = Deno.build.standalone
      ? `build a program for it with "deno task compile --data-host ${host}"`
      : grantAdvice({ net: host }, false);
    mistakes.push(`--data-url is ${dataUrl}: no permission to reach ${host}: ${advice}`);
  }
  if (!may("write", data)) {
    const advice = grantAdvice({ write: data }, Deno.build.standalone);
    mistakes.push(`--data is ${data}: no permission to keep fetched files there: ${advice}`);
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
}

/** The resources of a worker. */
interface Resources {
  readonly log: Log;
  readonly threads: Threads;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** The folder of the files, and the URL to fetch missing ones from; null if none are fetched. */
  readonly folder: string;
  readonly url: string | null;
}

/** Takes tasks from the queue and computes them. */
class Work {
  /** How many tasks it has finished. */
  done = 0;
  readonly #queue: WorkerQueue;
  readonly #folder: InputFolder;
  readonly #resources: Resources;
  /** The sweep of the last task. The next task usually belongs to it too. */
  #sweep: QueuedSweep & { readonly number: number } | null = null;
  /** The digests of files that were missing at the last search, and when the first of them was noted. */
  readonly #missing = new Set<string>();
  #missingSince = 0;
  readonly #loggedMissing = new Set<string>();
  /** The last warning about tasks for other workers. */
  #logged = "";

  constructor(queue: WorkerQueue, folder: InputFolder, resources: Resources) {
    this.#queue = queue;
    this.#folder = folder;
    this.#resources = resources;
  }

  async work(
    { version, endsEmpty }: { readonly version: string; readonly endsEmpty: boolean },
  ): Promise<void> {
    const { signal, folder } = this.#resources;
    let nextPoll = 0;
    while (!signal.aborted) {
      const task = await this.#queue.take([...this.#missing]);
      if (task !== null) {
        await this.#do(task);
        continue;
      }
      // A notice may be about one task and reach a thousand workers, so most of them should only try to take the task.
      if (endsEmpty || performance.now() >= nextPoll) {
        const remaining = await this.#queue.remaining([...this.#missing]);
        this.#logOthers(remaining, version);
        if (endsEmpty && remaining.left === 0) {
          if (remaining.withoutFiles === 0) return;
          throw new FilesMissing(
            `${
              counted(remaining.withoutFiles, "task")
            } left whose files are not in ${folder}: copy them there`,
          );
        }
        const ends = remaining.endsInMs === null ? Infinity : remaining.endsInMs + AFTER_LEASE_MS;
        nextPoll = performance.now() + Math.min(POLL_MS, ends);
      }
      await this.#queue.changed(Math.max(0, nextPoll - performance.now()), signal);
      if (performance.now() - this.#missingSince >= POLL_MS) this.#missing.clear();
    }
  }

  /** Computes a task, or gives it back. */
  async #do(task: TakenTask): Promise<void> {
    const { log, signal } = this.#resources;
    const startedAt = performance.now();
    const stop = AbortSignal.any([signal, this.#queue.lost]);
    try {
      const result = await this.#computed(task, stop);
      if (result === null) {
        // Another worker has the task by now, or this worker is ending or does not have the files.
        if (this.#queue.lost.aborted) log("warn", lostText(task));
        else await this.#queue.giveBack(task);
        return;
      }
      if (!await this.#queue.finish(task, result.text)) return log("warn", lostText(task));
      this.done++;
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const again = task.copy === 1 ? "" : ", as a check of another worker";
      log("info", `computed ${counted(result.configurations, "configuration")} in ${seconds} s${again}`);
    } catch (error) {
      if (error instanceof QueueError) throw error;
      if (stop.aborted) await this.#queue.giveBack(task);
      else await this.#failed(task, error);
    }
  }

  /** The result of a task; null if it was stopped, or if its files are not here. */
  async #computed(
    task: TakenTask,
    stop: AbortSignal,
  ): Promise<{ readonly text: string; readonly configurations: number } | null> {
    const { log, threads, workers } = this.#resources;
    if (this.#sweep?.number !== task.sweep) {
      const read = readSweep(await this.#queue.described(task.sweep));
      this.#sweep = { number: task.sweep, ...read };
    }
    const { described, ready } = this.#sweep;
    const places = readPlaces(task.content, ready);
    const found = await this.#found(described, stop);
    if (found === null) return null;
    if ("missing" in found) {
      const { name, sha256, bytes } = found.missing;
      if (this.#missing.size === 0) this.#missingSince = performance.now();
      this.#missing.add(task.input);
      if (this.#loggedMissing.has(task.input)) return null;
      this.#loggedMissing.add(task.input);
      log(
        "warn",
        `skipping the tasks of a sweep over ${name} (${bytes} bytes, SHA-256 ${sha256}): the file is not here`,
      );
      return null;
    }
    log("debug", `computes ${counted(places.length, "configuration")} (task ${task.task})`);
    const text = await resultOf(described, ready, places, {
      ...{ paths: found.paths, threads, workers, view: this.#view, stop },
    });
    return text === null ? null : { text, configurations: places.length };
  }

  /** The files of a sweep; null if the search was stopped. */
  async #found({ files }: DescribedSweep, stop: AbortSignal) {
    try {
      let found = await this.#folder.find(files, stop);
      for (let fetched = 0; "missing" in found && fetched < files.length; fetched++) {
        const { url, folder, log } = this.#resources;
        if (url === null) break;
        const why = await fetchInput(found.missing, { url, folder, signal: stop });
        if (why !== null) log("warn", `${found.missing.name} cannot be fetched: ${why}`);
        if (why !== null) break;
        log("info", `fetched ${found.missing.name} from ${url}`);
        found = await this.#folder.find(files, stop);
      }
      return found;
    } catch (error) {
      if (stop.aborted) return null;
      throw error;
    }
  }

  async #failed(task: TakenTask, error: unknown): Promise<void> {
    const { log } = this.#resources;
    const message = (error instanceof Error ? error.message : String(error)).replaceAll("\n", "; ");
    const isFinal = await this.#queue.fail(task, message);
    // The cause may be a bug in the program, so the log needs its stack trace.
    const where = exitOf(error) === null ? `\n${Deno.inspect(error)}` : "";
    log("error", `a task failed${isFinal ? ", and no worker tries it again" : ""}: ${message}${where}`);
  }

  #logOthers({ others, withoutFiles }: RemainingTasks, version: string): void {
    const texts = others.map(({ version: other, tasks }) =>
      `${counted(tasks, "task")} for Penstock ${other}, but this is ${version}`
    );
    if (withoutFiles > 0) texts.push(`${counted(withoutFiles, "task")} for workers that have the files`);
    const text = texts.join("; ");
    if (text !== "" && text !== this.#logged) this.#resources.log("warn", `skipping ${text}`);
    this.#logged = text;
  }

  /** A view that only passes on the log. */
  get #view(): View {
    return {
      showsAll: false,
      broken: null,
      event() {},
      log: ({ level, text }) => this.#resources.log(level, text),
      settle() {},
      ready: () => null,
      close: () => Promise.resolve(),
    };
  }
}

function lostText({ task }: TakenTask): string {
  return `task ${task} now belongs to another worker, because this one did not renew its lease in time: ` +
    "its result is dropped";
}
