/** Everything that a backtest shows: events as JSON or in words, progress, and the table. */
import type { Logger } from "@std/log/logger";
import type { PenstockEvent, SummaryEvent } from "../../domain/run/event.ts";
import type { AveragesRecord } from "../../stages/average.ts";
import type { NamedAssets } from "../terminal/assets.ts";
import { type LogOptions, openLog } from "../terminal/log.ts";
import { narrate } from "../terminal/narration.ts";
import { type BacktestProgress, progressLine } from "../terminal/progress.ts";
import { type ReportColumn, type ReportHead, reportTable } from "./report_table.ts";
import { TradeNarration } from "../terminal/trade_narration.ts";
import {
  canRedraw,
  columns,
  LiveTerminal,
  logLook,
  printableJson,
  writeUntil,
} from "../terminal/terminal.ts";

/** How often a line of progress is logged if there is no terminal. */
const PROGRESS_LINE_MS = 5_000;
/** Gaps that are reported one by one; the table counts all of them. */
const MOST_SHOWN = 20;
const WIDE = 1_000;

/** How a backtest is shown. */
export interface BacktestViewOptions {
  /** Events as JSON, and no table. */
  readonly json: boolean;
  readonly logLevel: LogOptions["level"];
  readonly logFormat: LogOptions["format"];
  /** Whether there are fill models besides the configured one. */
  readonly models: boolean;
}

/** The view of one backtest on this process's standard output and standard error. */
export class BacktestView {
  readonly #config: BacktestViewOptions;
  readonly #terminal = new LiveTerminal(Deno.stderr);
  readonly #isLive: boolean;
  readonly #log: Logger;
  readonly #stop: AbortSignal;
  readonly #trades = new TradeNarration();
  /** What is due on standard output. */
  #text: string[] = [];
  #gaps = 0;
  #lastLineAt = 0;

  /** Once `stop` is aborted, a reader who does not read standard output is not waited for long. */
  constructor(config: BacktestViewOptions, stop: AbortSignal) {
    this.#stop = stop;
    const isTerminal = canRedraw(Deno.stderr);
    this.#config = config;
    this.#isLive = isTerminal && config.logFormat === "text" && !config.json;
    if (this.#isLive) addEventListener("unload", () => this.#terminal.abandon(Deno.stderr));
    this.#log = openLog(
      { level: config.logLevel, format: config.logFormat, ...logLook(Deno.stderr) },
      this.#terminal,
    );
  }

  /** Shows one event. It reaches standard output at the next `flush`. */
  event(event: PenstockEvent): void {
    if (this.#config.json) this.#text.push(`${printableJson(event)}\n`);
    // A fill is news in a live run; here there are thousands, and the table is what counts.
    const isNews = ["gap", "reset", "halt", "released", "rules", "rejected", "model"].includes(event.type);
    if (!isNews && this.#config.logLevel !== "debug") return;
    if (!isNews) {
      for (const { text } of this.#trades.lines(event, null)) this.#log.debug(text);
      return;
    }
    this.#settle();
    const line = narrate(event);
    if (line === null) return;
    if (event.type !== "gap" || ++this.#gaps <= MOST_SHOWN) {
      // With other fill models, the line has to say whose halt it is.
      const whose = this.#config.models && event.type === "halt" ? "the configured fill model is " : "";
      this.#log[line.level](`${whose}${line.text}`);
    } else if (this.#gaps === MOST_SHOWN + 1) this.#log.warn("further gaps are counted, not shown");
  }

  #settle(): void {
    for (const { text } of this.#trades.settle(null)) this.#log.debug(text);
  }

  /** Logs a warning. */
  warn(text: string): void {
    this.#log.warn(text);
  }

  /** Writes the events shown so far to standard output. Throws as `writeUntil` does. */
  async flush(): Promise<void> {
    // Nobody reads the log of `backtest 2>&1 | head` any more, nor what would follow.
    if (this.#terminal.isDeserted) throw new Deno.errors.BrokenPipe("the log has no reader any more");
    this.#settle();
    const text = this.#text.join("");
    this.#text = [];
    if (text !== "") await writeUntil(this.#stop, Deno.stdout, text);
  }

  /** Shows how far it has come: a live line on a terminal, elsewhere a line every five seconds. */
  progress(state: BacktestProgress): void {
    if (this.#config.json) return;
    if (this.#isLive) this.#terminal.live = progressLine(state, columns());
    else if (state.elapsedMs - this.#lastLineAt >= PROGRESS_LINE_MS) {
      this.#lastLineAt = state.elapsedMs;
      this.#log.info(progressLine(state, WIDE));
    }
  }

  /**
   * Shows the end with the next `flush`: the summary event, or the table with the configuration that was in force in
   * the end, the assets if they are known, and what gaps and resets did to the averages.
   */
  end(
    summary: SummaryEvent,
    reports: readonly ReportColumn[],
    known: {
      readonly config: ReportHead["config"];
      readonly assets: NamedAssets | null;
      readonly averages: AveragesRecord;
    },
  ): void {
    const text = this.#config.json ? printableJson(summary) : reportTable({ summary, ...known }, reports);
    this.#text.push(`${text}\n`);
  }

  /** Removes the live line and writes what is left. Throws as `writeUntil` does. */
  async close(): Promise<void> {
    this.#terminal.live = "";
    await this.#terminal.settled(this.#stop);
    await this.flush();
  }
}
