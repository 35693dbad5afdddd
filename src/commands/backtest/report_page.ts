/** The report of a backtest as an HTML page. */
import { commandLine } from "../../config/command_line.ts";
import type { SettledInstrument } from "../../config/instrument_settlement.ts";
import type { ModelEvent, PenstockEvent, StartedEvent, SummaryEvent } from "../../domain/run/event.ts";
import { type PlaceOptions, type ResultPlace, resultPlaceAt } from "../../stores/results/result_place.ts";
import { shownDrawdowns } from "../../stores/results/result_file.ts";
import { htmlPage, PAGE_START } from "../../views/report/html_page.ts";
import { assumptions } from "../../views/report/assumptions.ts";
import { IncidentLog } from "../../views/report/incident_log.ts";
import { picturesOf } from "../../views/report/pictures.ts";
import type { NamedAssets } from "../../views/terminal/assets.ts";
import type { BacktestRun } from "./backtest_run.ts";

/** What the page needs that the run does not have. */
export interface PageFacts {
  readonly started: Omit<StartedEvent, "time">;
  readonly files: readonly string[];
  readonly assets: NamedAssets | null;
}

/** A page while its run is going on. */
export class ReportPage implements Disposable {
  readonly #place: ResultPlace;
  readonly #facts: PageFacts;
  readonly #incidents = new IncidentLog();
  readonly #models: ModelEvent[] = [];

  /** Starts a page at `path`. Throws a ResultFileError if it cannot be written there. */
  static async create(path: string, facts: PageFacts, options: PlaceOptions): Promise<ReportPage> {
    return new ReportPage(await resultPlaceAt(path, { ...options, start: PAGE_START }), facts);
  }

  private constructor(place: ResultPlace, facts: PageFacts) {
    this.#place = place;
    this.#facts = facts;
    // Written at once, to distinguish the partial file of a killed run from other files.
    place.write(PAGE_START);
  }

  /** Takes the next event. */
  event(event: PenstockEvent): void {
    if (event.type === "model") this.#models.push(event);
    else this.#incidents.event(event);
  }

  /** Writes the page and gives the file its name. Throws a ResultFileError if it cannot be written. */
  async finish(run: BacktestRun, summary: SummaryEvent, config: SettledInstrument["config"]): Promise<void> {
    const { started, files, assets } = this.#facts;
    const { metrics, volatility } = run.measured;
    const chart = run.state.chart();
    const page = await htmlPage({
      kind: "Backtest",
      summary,
      metrics,
      models: this.#models,
      drawdowns: shownDrawdowns(run.measured),
      ...picturesOf({
        symbol: summary.symbol,
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
      }),
      origin: {
        version: started.version,
        options: started.config,
        files,
        command: commandLine("backtest", files, started.config),
        journalHash: null,
      },
    });
    this.#place.write(page.slice(PAGE_START.length));
    await this.#place.finish();
  }

  /** Leaves no half-written file behind. */
  [Symbol.dispose](): void {
    this.#place[Symbol.dispose]();
  }
}
