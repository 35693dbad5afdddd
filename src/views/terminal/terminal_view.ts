/** A run in words: the log and a live line on standard error, and a table on standard output at the end. */
import type { Logger } from "@std/log/logger";
import type { PenstockEvent } from "../../domain/run/event.ts";
import type { TextOutput } from "../standard_output.ts";
import type { Glance, Line, Report, View } from "../view.ts";
import { type LogOptions, openLog } from "./log.ts";
import type { AsyncSink } from "./outlet.ts";
import { canRedraw, columns, LiveTerminal, logLook, OutputStuck, ReaderGone, type Sink } from "./terminal.ts";

/** What one kind of run says of itself. */
export interface Words {
  /** Whether it has words for every event. */
  readonly showsAll: boolean;
  /** The log lines for an event, and before them those that were held back. */
  lines(event: PenstockEvent): Iterable<Line>;
  /** The log lines that are left when no more events are available. */
  settle(): Iterable<Line>;
  /** How the run stands, in one line of at most `width` columns. */
  glance(glance: Glance, width: number): string;
  /** The same for the log where no live line is drawn; null if it is not time for that. */
  loggedGlance(glance: Glance): Line | null;
  /** Takes the figures of a backtest for the table. */
  report?(report: Report): void;
  /** The table at the end, in whole lines; empty if there is none. */
  readonly table: string;
}

/** Where a process shows something: its standard output and standard error. */
export interface ShownProcess {
  readonly stdout: AsyncSink;
  readonly stderr: AsyncSink & Sink & { readonly isTerminal: () => boolean };
}

/** How a run is shown in words. */
export interface TerminalOptions {
  readonly level: LogOptions["level"];
  readonly format: LogOptions["format"];
  readonly words: Words;
  /** Where the table goes; null if there is none, and no live line. */
  readonly output: TextOutput | null;
  /** Whether a log that nobody reads any more ends the run. */
  readonly needsReader: boolean;
  /** Once it is aborted, readers are not waited for much longer. */
  readonly stop: AbortSignal;
}

/** The view of one command in words. */
export class TerminalView implements View {
  readonly #options: TerminalOptions;
  readonly #words: Words;
  readonly #terminal: LiveTerminal;
  readonly #log: Logger;
  /** Whether there is a live line: on a terminal, in words. */
  readonly #isLive: boolean;

  constructor({ stderr }: Pick<ShownProcess, "stderr">, options: TerminalOptions) {
    const { level, format, words, output } = options;
    this.#options = options;
    this.#words = words;
    this.#terminal = new LiveTerminal(stderr);
    this.#isLive = canRedraw(stderr) && format === "text" && output !== null;
    if (this.#isLive) addEventListener("unload", () => this.#terminal.abandon(stderr));
    this.#log = openLog({ level, format, ...logLook(stderr) }, this.#terminal);
  }

  get showsAll(): boolean {
    return this.#words.showsAll;
  }

  event(event: PenstockEvent): void {
    for (const line of this.#words.lines(event)) this.log(line);
    if (event.type === "summary") this.#terminal.live = "";
  }

  log({ level, text }: Line): void {
    this.#log[level](text);
  }

  settle(): void {
    for (const line of this.#words.settle()) this.log(line);
  }

  glance(glance: Glance): void {
    if (this.#isLive) {
      this.#terminal.live = this.#words.glance(glance, columns());
      return;
    }
    const line = this.#options.output === null ? null : this.#words.loggedGlance(glance);
    if (line !== null) this.log(line);
  }

  report(report: Report): void {
    this.#words.report?.(report);
  }

  ready(): null {
    if (this.#options.needsReader && this.#terminal.isDeserted) {
      throw new Deno.errors.BrokenPipe("the log has no reader any more");
    }
    return null;
  }

  /** A table that nobody reads is not missed. */
  get broken(): Error | null {
    const broken = this.#options.output?.broken ?? null;
    return broken instanceof ReaderGone || broken instanceof OutputStuck ? null : broken;
  }

  /** Removes the live line, and writes what is left as far as its readers take it. Throws as `ready` does. */
  async close(): Promise<void> {
    this.#terminal.live = "";
    this.settle();
    // The table comes below the log where both are on one terminal.
    await this.#terminal.settled(this.#options.stop);
    this.ready();
    const { output } = this.#options;
    output?.add(this.#words.table);
    await output?.close();
  }
}
