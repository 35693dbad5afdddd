/** The progress of a sweep, which a view draws a few times a second. */
import type { SweepTasks, View } from "../../../views/view.ts";
import type { PassProgress } from "./sweep_pass.ts";

const PROGRESS_MS = 250;

/** Draws until it is disposed of. */
export class ShownProgress implements PassProgress, Disposable {
  bytesRead = 0;
  bytesTotal: number | null = null;
  trades = 0;
  behind: () => number = () => 0;
  /** How many configurations are computed now. */
  lanes = 0;
  /**
   * The best row whose backtest is being computed for the page, from 1, and how many there are; null before the first.
   */
  report: { readonly at: number; readonly of: number } | null = null;
  /** The tasks in a queue, as they were seen last; null without a queue. */
  tasks: Omit<SweepTasks, "elapsedMs"> | null = null;
  #queuedAt: number | null = null;
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;

  /** `done` returns how many of the `configurations` are finished. */
  constructor(view: View, { configurations, done }: {
    readonly configurations: number;
    readonly done: () => number;
  }) {
    this.#timer = setInterval(() => {
      const { bytesRead, bytesTotal, trades, lanes, report, elapsedMs } = this;
      const tasks = this.tasks === null
        ? {}
        : { tasks: { ...this.tasks, elapsedMs: performance.now() - (this.#queuedAt ??= performance.now()) } };
      const seen = Math.max(0, trades - this.behind());
      const read = { bytesRead, bytesTotal, trades, seen, elapsedMs };
      view.glance?.({ of: "sweep", ...read, configurations, done: done(), lanes, report, ...tasks });
    }, PROGRESS_MS);
  }

  /** Since the sweep started, ms. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
