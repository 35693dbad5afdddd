/** The report of a backtest as an HTML page. */
import { commandLine } from "../../config/command_line.ts";
import type { ModelEvent, StartedEvent, SummaryEvent } from "../../domain/run/event.ts";
import type { Results } from "../../domain/performance/performance.ts";
import type { PlaceOptions, ResultPlace } from "../../stores/results/result_place.ts";
import { shownDrawdowns } from "../../stores/results/result_file.ts";
import { htmlPage } from "../../views/report/html_page.ts";
import type { Pictures } from "../../views/report/run_report.ts";
import { finishPage, openPage } from "./outputs.ts";

/** Facts that the page needs and the run does not have. */
export interface PageFacts {
  readonly started: Omit<StartedEvent, "time">;
  readonly files: readonly string[];
}

/** A page whose run is still in progress. */
export class ReportPage implements Disposable {
  readonly #place: ResultPlace;
  readonly #facts: PageFacts;

  /** Starts a page at `path`. Throws a ResultFileError if it cannot be written there. */
  static async create(path: string, facts: PageFacts, options: PlaceOptions): Promise<ReportPage> {
    return new ReportPage(await openPage(path, options), facts);
  }

  private constructor(place: ResultPlace, facts: PageFacts) {
    this.#place = place;
    this.#facts = facts;
  }

  /** Writes the page and gives the file its name. Throws a ResultFileError if it cannot be written. */
  async finish(
    summary: SummaryEvent,
    results: Results,
    models: readonly ModelEvent[],
    pictures: Pictures,
  ): Promise<void> {
    const { started, files } = this.#facts;
    const page = await htmlPage({
      kind: "Backtest",
      summary,
      metrics: results.metrics,
      models,
      drawdowns: shownDrawdowns(results),
      ...pictures,
      origin: {
        version: started.version,
        options: started.config,
        files,
        command: commandLine("backtest", files, started.config),
        journal: null,
      },
    });
    await finishPage(this.#place, page);
  }

  /** Leaves no half-written file behind. */
  [Symbol.dispose](): void {
    this.#place[Symbol.dispose]();
  }
}
