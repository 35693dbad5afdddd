/**
 * The seam between a sweep over many machines and what passes its tasks on: a sweep adds tasks and collects results, and
 * workers take tasks and keep results. What a task and a result say is the business of these two; here they are texts.
 */

/** A task of a sweep, as the sweep names it. */
export interface AskedTask {
  /** Of all that decides the result, hexadecimal: two tasks with one key have one result. */
  readonly key: string;
  readonly content: string;
  /** Whether two workers compute it, for the sweep to compare. */
  readonly isChecked: boolean;
}

/** A sweep, and all of its tasks. */
export interface AskedSweep {
  readonly key: string;
  /** The version of the program that has to compute it. */
  readonly version: string;
  /** The digest of its files: a worker that lacks them takes none of its tasks. */
  readonly input: string;
  /** What all of its tasks have in common. */
  readonly content: string;
  readonly tasks: readonly AskedTask[];
}

/** How far one computing of a task is. */
export interface TaskState {
  readonly task: number;
  readonly key: string;
  /** 1, or 2 for the second computing of a checked task. */
  readonly copy: number;
  readonly isDone: boolean;
  /** The worker that computed it, in words; null for none. */
  readonly worker: string | null;
}

/** A task that was given up. */
export interface FailedTask {
  readonly content: string;
  readonly failure: string;
}

/** What a sweep waits for. */
export interface Outlook {
  /** Computings that are not done. */
  readonly left: number;
  /** Computings that are done. */
  readonly done: number;
  /** The first of the tasks that were given up; null if none was. */
  readonly failed: FailedTask | null;
  /** How many workers of its version are connected, and how many of them have its files. */
  readonly workers: number;
  readonly withFiles: number;
  /** The versions of all other workers that are connected. */
  readonly otherVersions: readonly string[];
}

/** What waits for something to change. */
export interface Watched {
  /** Resolves when something may have changed, after `ms` at the latest, and when `signal` is aborted. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
}

/** The queue as a sweep uses it. Every call throws a QueueError if the queue cannot be used. */
export interface SweepQueue extends Watched, AsyncDisposable {
  /** Adds the tasks that are not there yet, and has those computed again that were given up. */
  ask(sweep: AskedSweep): Promise<void>;
  /** The states of all computings of the tasks with these keys. */
  states(keys: readonly string[]): Promise<readonly TaskState[]>;
  /** The result of a task that is done. Throws an UnusableResult if it was not packed by a worker. */
  result(task: number): Promise<string>;
  outlook(): Promise<Outlook>;
  /** Gives a task up, with the reason, so that it is computed again when it is asked for again. */
  giveUp(key: string, failure: string): Promise<void>;
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

/** What a worker that found no task can expect. */
export interface Prospect {
  /** Tasks of its version that are not done and whose files it does not lack. */
  readonly left: number;
  /** Tasks of its version that wait, but whose files it lacks. */
  readonly lacking: number;
  /** How many tasks wait for workers of other versions. */
  readonly others: readonly { readonly version: string; readonly tasks: number }[];
  /** When the next lease of a task ends unless it is renewed, ms; null if no task is taken. */
  readonly endsInMs: number | null;
}

/** The queue as a worker uses it. Every call throws a QueueError if the queue cannot be used. */
export interface WorkerQueue extends Watched, AsyncDisposable {
  /**
   * Takes the oldest task of this worker's version, and keeps it until it is finished, fails or is given back. Null if
   * there is none. `lacking` are the digests of files that this worker does not have.
   */
  take(lacking: readonly string[]): Promise<TakenTask | null>;
  /** Aborted once the task that was taken last belongs to another worker. */
  readonly lost: AbortSignal;
  /** What all tasks of a sweep have in common. */
  described(sweep: number): Promise<string>;
  /** Keeps the result. Returns false if the task belongs to another worker by now. */
  finish(task: TakenTask, result: string): Promise<boolean>;
  /** Counts a failure; after some of them, by whichever workers, the task is given up. Returns whether it is. */
  fail(task: TakenTask, failure: string): Promise<boolean>;
  /** Gives the task back, which counts as no failure. */
  giveBack(task: TakenTask): Promise<void>;
  /** Frees the tasks of workers that were lost, and returns what to expect. */
  prospect(lacking: readonly string[]): Promise<Prospect>;
}
