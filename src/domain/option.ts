/** What the table of options says of each. */
import type { CommandName } from "./command_name.ts";

/** One option of the table. */
export interface Option<T, D extends string | null> {
  /** The default's text; null where absence means something of its own. */
  readonly default: D;
  /** Where a command has a default of its own. */
  readonly defaultOf?: Partial<Record<CommandName, string>>;
  readonly read: (text: string) => T;
  /** Stands for the value in help; a switch takes none. */
  readonly value: string | null;
  readonly commands: readonly CommandName[];
  readonly help: string;
}
