/**
 * The seam between a sweep over many machines and the queue of its tasks: a sweep adds tasks and collects results, and
 * workers take tasks and keep results. Only these two interpret a task or a result; to the queue they are texts.
 */

/** A task of a sweep, as the sweep adds it. */
export interface SweepTask {
  /** A digest of everything that decides the result, in hexadecimal: tasks with the same key have the same result. */
  readonly key: string;
  readonly content: string;
  /** Whether two workers compute it, for the sweep to compare. */
  readonly isChecked: boolean;
}

/** A sweep, and all of its tasks. */
export interface QueuedSweep {
  readonly key: string;
  /** The version of the program that has to compute it. */
  readonly version: string;
  /** The digest of its files: a worker without them takes none of its tasks. */
  readonly input: string;
  /** What all of its tasks have in common. */
  readonly content: string;
  readonly tasks: readonly SweepTask[];
}

/** The progress of one computation of a task. */
export interface TaskState {
  readonly task: number;
  readonly key: string;
  /** 1, or 2 for the second computation of a checked task. */
  readonly copy: number;
  readonly isDone: boolean;
  /** The worker that computed it, in words; null for none. */
  readonly worker: string | null;
}

/** A task that has failed for good. */
export interface FailedTask {
  readonly content: string;
  readonly failure: string;
}

/** What a sweep still waits for. */
export interface QueueStatus {
  /** Computations that are not done. */
  readonly left: number;
  /** Computations that are done. */
  readonly done: number;
  /** The first of the failed tasks; null if there is none. */
  readonly failed: FailedTask | null;
  /** How many workers of its version are connected, and how many of them have its files. */
  readonly workers: number;
  readonly withFiles: number;
  /** The versions of all other workers that are connected. */
  readonly otherVersions: readonly string[];
}

/** Something whose changes can be waited for. */
export interface Watched {
  /** Resolves when something may have changed, after `ms` at the latest, and when `signal` is aborted. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
}

/** The queue as a sweep uses it. Every call throws a QueueError if the queue cannot be used. */
export interface SweepQueue extends Watched, AsyncDisposable {
  /** Adds the tasks that the queue does not have yet, and has failed ones computed again. */
  add(sweep: QueuedSweep): Promise<void>;
  /** The states of all computations of the tasks with these keys. */
  states(keys: readonly string[]): Promise<readonly TaskState[]>;
  /** The result of a task that is done. Throws an UnusableResult if no worker compressed it. */
  result(task: number): Promise<string>;
  status(): Promise<QueueStatus>;
  /** Marks a task as failed, with the reason, so that it is computed again when it is next added. */
  markFailed(key: string, failure: string): Promise<void>;
}

/** A task that a worker has taken. */
export interface TakenTask {
  readonly task: number;
  /** Grows whenever the task changes hands. */
  readonly token: number;
  readonly key: string;
  readonly copy: number;
  /** The number of its sweep. */
  readonly sweep: number;
  readonly input: string;
  readonly content: string;
}

/** The tasks that remain when a worker has found none to take. */
export interface RemainingTasks {
  /** Tasks of its version that are not done and whose files it has. */
  readonly left: number;
  /** Tasks of its version that wait, but whose files it does not have. */
  readonly withoutFiles: number;
  /** How many tasks wait for workers of other versions. */
  readonly others: readonly { readonly version: string; readonly tasks: number }[];
  /** When the next lease of a task ends unless it is renewed, ms; null if no task is taken. */
  readonly endsInMs: number | null;
}

/** The queue as a worker uses it. Every call throws a QueueError if the queue cannot be used. */
export interface WorkerQueue extends Watched, AsyncDisposable {
  /**
   * Takes the oldest task of this worker's version, and keeps it until it is finished, fails or is given back. Null if
   * there is none. `missing` are the digests of files that this worker does not have.
   */
  take(missing: readonly string[]): Promise<TakenTask | null>;
  /** Aborted once the task that was taken last belongs to another worker. */
  readonly lost: AbortSignal;
  /** What all tasks of a sweep have in common. */
  described(sweep: number): Promise<string>;
  /** Keeps the result. Returns false if the task now belongs to another worker. */
  finish(task: TakenTask, result: string): Promise<boolean>;
  /** Counts a failure. Returns whether the task has failed too often, on any workers, to be tried again. */
  fail(task: TakenTask, failure: string): Promise<boolean>;
  /** Gives the task back, which does not count as a failure. */
  giveBack(task: TakenTask): Promise<void>;
  /** Frees the tasks of lost workers, and returns the tasks that remain. */
  remaining(missing: readonly string[]): Promise<RemainingTasks>;
}
