/** Everything a run shows: events as JSON or in words, the live line, the summary. */
import type { Logger } from "@std/log/logger";
import type { PenstockEvent } from "../domain/event.ts";
import type { Config } from "../domain/options.ts";
import { type NamedAssets, namedAssets } from "./assets.ts";
import { openLog } from "./log.ts";
import { HaltedSignals } from "./halted_signals.ts";
import type { Line } from "./narration.ts";
import { summaryTable } from "./summary_table.ts";
import { columns, EventLines, LiveTerminal, writeText } from "./terminal.ts";

/** The view of one command on this process's standard output and standard error. */
export class RunView {
  readonly #config: Config;
  readonly #terminal = new LiveTerminal(Deno.stderr);
  readonly #log: Logger;
  readonly #lines = new EventLines(Deno.stdout);
  readonly #narration = new HaltedSignals();
  #assets: NamedAssets | null = null;
  /** Whether a live line is wanted: on a terminal, in words. */
  readonly live: boolean;

  constructor(config: Config) {
    const isTerminal = Deno.stderr.isTerminal();
    this.#config = config;
    this.live = isTerminal && config.logFormat === "text" && !config.json;
    this.#log = openLog(
      { level: config.logLevel, format: config.logFormat, colours: isTerminal && !Deno.noColor },
      this.#terminal,
    );
  }

  /** Tells one event on standard output (`--json`) and in the log. */
  event(event: PenstockEvent): void {
    this.#tell(event);
    this.#lines.flush();
  }

  /** Tells events as they come, on standard output together. */
  events(events: Iterable<PenstockEvent>): void {
    try {
      for (const event of events) this.#tell(event);
    } finally {
      this.#lines.flush();
    }
  }

  /** Writes one line to the log. */
  say({ level, text }: Line): void {
    this.#log[level](text);
  }

  /** Draws the live line from a function of the terminal's width. */
  draw(line: (width: number) => string): void {
    if (this.live) this.#terminal.live = line(columns());
  }

  /** Takes the live line away. */
  close(): void {
    this.#terminal.live = "";
  }

  /** What the exchange calls the assets; null until it has said so. */
  get assets(): NamedAssets | null {
    return this.#assets;
  }

  #tell(event: PenstockEvent): void {
    if (this.#config.json) this.#lines.add(event);
    if (event.type === "started") this.#assets = namedAssets(event.config["instrument"]);
    else if (event.type === "rules") this.#assets = namedAssets(event.instrument);
    for (const line of this.#narration.lines(event, this.#assets)) this.say(line);
    if (event.type !== "summary") return;
    this.#terminal.live = "";
    if (!this.#config.json) {
      writeText(Deno.stdout, `${summaryTable(event, this.#config.cash, this.#assets)}\n`);
    }
  }
}
