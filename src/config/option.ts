/** The columns of the table of options. */
import type { CommandName } from "./command_name.ts";

/** The groups of options in help and documentation, the everyday ones first. */
export const OPTION_GROUPS = {
  trading: "Trading",
  input: "Input and result",
  market: "The built-in exchange",
  journal: "Journal and recordings",
  watch: "The live page",
  alarms: "Alarms",
  end: "When it ends",
  output: "Output and configuration",
  risk: "Risk limits",
  orders: "How orders fill",
  instrument: "Rules of the instrument",
  connection: "Connection",
} as const;

/** A group's name in the table. */
export type OptionGroup = keyof typeof OPTION_GROUPS;

/** One option of the table. */
export interface Option<T, D extends string | null> {
  /** Where help shows it. */
  readonly group: OptionGroup;
  /** Where the help of a command shows it, if it is another group. */
  readonly groupOf?: Partial<Record<CommandName, OptionGroup>>;
  /** The default's text; null if leaving the option out has its own meaning. */
  readonly default: D;
  /** The default for a command that has its own. */
  readonly defaultOf?: Partial<Record<CommandName, string>>;
  /** What help and documentation show as the default if it depends on another option. */
  readonly shownDefault?: string;
  readonly read: (text: string) => T;
  /** Shown in help for the value; a switch takes none. */
  readonly value: string | null;
  readonly commands: readonly CommandName[];
  /** Whether it may be given more than once; its text then holds the values, separated by spaces. */
  readonly repeats?: boolean;
  /** Whether a duration may follow the value as its own word. */
  readonly takesDuration?: boolean;
  /** Whether people put secrets into it by mistake, so that messages leave its value out. */
  readonly isPrivate?: boolean;
  readonly help: string;
  /** Help for a command in which the option does something else. */
  readonly helpOf?: Partial<Record<CommandName, string>>;
}

/** Returns a function that makes the options of one group. */
export function optionIn(
  group: OptionGroup,
): <T, const D extends string | null>(spec: Omit<Option<T, D>, "group">) => Option<T, D> {
  return (spec) => ({ group, ...spec });
}
