import type { BaseHandler } from "./base_handler.ts";
import { getLevelByName, getLevelName, type LevelName, type LogLevel, LogLevels } from "./levels.ts";

/** Any function. */
// deno-lint-ignore no-explicit-any
export type GenericFunction = (...args: any[]) => any;

/** What a {@linkcode LogRecord} is made from. */
export interface LogRecordOptions {
  /** The message, already a string. */
  msg: string;
  /** The further arguments of the call. */
  args: unknown[];
  /** The level of the call. */
  level: LogLevel;
  /** The name of the logger. */
  loggerName: string;
}

/** One message on its way to the handlers. */
export class LogRecord {
  /** The message. */
  readonly msg: string;
  /** The level's number. */
  readonly level: number;
  /** The level's name. */
  readonly levelName: string;
  /** The logger's name. */
  readonly loggerName: string;
  readonly #args: unknown[];
  readonly #time = Date.now();

  /** A record of this moment. */
  constructor(options: LogRecordOptions) {
    this.msg = options.msg;
    this.level = options.level;
    this.levelName = getLevelName(options.level);
    this.loggerName = options.loggerName;
    this.#args = [...options.args];
  }

  /** The further arguments: a copy, so that no handler can alter what the next one sees. */
  get args(): unknown[] {
    return [...this.#args];
  }

  /** When the record was made: a copy, for the same reason. */
  get datetime(): Date {
    return new Date(this.#time);
  }
}

/** Options of a {@linkcode Logger}. */
export interface LoggerOptions {
  /** Where its records go. */
  handlers?: BaseHandler[];
}

/** The part of a logger's configuration that {@linkcode LogConfig} names. */
export interface LoggerConfig {
  /** The lowest level that goes to the handlers; INFO by default. */
  level?: LevelName;
  /** Names of handlers. */
  handlers?: string[];
}

/** What `setup()` takes. */
export interface LogConfig {
  /** Handlers by name. */
  handlers?: { [name: string]: BaseHandler };
  /** Loggers by name. */
  loggers?: { [name: string]: LoggerConfig };
}

/** Passes messages of its level and above to its handlers. */
export class Logger {
  /** Where records go. */
  handlers: BaseHandler[];
  readonly #loggerName: string;
  #level: LogLevel;

  /** A logger of this name and level. */
  constructor(loggerName: string, levelName: LevelName, options: LoggerOptions = {}) {
    this.#loggerName = loggerName;
    this.#level = getLevelByName(levelName);
    this.handlers = options.handlers ?? [];
  }

  /** The number of the lowest level that is passed on. */
  get level(): LogLevel {
    return this.#level;
  }

  /** Sets the level by its number. Throws a TypeError for a number that is no level. */
  set level(level: LogLevel) {
    try {
      getLevelName(level);
    } catch {
      throw new TypeError(`Invalid log level: ${level}`);
    }
    this.#level = level;
  }

  /** The name of the lowest level that is passed on. */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /** Sets the level by its name. */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /** The logger's name. */
  get loggerName(): string {
    return this.#loggerName;
  }

  #pass(level: LogLevel, msg: unknown, args: unknown[]): unknown {
    const lazy = typeof msg === "function";
    if (level < this.#level) return lazy ? undefined : msg;
    const value = lazy ? msg() : msg;
    const record = new LogRecord({ msg: this.asString(value), args, level, loggerName: this.#loggerName });
    for (const handler of this.handlers) handler.handle(record);
    return value;
  }

  /** The text that a message of any type becomes. */
  asString(data: unknown, isProperty = false): string {
    if (typeof data === "string") return isProperty ? `"${data}"` : data;
    if (typeof data === "function") return "undefined";
    if (typeof data !== "object" || data === null) return String(data);
    if (data instanceof Error) return data.stack ?? `${data.name}: ${data.message}`;
    const entries = Object.entries(data).map(([key, value]) => `"${key}":${this.asString(value, true)}`);
    return `{${entries.join(",")}}`;
  }

  /** Logs a message that is made only if DEBUG is on; returns what the function returned, if it was called. */
  debug<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs a message with level DEBUG and returns it. */
  debug<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  debug(msg: unknown, ...args: unknown[]): unknown {
    return this.#pass(LogLevels.DEBUG, msg, args);
  }

  /** Logs a message that is made only if INFO is on; returns what the function returned, if it was called. */
  info<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs a message with level INFO and returns it. */
  info<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  info(msg: unknown, ...args: unknown[]): unknown {
    return this.#pass(LogLevels.INFO, msg, args);
  }

  /** Logs a message that is made only if WARN is on; returns what the function returned, if it was called. */
  warn<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs a message with level WARN and returns it. */
  warn<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  warn(msg: unknown, ...args: unknown[]): unknown {
    return this.#pass(LogLevels.WARN, msg, args);
  }

  /** Logs a message that is made only if ERROR is on; returns what the function returned, if it was called. */
  error<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs a message with level ERROR and returns it. */
  error<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  error(msg: unknown, ...args: unknown[]): unknown {
    return this.#pass(LogLevels.ERROR, msg, args);
  }

  /** Logs a message that is made only if CRITICAL is on; returns what the function returned, if it was called. */
  critical<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs a message with level CRITICAL and returns it. */
  critical<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  critical(msg: unknown, ...args: unknown[]): unknown {
    return this.#pass(LogLevels.CRITICAL, msg, args);
  }
}
