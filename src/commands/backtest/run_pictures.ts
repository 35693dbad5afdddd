/** The pictures of a backtest, for its page and for its result. */
import type { SettledInstrument } from "../../config/instrument_settlement.ts";
import type { PenstockEvent } from "../../domain/run/event.ts";
import { assumptions } from "../../views/report/assumptions.ts";
import { IncidentLog } from "../../views/report/incident_log.ts";
import { picturesOf } from "../../views/report/pictures.ts";
import type { Pictures } from "../../views/report/run_report.ts";
import type { NamedAssets } from "../../views/terminal/assets.ts";
import type { BacktestRun } from "./backtest_run.ts";

/** Collects what only the events of a run show. */
export class RunPictures {
  readonly #incidents = new IncidentLog();

  /** Takes the next event. */
  event(event: PenstockEvent): void {
    this.#incidents.event(event);
  }

  /** The pictures of a finished run, which must have been made with a chart. */
  of(run: BacktestRun, config: SettledInstrument["config"], assets: NamedAssets | null): Pictures {
    const { metrics, volatility } = run.measured;
    const chart = run.state.chart();
    return picturesOf({
      symbol: config.symbol,
      assets,
      cash: config.cash,
      exposure: metrics.exposure,
      chart,
      volatility,
      averages: chart.values,
      incidents: this.#incidents,
      refused: run.state.refused,
      assumptions: assumptions(config, true, assets),
      dataDigest: run.state.snapshot().digest,
    });
  }
}
