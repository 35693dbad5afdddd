import type { Configuration } from "./config.ts";
import type { CommandName } from "./command_name.ts";

/**
 * Does work that never waits and may be long, as reading a journal. Meanwhile a signal ends the process at once: no
 * listener would get its turn. So the work must leave nothing half done.
 */
export type Blocking = <T>(work: () => T) => T;

/** What a command is started with. */
export interface Started extends Configuration {
  readonly command: CommandName;
  readonly version: string;
  /** The files named on the command line; empty for commands that take none. */
  readonly files: readonly string[];
  /** Aborted when the person asks for the end. */
  readonly signal: AbortSignal;
  readonly blocking: Blocking;
}

/** A command that runs until it is done or told to end; its errors become exit codes. */
export type Command = (started: Started) => Promise<void>;
