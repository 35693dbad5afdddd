import { BaseHandler, type BaseHandlerOptions } from "./base_handler.ts";
import { type LevelName, LogLevels } from "./levels.ts";
import type { LogRecord } from "./logger.ts";

/** Options of a {@linkcode ConsoleHandler}. */
export interface ConsoleHandlerOptions extends BaseHandlerOptions {
  /** Whether the levels have colours; true by default. */
  useColors?: boolean;
}

/** Writes to standard output with `console.log`. */
export class ConsoleHandler extends BaseHandler {
  readonly #useColors: boolean;

  /** A console handler of this level. */
  constructor(levelName: LevelName, options: ConsoleHandlerOptions = {}) {
    super(levelName, options);
    this.#useColors = options.useColors ?? true;
  }

  /** The record's text, in its level's colour. */
  override format(logRecord: LogRecord): string {
    const text = super.format(logRecord);
    return this.#useColors && !Deno.noColor ? colored(text, logRecord.level) : text;
  }

  /** Writes a text. */
  log(msg: string): void {
    console.log(msg);
  }
}

function colored(text: string, level: number): string {
  switch (level) {
    case LogLevels.INFO:
      return `\x1b[34m${text}\x1b[39m`;
    case LogLevels.WARN:
      return `\x1b[33m${text}\x1b[39m`;
    case LogLevels.ERROR:
      return `\x1b[31m${text}\x1b[39m`;
    case LogLevels.CRITICAL:
      return `\x1b[1m\x1b[31m${text}\x1b[39m\x1b[22m`;
    default:
      return text;
  }
}
