/** The log on standard error: text with colours on a terminal, JSON for machines. */
import { BaseHandler } from "@std/log/base-handler";
import { getLogger } from "@std/log/get-logger";
import type { LevelName } from "@std/log/levels";
import type { Logger, LogRecord } from "@std/log/logger";
import { setup } from "@std/log/setup";
import { type LiveTerminal, printable, printableJson } from "./terminal.ts";
import { brokenTo } from "./text_width.ts";

/** How the log looks. */
export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "text" | "json";
  readonly colours: boolean;
  /** Returns the columns of the terminal at this moment; null if the log is not on one. */
  readonly columns?: (() => number) | null;
}

/** Hands formatted records to the terminal that also shows the live line. */
class TerminalHandler extends BaseHandler {
  readonly #terminal: LiveTerminal;

  constructor(level: LevelName, terminal: LiveTerminal, formatter: (record: LogRecord) => string) {
    super(level, { formatter });
    this.#terminal = terminal;
  }

  override log(message: string): void {
    this.#terminal.print(message);
  }
}

const COLOURS: Readonly<Record<string, string>> = { DEBUG: "90", INFO: "36", WARN: "33", ERROR: "31" };

/** Sets up the log on `terminal` and returns its logger. */
export function openLog(
  { level, format, colours, columns = null }: LogOptions,
  terminal: LiveTerminal,
): Logger {
  const levelName = level.toUpperCase() as LevelName;
  const formatter = format === "json"
    ? jsonLine
    : (record: LogRecord) => textLine(record, colours, columns?.());
  setup({
    handlers: { terminal: new TerminalHandler(levelName, terminal, formatter) },
    loggers: { penstock: { level: levelName, handlers: ["terminal"] } },
  });
  const log = getLogger("penstock");
  terminal.onLost = (lines) => {
    const what = lines === 1 ? "1 line of the log was" : `${lines} lines of the log were`;
    log[level === "error" ? "error" : "warn"](`${what} dropped while the log could not be written`);
  };
  return log;
}

/** The text before the message: time and level. */
const BEFORE = "23:54:15.342 INFO  ".length;
/** With fewer columns than this left for a message, wrapping does not help. */
const LEAST_COLUMNS = 30;

/**
 * `23:54:15.342 INFO message`, in UTC. Received text cannot control the terminal. A message longer than `columns`
 * continues on the next line.
 */
export function textLine(
  { datetime, levelName, msg }: LogRecord,
  colours: boolean,
  columns = Infinity,
): string {
  const level = levelName.padEnd(5);
  const time = datetime.toISOString().slice(11, 23);
  const room = columns - BEFORE;
  const text = printable(msg);
  const message = room < LEAST_COLUMNS || text.length <= room
    ? text
    : brokenTo(text, room).join(`\n${" ".repeat(BEFORE)}`);
  return colours
    ? `\x1b[90m${time}\x1b[0m \x1b[${COLOURS[levelName]}m${level}\x1b[0m ${message}`
    : `${time} ${level} ${message}`;
}

/** One JSON object: time, level, message. */
export function jsonLine({ datetime, levelName, msg }: LogRecord): string {
  return printableJson({ time: datetime.toISOString(), level: levelName.toLowerCase(), message: msg });
}
