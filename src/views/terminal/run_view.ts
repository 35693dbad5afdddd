/** Everything that a run shows: events as JSON or in words, the live line, and the summary. */
import type { Logger } from "@std/log/logger";
import type { PenstockEvent } from "../../domain/run/event.ts";
import type { Money } from "../../domain/numbers/money.ts";
import { type NamedAssets, namedAssets } from "./assets.ts";
import { EventLines } from "./event_lines.ts";
import { type LogOptions, openLog } from "./log.ts";
import { HaltedSignals } from "./halted_signals.ts";
import type { Line } from "./narration.ts";
import { summaryTable } from "./summary_table.ts";
import { canRedraw, columns, LiveTerminal, logLook, OutputStuck, ReaderGone } from "./terminal.ts";

/** How long after the user has asked for the end a reader of standard output may take. */
const OUTPUT_GRACE_MS = 1_150;

/** How a run is shown. */
export interface RunViewChoices {
  /** Events as JSON, and no table. */
  readonly json: boolean;
  readonly logLevel: LogOptions["level"];
  readonly logFormat: LogOptions["format"];
  /** What the account started with, quote currency. */
  readonly cash: Money;
}

/** What a view needs to know besides. */
export interface RunViewOptions {
  /** Aborted when the user asks for the end: readers are not waited for much longer then. */
  readonly signal: AbortSignal;
  /** Called once where events cannot be written any more: the run has to end. */
  readonly onBroken: () => void;
}

/**
 * The view of one command on this process's standard output and standard error. Nothing here waits for a reader but
 * `close` and `caughtUp`.
 */
export class RunView {
  readonly #config: RunViewChoices;
  readonly #signal: AbortSignal;
  readonly #terminal = new LiveTerminal(Deno.stderr);
  readonly #log: Logger;
  readonly #lines: EventLines;
  readonly #narration = new HaltedSignals();
  #assets: NamedAssets | null = null;
  /** When the user asked for the end. */
  #askedAt: number | null = null;
  /** The summary in words. */
  #table = "";
  /** Whether a live line is wanted: on a terminal, in words. */
  readonly live: boolean;

  constructor(config: RunViewChoices, { signal, onBroken }: RunViewOptions) {
    const isTerminal = canRedraw(Deno.stderr);
    this.#config = config;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#askedAt = performance.now());
    this.#lines = new EventLines(Deno.stdout, onBroken);
    this.live = isTerminal && config.logFormat === "text" && !config.json;
    if (this.live) addEventListener("unload", () => this.#terminal.abandon(Deno.stderr));
    this.#log = openLog(
      { level: config.logLevel, format: config.logFormat, ...logLook(Deno.stderr) },
      this.#terminal,
    );
  }

  /** Why standard output cannot be written; null if nobody misses it. */
  get broken(): Error | null {
    const { broken } = this.#lines;
    const isMissed = this.#config.json || !(broken instanceof ReaderGone || broken instanceof OutputStuck);
    return isMissed ? broken : null;
  }

  /** Whether it is time to wait until standard output has `caughtUp`. */
  get isCrowded(): boolean {
    return this.#lines.isCrowded;
  }

  /** Waits for a reader of standard output that reads, if slowly; not beyond the end that `stop` asks for. */
  caughtUp(stop: AbortSignal): Promise<void> {
    return this.#lines.caughtUp(stop);
  }

  /** Shows one event on standard output (`--json`) and in the log. */
  event(event: PenstockEvent): void {
    this.events([event]);
  }

  /** Shows events as they come, on standard output together. */
  events(events: Iterable<PenstockEvent>): void {
    try {
      for (const event of events) this.#show(event);
    } finally {
      for (const line of this.#narration.settle(this.#assets)) this.log(line);
      this.#lines.flush();
    }
  }

  /** Writes one line to the log. */
  log({ level, text }: Line): void {
    this.#log[level](text);
  }

  /** Draws the live line from a function of the terminal's width. */
  draw(line: (width: number) => string): void {
    if (this.live) this.#terminal.live = line(columns());
  }

  /** Removes the live line, and writes what waits as far as its readers take it. */
  async close(): Promise<void> {
    this.#terminal.live = "";
    // The table comes below the log where both are on one terminal.
    await this.#terminal.settled(this.#signal);
    this.#lines.addText(this.#table);
    this.#lines.flush();
    const spentMs = this.#askedAt === null ? 0 : performance.now() - this.#askedAt;
    await this.#lines.settled(this.#signal, Math.max(0, OUTPUT_GRACE_MS - spentMs));
  }

  /** What the exchange calls the assets; null until it has said so. */
  get assets(): NamedAssets | null {
    return this.#assets;
  }

  #show(event: PenstockEvent): void {
    if (this.#config.json) this.#lines.add(event);
    if (event.type === "started") this.#assets = namedAssets(event.config["instrument"]);
    else if (event.type === "rules") this.#assets = namedAssets(event.instrument);
    for (const line of this.#narration.lines(event, this.#assets)) this.log(line);
    if (event.type !== "summary") return;
    this.#terminal.live = "";
    if (!this.#config.json) this.#table = `${summaryTable(event, this.#config.cash, this.#assets)}\n`;
  }
}
