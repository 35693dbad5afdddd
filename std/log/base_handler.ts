import { getLevelByName, getLevelName, type LevelName, type LogLevel } from "./levels.ts";
import type { LogRecord } from "./logger.ts";

/** Makes the text of a record. */
export type FormatterFunction = (logRecord: LogRecord) => string;

/** Options of a {@linkcode BaseHandler}. */
export interface BaseHandlerOptions {
  /** Makes the text; `LEVEL message` by default. */
  formatter?: FormatterFunction;
}

/** Takes records of its level and above, and writes their text somewhere. */
export abstract class BaseHandler {
  /** Makes the text of a record. */
  formatter: FormatterFunction;
  #level: LogLevel;

  /** A handler of this level. */
  constructor(levelName: LevelName, options: BaseHandlerOptions = {}) {
    this.#level = getLevelByName(levelName);
    this.formatter = options.formatter ?? (({ levelName, msg }) => `${levelName} ${msg}`);
  }

  /** The number of the lowest level that is written. */
  get level(): LogLevel {
    return this.#level;
  }

  /** Sets the level by its number. */
  set level(level: LogLevel) {
    getLevelName(level);
    this.#level = level;
  }

  /** The name of the lowest level that is written. */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /** Sets the level by its name. */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /** Writes the record, if its level is high enough. */
  handle(logRecord: LogRecord): void {
    if (logRecord.level < this.#level) return;
    this.log(this.format(logRecord));
  }

  /** The record's text. */
  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  /** Writes a text. */
  abstract log(msg: string): void;

  /** Called by `setup()` before the first record. */
  setup(): void {}

  /** Called by the next `setup()`. */
  destroy(): void {}

  /** Same as `destroy()`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}
