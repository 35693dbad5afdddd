/** Where a sweep shows what it finds: the view, the result's file and the page. */
import type { Config } from "../../../config/options.ts";
import { rowCommand, sweepCommand } from "../../../config/sweep_commands.ts";
import type { ConfigurationEvent } from "../../../domain/run/sweep_result.ts";
import { SweepFile, type SweepHead, type Unfinished } from "../../../stores/results/sweep_file.ts";
import type { ResultPlace } from "../../../stores/results/result_place.ts";
import { addTries, forgetTries } from "../../../stores/tries/tries_file.ts";
import { openViews, type VIEWS } from "../../../views/known_views.ts";
import type { RunReport } from "../../../views/report/run_report.ts";
import { sweepPage } from "../../../views/report/sweep_page.ts";
import { MOST_RUNS } from "../../../views/report/sweep_report.ts";
import { SweepNarration } from "../../../views/tables/sweep_narration.ts";
import { counted } from "../../../views/terminal/figures.ts";
import { hasColours } from "../../../views/terminal/terminal.ts";
import type { View } from "../../../views/view.ts";
import { finishPage, openPage, writable } from "../outputs.ts";
import type { Findings } from "./findings.ts";
import type { SweepStart } from "./part_of_grid.ts";

/** The findings of a sweep, and how its end is shown. */
export interface Found {
  readonly findings: Findings;
  /** The file that counts tries. */
  readonly tries: string;
  readonly elapsedMs: number;
  /** What the file keeps so that it can be continued or joined; null if neither is possible. */
  readonly unfinished: Unfinished | null;
  /** A line for the log in place of the table, which a part does not have; otherwise null. */
  readonly inPlaceOfTable: string | null;
  /** The full reports of these rows, best first. */
  readonly runsOf: (rows: readonly ConfigurationEvent[]) => Promise<readonly RunReport[]>;
}

/** The outputs of one sweep. */
export class SweepOutputs implements AsyncDisposable {
  readonly view: View;
  readonly #words: SweepNarration;
  readonly #config: Config;
  readonly #head: SweepHead;
  #result: SweepFile | null = null;
  #page: ResultPlace | null = null;

  /** Opens the outputs that `config` names. Throws a ConfigError if one cannot be written. */
  static async open(
    config: Config,
    head: SweepHead,
    { views, signal }: { readonly views: typeof VIEWS; readonly signal: AbortSignal },
  ): Promise<SweepOutputs> {
    const outputs = new SweepOutputs(config, head, { views, signal });
    const place = { stop: signal, onWarning: (text: string) => outputs.warn(text) };
    try {
      const { out, report } = config;
      if (out !== null) outputs.#result = await writable(SweepFile.create(out, head, place), signal);
      if (report !== null) outputs.#page = await writable(openPage(report, place), signal);
      return outputs;
    } catch (error) {
      outputs.#result?.[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(
    config: Config,
    head: SweepHead,
    { views, signal }: { readonly views: typeof VIEWS; readonly signal: AbortSignal },
  ) {
    const { stdout, stderr } = Deno;
    this.#config = config;
    this.#head = head;
    this.#words = new SweepNarration({ colours: hasColours(stdout) });
    const words = this.#words;
    this.view = openViews(
      config,
      { isBacktest: true, words, stdout, stderr, stop: signal, signal, onBroken: () => {} },
      views,
    );
  }

  warn(text: string): void {
    this.view.log({ level: "warn", text });
  }

  /** Shows the start. */
  started({ time, config }: SweepStart): void {
    const { environment: { penstock: version } } = this.#head;
    this.view.event({ type: "started", time, command: "sweep", version, config });
  }

  /** Shows rows, in grid order. */
  show(rows: readonly ConfigurationEvent[]): void {
    for (const row of rows) {
      this.#result?.add(row);
      this.view.event(row);
    }
  }

  /** Counts the tries, and shows the last event and everything that is made from all rows. */
  async finish({ findings, tries, elapsedMs, unfinished, inPlaceOfTable, runsOf }: Found): Promise<void> {
    const event = findings.event(await this.#countTries(tries, findings), elapsedMs);
    await this.#result?.finish(event, unfinished);
    this.view.event(event);
    const { ranked } = findings;
    if (inPlaceOfTable === null) this.#words.sweep({ asked: this.#config.rank, event, ranked });
    else this.view.log({ level: "info", text: inPlaceOfTable });
    if (this.#page === null) return;
    const rows = ranked.rows.slice(0, MOST_RUNS).map(({ row }) => row);
    const runs = event.partial ? [] : await runsOf(rows);
    const { options, files, environment: { penstock: version } } = this.#head;
    const report = await sweepPage({
      ...{ event, ranked, runs },
      origin: {
        ...{ version, options, files, command: sweepCommand(this.#head) },
        commands: rows.map((row, at) => rowCommand(this.#head, row, at + 1)),
      },
    });
    await finishPage(this.#page, report);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.view.close();
    } finally {
      this.#page?.[Symbol.dispose]();
      this.#result?.[Symbol.dispose]();
    }
  }

  /** Adds the configurations of a sweep to those ever tried on its trades, and returns how many these are now. */
  async #countTries(path: string, { trades, texts }: Findings): Promise<number> {
    if (trades === null) return 0;
    if (this.#config.forgetTries) {
      const forgotten = await forgetTries(path, trades.digest);
      const text =
        `forgot ${counted(forgotten, "configuration")} tried on these trades before: the best is judged as ` +
        "if these were the first";
      this.view.log({ level: "info", text });
    }
    return await addTries(path, trades, texts);
  }
}
