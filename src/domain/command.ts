import type { CommandName, Config } from "./options.ts";

/** What a command is started with. */
export interface Started {
  readonly command: CommandName;
  readonly version: string;
  readonly config: Config;
  /** The files named on the command line; empty for commands that take none. */
  readonly files: readonly string[];
  /** Aborted when the person asks for the end. */
  readonly signal: AbortSignal;
}

/** A command that runs until it is done or told to end; its errors become exit codes. */
export type Command = (started: Started) => Promise<void>;
