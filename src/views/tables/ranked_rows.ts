import type { ConfigurationEvent } from "../../domain/run/sweep_result.ts";

/** What views show of a sweep's rows. */
export interface RankedRows {
  /** The options that vary, in grid order; the last varies fastest. */
  readonly axes: readonly { readonly name: string; readonly values: readonly string[] }[];
  /** The best rows, best first. */
  readonly rows: readonly RankedRow[];
  /** The figure of every combination of the grid as a double; NaN where there is none. */
  readonly values: Float64Array;
  /** Whether less of the figure is better. */
  readonly isLessBetter: boolean;
}

/** One of the best rows. */
export interface RankedRow {
  readonly row: ConfigurationEvent;
  /** The figure that it is ranked by, as the row shows it. */
  readonly figure: string | null;
  /** The mean of the figure over the rows one value away on one axis; null if none has it. */
  readonly neighbours: number | null;
}
