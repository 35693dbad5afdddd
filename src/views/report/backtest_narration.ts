/** Describes a backtest in words. */
import type { PenstockEvent } from "../../domain/run/event.ts";
import { equityLines } from "../chart/equity_lines.ts";
import { assets } from "../terminal/assets.ts";
import { grouped } from "../terminal/figures.ts";
import { ProgressLog, progressText, shareRead } from "../terminal/job_progress.ts";
import { narrate } from "../terminal/narration.ts";
import type { Words } from "../terminal/terminal_view.ts";
import { TradeNarration } from "../terminal/trade_narration.ts";
import type { BacktestProgress, Glance, Line, Report } from "../view.ts";
import { reportTable } from "./report_table.ts";

/** How many gaps are logged one by one. The table counts all of them. */
const MOST_SHOWN = 20;
/**
 * The events that get a log line. Fills are not among them, because a backtest has thousands, and its table sums them
 * up.
 */
const NEWS: readonly string[] = ["gap", "reset", "halt", "released", "rules", "rejected", "model"];
const MEGABYTE = 1_000_000;
const NOTHING: readonly Line[] = [];

/** A terminal to draw on. */
interface Drawn {
  readonly columns: () => number;
  readonly colours: boolean;
}

/** How to describe a backtest in words. */
export interface BacktestWords {
  readonly level: Line["level"];
  /** Whether there are fill models in addition to the configured one. */
  readonly models: boolean;
  /** How equity is drawn below the table; null or absent if it is not drawn. */
  readonly drawn?: Drawn | null;
}

/** Gives news a log line, other events a line at debug level, the progress a live line, and the report a table. */
export class BacktestNarration implements Words {
  readonly showsAll: boolean;
  table = "";
  readonly #options: BacktestWords;
  readonly #trades = new TradeNarration();
  readonly #progress = new ProgressLog();
  #gaps = 0;

  constructor(options: BacktestWords) {
    this.#options = options;
    this.showsAll = options.level === "debug";
  }

  lines(event: PenstockEvent): Iterable<Line> {
    if (NEWS.includes(event.type)) return this.#news(event);
    return this.showsAll ? debugged(this.#trades.lines(event, null)) : NOTHING;
  }

  *#news(event: PenstockEvent): Generator<Line> {
    yield* this.settle();
    const line = narrate(event);
    if (line === null) return;
    if (event.type !== "gap" || ++this.#gaps <= MOST_SHOWN) {
      // If there are other fill models, the line must say which one halted.
      const whose = this.#options.models && event.type === "halt" ? "the configured fill model is " : "";
      yield { ...line, text: `${whose}${line.text}` };
    } else if (this.#gaps === MOST_SHOWN + 1) {
      yield { level: "warn", text: "further gaps are counted, not shown" };
    }
  }

  settle(): Iterable<Line> {
    return debugged(this.#trades.settle(null));
  }

  glance(glance: Glance, width: number): string {
    return glance.of === "backtest" ? progressLine(glance, width) : "";
  }

  loggedGlance(glance: Glance): Line | null {
    if (glance.of !== "backtest") return null;
    return this.#progress.line(glance.elapsedMs, (width) => progressLine(glance, width));
  }

  report(report: Report): void {
    const { drawn = null } = this.#options;
    const { summary, equity: points, assets: named } = report;
    const { quote } = assets(summary.symbol, named);
    const picture = { points, maxDrawdown: summary.maxDrawdown, quote };
    const lines = drawn === null ? "" : equityLines(picture, drawn.columns(), drawn.colours);
    this.table = `${reportTable(report, report.columns)}\n${lines === "" ? "" : `${lines}\n`}`;
  }
}

function* debugged(lines: Iterable<Line>): Generator<Line> {
  for (const { text } of lines) yield { level: "debug", text };
}

/** The progress of a backtest in one line of at most `width` characters, without colours. */
export function progressLine(progress: BacktestProgress, width: number): string {
  const { bytesRead, bytesTotal, trades, elapsedMs } = progress;
  const facts = [
    bytesTotal === null
      ? `${megabytes(bytesRead)} MB`
      : `${megabytes(bytesRead)} of ${megabytes(bytesTotal)} MB`,
    `${grouped(trades)} trades`,
    elapsedMs === 0 ? "" : `${grouped(Math.round(trades * 1000 / elapsedMs))} trades/s`,
  ];
  return progressText({ share: shareRead(progress), elapsedMs, facts }, width);
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}
