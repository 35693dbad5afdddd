/** Everything that the report of one run shows, as plain values that JSON can hold. */
import type { ModelEvent, StartedEvent, SummaryEvent } from "../../domain/run/event.ts";
import type { Metrics } from "../../domain/performance/metrics.ts";
import type { TripTotals } from "../../domain/performance/trip_totals.ts";
import type { PageData } from "./page_format.ts";

/** A drawdown period as text: amounts in quote currency, times in ISO 8601. */
export interface ShownDrawdown {
  readonly peak: string;
  readonly amount: string;
  readonly fraction: string;
  readonly from: string;
  readonly to: string;
  readonly recovered: string | null;
}

/** The profits of all round trips by hour, weekday, month and return. */
export interface TripDistribution {
  readonly count: number;
  readonly byHour: readonly (readonly [hour: number, totals: TripTotals])[];
  readonly byWeekday: readonly (readonly [weekday: number, totals: TripTotals])[];
  readonly byMonth: readonly (readonly [month: string, totals: TripTotals])[];
  readonly byReturn: readonly (readonly [at: number, totals: TripTotals])[];
}

/** What a report shows beyond the figures of a result. */
export interface Pictures {
  readonly data: PageData;
  /** Whether every fill has its own mark on the chart. */
  readonly hasAllFills: boolean;
  readonly trips: TripDistribution;
  /** Refused orders by reason. */
  readonly refused: readonly (readonly [reason: string, count: number])[];
  /** How many incidents the data omit. */
  readonly moreIncidents: number;
  /** Lines that say what was assumed. */
  readonly assumptions: readonly string[];
  /** The digest of all trades in order, as TradeDigest computes it; null if it was not computed. */
  readonly dataDigest: string | null;
}

/** The totals of a run at its end, or so far. */
export interface ShownTotals extends
  Pick<
    SummaryEvent,
    "trades" | "firstTime" | "lastTime" | "fills" | "refusals" | "position" | "equity" | "fees" | "halt"
  > {
  /** A fraction of the peak; null if unknown. */
  readonly maxDrawdown: string | null;
}

/** Labels and values below a heading. */
export interface FactTable {
  readonly heading: string;
  readonly rows: readonly (readonly [label: string, value: string])[];
}

/** What a journal's report says in addition to a backtest's. */
export interface LastState {
  /** The state in a sentence, such as that the run is still in progress. */
  readonly sentence: string;
  readonly tables: readonly FactTable[];
}

/** A run to report on. */
export interface RunReport extends Pictures {
  readonly kind: "Backtest" | "Run";
  readonly summary: ShownTotals;
  /** Null if a journal does not have them. */
  readonly metrics: Metrics | null;
  readonly models: readonly ModelEvent[];
  readonly drawdowns: readonly ShownDrawdown[];
  readonly origin: {
    readonly version: string;
    readonly options: StartedEvent["config"];
    readonly files: readonly string[];
    /** The command that repeats the run; null if there is none. */
    readonly command: string | null;
    /** The journal, and the hash of the last entry of the run; null without a journal. */
    readonly journal: { readonly path: string; readonly entry: number; readonly hash: string } | null;
  };
  /** Absent in the report of a backtest's result. */
  readonly state?: LastState;
}
