/** The seam between a run and its views. */
import type { CurvePoint } from "../domain/performance/equity_curve.ts";
import type { PenstockEvent } from "../domain/run/event.ts";
import type { RunState } from "../stages/run_state.ts";
import type { ReportColumn, ReportHead } from "./report/report_table.ts";
import type { NamedAssets } from "./terminal/assets.ts";

/** One line of the log. */
export interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

/**
 * Shows a run: its events in order, the lines of its log, and its state from time to time. A view only reads. If there
 * is a journal, it has every event before the view does. Only `ready` and `close` may wait.
 */
export interface View {
  /** Whether it shows every event. If no view does, a backtest creates only the events that some view shows. */
  readonly showsAll: boolean;
  /** Takes the next event. An exception ends the run. */
  event(event: PenstockEvent): void;
  /** Takes a line of the log. */
  log(line: Line): void;
  /** Shows what it held back. Called when there are no more events for now, and after a failure. */
  settle(): void;
  /** Takes the state of the run, four times a second. Do not keep the object, because it changes with the run. */
  glance?(glance: Glance): void;
  /** Takes the figures of a backtest after the last event. */
  report?(report: Report): void;
  /**
   * Null if it can take more. Otherwise resolves once its reader has caught up, or the run has to end. Throws if nobody
   * reads any longer and the run should end because of that.
   */
  ready(): Promise<void> | null;
  /** Why it cannot show anything more; null while all is well, and if nobody would miss the rest. */
  readonly broken: Error | null;
  /** Shows what is left and releases its output. Called once, however the run ended. */
  close(): Promise<void>;
}

/** The state of a run at one moment. */
export type Glance = LiveGlance | BacktestGlance | SweepGlance;

/** The state of a live run and of its stream. */
export interface LiveGlance {
  readonly of: "run";
  readonly run: RunState;
  readonly stream: StreamState;
}

/** The stream of a live run. */
export interface StreamState {
  readonly symbol: string;
  readonly connected: boolean;
  readonly tradesPerSecond: number;
  /** Age of the last trade when it arrived, ms; null before the first. */
  readonly lagMs: number | null;
  /** The exchange's names for the assets; absent if unknown. */
  readonly assets?: NamedAssets | null;
  /** Whether no order is placed until the instrument's rules come; absent for false. */
  readonly awaitsRules?: boolean;
}

/** The progress of a backtest. */
export interface BacktestProgress {
  /** Bytes of the files as they are on disk; the total is null if it is unknown. */
  readonly bytesRead: number;
  readonly bytesTotal: number | null;
  readonly trades: number;
  readonly elapsedMs: number;
}

/** The state of a backtest: its progress. */
export interface BacktestGlance extends BacktestProgress {
  readonly of: "backtest";
}

/** The state of a sweep: its progress, and the number of its configurations. */
export interface SweepGlance extends BacktestProgress {
  readonly of: "sweep";
  readonly configurations: number;
  /** How many of the trades that were read have been seen by all configurations. */
  readonly seen: number;
  /** The number of configurations that are finished, and of those that are being computed. */
  readonly done: number;
  readonly lanes: number;
  /**
   * After all configurations are finished: which of the best rows is being computed again for the page, from 1, and how
   * many there are; otherwise null.
   */
  readonly report: { readonly at: number; readonly of: number } | null;
  /** The tasks of a sweep whose configurations other processes compute; absent if this process computes them. */
  readonly tasks?: SweepTasks | null;
}

/** How far the tasks in a queue are. */
export interface SweepTasks {
  readonly done: number;
  readonly of: number;
  /** How many of them were done when the sweep asked for them, and how long ago that was, ms. */
  readonly before: number;
  readonly elapsedMs: number;
}

/** The figures of a backtest, with a column for each fill model. */
export interface Report extends ReportHead {
  readonly columns: readonly ReportColumn[];
  /** Equity over time, with few enough points to draw. */
  readonly equity: readonly CurvePoint[];
}

/** Shows events as they arrive, and then what the view held back, even if the source of the events throws. */
export function show(view: View, events: Iterable<PenstockEvent>): void {
  try {
    for (const event of events) view.event(event);
  } finally {
    view.settle();
  }
}

/** Several views of one run as a single view. Each gets everything, the first view first. */
export class SeveralViews implements View {
  readonly #views: readonly View[];

  constructor(views: readonly View[]) {
    this.#views = views;
  }

  get showsAll(): boolean {
    return this.#views.some(({ showsAll }) => showsAll);
  }

  event(event: PenstockEvent): void {
    for (const view of this.#views) view.event(event);
  }

  log(line: Line): void {
    for (const view of this.#views) view.log(line);
  }

  settle(): void {
    for (const view of this.#views) view.settle();
  }

  glance(glance: Glance): void {
    for (const view of this.#views) view.glance?.(glance);
  }

  report(report: Report): void {
    for (const view of this.#views) view.report?.(report);
  }

  ready(): Promise<void> | null {
    const waits = this.#views.flatMap((view) => view.ready() ?? []);
    return waits.length === 0 ? null : Promise.all(waits).then(() => {});
  }

  get broken(): Error | null {
    for (const { broken } of this.#views) if (broken !== null) return broken;
    return null;
  }

  /** Closes every view, then throws the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const view of this.#views) {
      try {
        await view.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
