/** A run in words: the log and a live line on standard error, and a table on standard output at the end. */
import type { Logger } from "@std/log/logger";
import type { PenstockEvent } from "../../domain/run/event.ts";
import type { TextOutput } from "../standard_output.ts";
import type { Glance, Line, Report, View } from "../view.ts";
import { Controls, type ControlsOptions } from "./controls.ts";
import { type LogOptions, openLog } from "./log.ts";
import type { AsyncSink } from "./outlet.ts";
import {
  canRedraw,
  columns,
  hasColours,
  LiveTerminal,
  logLook,
  OutputStuck,
  ReaderGone,
  type Sink,
} from "./terminal.ts";

/** The words for one kind of run. */
export interface Words {
  /** Whether every event has words. */
  readonly showsAll: boolean;
  /** The log lines for an event, after those that were held back. */
  lines(event: PenstockEvent): Iterable<Line>;
  /** The log lines that were held back, when there are no more events for now. */
  settle(): Iterable<Line>;
  /** The state of the run in one line of at most `width` columns. */
  glance(glance: Glance, width: number): string;
  /** The same state for the log, if there is no live line; null if the last one was logged only a short time ago. */
  loggedGlance(glance: Glance): Line | null;
  /** Keeps the figures for the table of a backtest. */
  report?(report: Report): void;
  /** The table at the end, in whole lines; empty if there is none. */
  readonly table: string;
}

/** The standard output and the standard error of a process. */
export interface ShownProcess {
  readonly stdout: AsyncSink & { readonly isTerminal: () => boolean };
  readonly stderr: AsyncSink & Sink & { readonly isTerminal: () => boolean };
}

/** How a run is shown in words. */
export interface TerminalOptions {
  readonly level: LogOptions["level"];
  readonly format: LogOptions["format"];
  readonly words: Words;
  /** Where the table goes; null if there is no table and no live line. */
  readonly output: TextOutput | null;
  /** Whether the run ends when the log no longer has a reader. */
  readonly needsReader: boolean;
  /** Once this is aborted, slow readers get only a little more time. */
  readonly stop: AbortSignal;
  /** The keys and the pictures of a live run on a terminal; absent if there are none. */
  readonly controls?: Omit<ControlsOptions, "terminal" | "colours" | "log"> | null;
}

const LEVELS: readonly Line["level"][] = ["debug", "info", "warn", "error"];

/** Shows one run in words. */
export class TerminalView implements View {
  readonly #options: TerminalOptions;
  readonly #words: Words;
  readonly #terminal: LiveTerminal;
  readonly #log: Logger;
  /** Whether there is a live line: on a terminal, in words. */
  readonly #isLive: boolean;
  readonly #controls: Controls | null;

  constructor({ stderr }: Pick<ShownProcess, "stderr">, options: TerminalOptions) {
    const { level, format, words, output } = options;
    this.#options = options;
    this.#words = words;
    this.#terminal = new LiveTerminal(stderr);
    this.#isLive = canRedraw(stderr) && format === "text" && output !== null;
    this.#log = openLog({ level, format, ...logLook(stderr) }, this.#terminal);
    const { controls = null } = options;
    this.#controls = controls === null || !this.#isLive ? null : new Controls({
      ...controls,
      terminal: this.#terminal,
      colours: hasColours(stderr),
      log: (line) => this.log(line),
    });
    if (this.#isLive) {
      addEventListener("unload", () => {
        this.#terminal.abandon(stderr);
        controls?.device.takeKeys(false);
      });
    }
  }

  get showsAll(): boolean {
    return this.#words.showsAll;
  }

  event(event: PenstockEvent): void {
    for (const line of this.#words.lines(event)) this.log(line);
    this.#controls?.event(event);
    if (event.type === "summary") this.#endLive();
  }

  log({ level, text }: Line): void {
    this.#log[level](text);
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(this.#options.level)) this.#controls?.logged({ level, text });
  }

  settle(): void {
    for (const line of this.#words.settle()) this.log(line);
  }

  glance(glance: Glance): void {
    if (this.#isLive) {
      const line = this.#words.glance(glance, columns());
      if (this.#controls === null || glance.of !== "run") this.#terminal.live = line;
      else this.#controls.glance(glance, line);
      return;
    }
    const line = this.#options.output === null ? null : this.#words.loggedGlance(glance);
    if (line !== null) this.log(line);
  }

  report(report: Report): void {
    this.#words.report?.(report);
  }

  ready(): null {
    if (this.#options.needsReader && this.#terminal.hasNoReader) {
      throw new Deno.errors.BrokenPipe("the log no longer has a reader");
    }
    return null;
  }

  /** A table without a reader is dropped without an error. */
  get broken(): Error | null {
    const broken = this.#options.output?.broken ?? null;
    return broken instanceof ReaderGone || broken instanceof OutputStuck ? null : broken;
  }

  /** Removes the live line and writes what is left, as far as its readers read it. Throws as `ready` does. */
  async close(): Promise<void> {
    this.#endLive();
    this.settle();
    // If both are on one terminal, the table comes below the log.
    await this.#terminal.settled(this.#options.stop);
    this.ready();
    const { output } = this.#options;
    output?.add(this.#words.table);
    await output?.close();
  }

  #endLive(): void {
    this.#controls?.end();
    this.#terminal.live = "";
  }
}
