/**
 * Stand-in for `jsr:@std/log`: the part of its published interface that Penstock uses, with the same behaviour.
 *
 * @module
 */
import { getLogger } from "./get_logger.ts";
import type { GenericFunction } from "./logger.ts";

export * from "./base_handler.ts";
export * from "./console_handler.ts";
export * from "./formatters.ts";
export * from "./get_logger.ts";
export * from "./levels.ts";
export * from "./logger.ts";
export * from "./setup.ts";

/** Logs a message with the default logger that is made only if DEBUG is on. */
export function debug<T>(msg: () => T, ...args: unknown[]): T | undefined;
/** Logs a message with the default logger and level DEBUG, and returns it. */
export function debug<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function debug(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().debug(msg as () => unknown, ...args);
}

/** Logs a message with the default logger that is made only if INFO is on. */
export function info<T>(msg: () => T, ...args: unknown[]): T | undefined;
/** Logs a message with the default logger and level INFO, and returns it. */
export function info<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function info(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().info(msg as () => unknown, ...args);
}

/** Logs a message with the default logger that is made only if WARN is on. */
export function warn<T>(msg: () => T, ...args: unknown[]): T | undefined;
/** Logs a message with the default logger and level WARN, and returns it. */
export function warn<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function warn(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().warn(msg as () => unknown, ...args);
}

/** Logs a message with the default logger that is made only if ERROR is on. */
export function error<T>(msg: () => T, ...args: unknown[]): T | undefined;
/** Logs a message with the default logger and level ERROR, and returns it. */
export function error<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function error(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().error(msg as () => unknown, ...args);
}

/** Logs a message with the default logger that is made only if CRITICAL is on. */
export function critical<T>(msg: () => T, ...args: unknown[]): T | undefined;
/** Logs a message with the default logger and level CRITICAL, and returns it. */
export function critical<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function critical(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().critical(msg as () => unknown, ...args);
}
