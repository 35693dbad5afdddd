/** Everything that the page of a sweep shows. */
import type { ShownOptions, SweepEvent } from "../../domain/run/sweep_result.ts";
import type { RankedRows } from "../tables/ranked_rows.ts";
import type { RunReport } from "./run_report.ts";

/** How many of the best rows have a full report. More would not fit into a page. */
export const MOST_RUNS = 5;

/** A sweep to report on. */
export interface SweepReport {
  readonly event: Omit<SweepEvent, "type">;
  readonly ranked: RankedRows;
  /** The backtests of the best rows, best first: one for each full report. */
  readonly runs: readonly RunReport[];
  readonly origin: {
    readonly version: string;
    /** The options that do not vary. */
    readonly options: ShownOptions;
    readonly files: readonly string[];
    /** The command that repeats the sweep. */
    readonly command: string;
    /** The commands whose backtests write the reports of the best rows, best first. */
    readonly commands: readonly string[];
  };
}
