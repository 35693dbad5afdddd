/** Makes what the report of a run draws, from the data that was collected during the run. */
import type { ChartData } from "../../domain/performance/chart_series.ts";
import { estimate, type Money } from "../../domain/numbers/money.ts";
import type { Point } from "../../domain/performance/m4_columns.ts";
import { assets, type NamedAssets } from "../terminal/assets.ts";
import type { IncidentLog } from "./incident_log.ts";
import { pageData } from "./page_data.ts";
import type { Pictures } from "./run_report.ts";

/** A run's collected data. */
export interface Collected {
  readonly symbol: string;
  readonly assets: NamedAssets | null;
  /** Cash at the start, quote currency. */
  readonly cash: Money;
  /** Mean share of the money in the position while there is a position, decimal text; null if there was none. */
  readonly exposure: string | null;
  readonly chart: ChartData;
  readonly volatility: readonly Point[];
  /** Values of the strategy, by name. */
  readonly averages: readonly { readonly name: string; readonly points: readonly Point[] }[];
  readonly incidents: IncidentLog;
  readonly refused: ReadonlyMap<string, number>;
  readonly assumptions: readonly string[];
  readonly dataDigest: string | null;
}

/** What the report of a run draws. */
export function picturesOf(
  {
    symbol,
    assets: named,
    cash,
    exposure,
    chart,
    volatility,
    averages,
    incidents,
    refused,
    assumptions,
    dataDigest,
  }: Collected,
): Pictures {
  const { count, byHour, byWeekday, byMonth, byReturn } = chart.trips;
  return {
    data: pageData({
      symbol,
      ...assets(symbol, named),
      cash: estimate(cash),
      exposure: exposure === null ? null : Number(exposure),
      chart,
      volatility,
      averages,
      incidents: incidents.incidents,
    }),
    hasAllFills: chart.hasAllFills,
    trips: {
      count,
      byHour: [...byHour],
      byWeekday: [...byWeekday],
      byMonth: [...byMonth],
      byReturn: [...byReturn],
    },
    refused: [...refused],
    moreIncidents: incidents.more([...refused.values()].reduce((sum, count) => sum + count, 0)),
    assumptions,
    dataDigest,
  };
}
