/** The seam between a run and everything that shows it. */
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
 * Shows a run: its events in their order, lines of its log, and how it stands from time to time. A view only reads,
 * and what it is given is in the journal already. None of its methods but `ready` and `close` waits.
 */
export interface View {
  /** Whether it shows every event. If no view does, a backtest makes no more of them than it needs itself. */
  readonly showsAll: boolean;
  /** Takes the next event. What it throws ends the run. */
  event(event: PenstockEvent): void;
  /** Takes a line of the log. */
  log(line: Line): void;
  /** Called when no more events are available for now, and after a failure: shows what was held back. */
  settle(): void;
  /** Takes the state of the run, four times a second. Its amounts are those of this moment: read them, do not keep it. */
  glance?(glance: Glance): void;
  /** Takes the figures of a backtest, after its last event. */
  report?(report: Report): void;
  /**
   * Null if it can take more; else it resolves when its reader has caught up, or the end was asked for. Throws if
   * nobody reads any more, and the run is for nobody then.
   */
  ready(): Promise<void> | null;
  /** Why it cannot show any more, if somebody misses that; null while all is well. */
  readonly broken: Error | null;
  /** Shows what is left, and lets go of its output. Called once, however the run ended. */
  close(): Promise<void>;
}

/** How a run stands at one moment. */
export type Glance = LiveGlance | BacktestGlance;

/** A live run: its state, and that of its stream. */
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
  /** What the exchange calls the assets; absent if it has not said so. */
  readonly assets?: NamedAssets | null;
  /** Whether no order is placed until the instrument's rules come; absent for false. */
  readonly awaitsRules?: boolean;
}

/** The progress of a backtest. */
export interface BacktestProgress {
  /** Bytes of the files as they lie on disk; the total is null if it cannot be known. */
  readonly bytesRead: number;
  readonly bytesTotal: number | null;
  readonly trades: number;
  readonly elapsedMs: number;
}

/** A backtest: how far it has come. */
export interface BacktestGlance extends BacktestProgress {
  readonly of: "backtest";
}

/** The figures of a backtest: one column for each fill model. */
export interface Report extends ReportHead {
  readonly columns: readonly ReportColumn[];
}

/** Shows events as they come, and then what the view held back, also where their source fails. */
export function show(view: View, events: Iterable<PenstockEvent>): void {
  try {
    for (const event of events) view.event(event);
  } finally {
    view.settle();
  }
}

/** Several views of one run, as one. Each gets everything, in the order of the views. */
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

  /** Closes all of them. Throws what the first threw that failed. */
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
