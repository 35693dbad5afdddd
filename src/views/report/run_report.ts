/** Everything that the report of one run shows. */
import type { ModelEvent, StartedEvent, SummaryEvent } from "../../domain/run/event.ts";
import type { ChartData } from "../../domain/performance/chart_series.ts";
import type { Metrics } from "../../domain/performance/metrics.ts";
import type { Point } from "../../domain/performance/m4_columns.ts";
import type { NamedAssets } from "../terminal/assets.ts";
import type { Incident } from "./page_format.ts";

/** A drawdown period as text: amounts in quote currency, times in ISO 8601. */
export interface ShownDrawdown {
  readonly peak: string;
  readonly amount: string;
  readonly fraction: string;
  readonly from: string;
  readonly to: string;
  readonly recovered: string | null;
}

/** A run to report on. */
export interface RunReport {
  /** What it was: `Backtest`, or `Run`. */
  readonly kind: "Backtest" | "Run";
  readonly summary: SummaryEvent;
  /** Null where a journal does not have them. */
  readonly metrics: Metrics | null;
  readonly models: readonly ModelEvent[];
  readonly drawdowns: readonly ShownDrawdown[];
  readonly chart: ChartData;
  /** The strategy's values over time, by name. */
  readonly averages: readonly { readonly name: string; readonly points: readonly Point[] }[];
  /** At the start, quote currency, decimal text. */
  readonly cash: string;
  readonly incidents: readonly Incident[];
  /** Refused orders by reason. */
  readonly refused: ReadonlyMap<string, number>;
  readonly assets: NamedAssets | null;
  /** Lines that say what was assumed. */
  readonly assumptions: readonly string[];
  readonly origin: {
    readonly version: string;
    readonly options: StartedEvent["config"];
    readonly files: readonly string[];
    /** The command that repeats it; null if there is none. */
    readonly command: string | null;
    /** The digest of all trades in order, as TradeDigest has it; null if it was not computed. */
    readonly dataDigest: string | null;
    /** The journal's last hash; null without a journal. */
    readonly journalHash: string | null;
  };
}
