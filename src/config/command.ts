import type { Blocking } from "../domain/process/exit.ts";
import type { Configuration } from "./configuration.ts";
import type { Swept } from "./grid.ts";
import type { CommandName } from "./command_name.ts";

/** The input of a command. */
export interface Started extends Configuration {
  readonly command: CommandName;
  readonly version: string;
  /** The files named on the command line; empty for commands that take none. */
  readonly files: readonly string[];
  /** Aborted when the user asks the program to end. */
  readonly signal: AbortSignal;
  /** Lines for the log about what was started before the command. */
  readonly notes?: readonly string[];
  /** Of a sweep: its grid; the configuration is then that of the first combination that can run. */
  readonly swept?: Swept;
  readonly blocking: Blocking;
}

/** A command: runs until it is done or asked to end; its errors become exit codes. */
export type Command = (started: Started) => Promise<void>;
