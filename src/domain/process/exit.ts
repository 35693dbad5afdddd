/** How the program ends: with which code, and during which work a signal ends it at once. */

/** The exit codes, by what they mean. */
export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  input: 3,
  unreachable: 4,
  difference: 5,
  interrupted: 130,
} as const;

/** One of them, as an error carries it and a command returns it. */
export type Exit = keyof typeof EXIT;

/** The exit that an error carries; null for an unexpected error. */
export function exitOf(error: unknown): Exit | null {
  const exit = typeof error === "object" && error !== null && "exit" in error ? error.exit : null;
  return typeof exit === "string" && Object.hasOwn(EXIT, exit) ? exit as Exit : null;
}

/**
 * Runs work that may take long and hardly ever waits, such as reading a journal. Listeners may not get their
 * turn meanwhile, so a signal ends the process at once: the work must leave nothing half done.
 */
export type Blocking = <T>(work: () => Promise<T>) => Promise<T>;
