/** The commands, by name. */

/** The commands there are. */
export const COMMANDS = {
  run: "paper-trade a live stream",
  demo: "the same against the built-in exchange, on loopback, over a real WebSocket",
  exchange: "only the built-in exchange, for other clients",
  backtest: "the same pipeline over recorded trades",
  status: "account, position, last trades, refusals, gaps, from the journal",
  doctor: "whether a run would work here: permissions, hosts, clock, data folder, journal",
  export: "the fills or the closed positions in the journal, for a spreadsheet",
  halt: "halt a run by hand, also while it works; --flatten sells its position as well",
  release: "end the halt of a run, also while it works",
  resume: "another name of release",
  verify: "derive a recorded run again and compare it with its journal",
  config: "print the configuration in force, as JSON, with where each value came from",
} as const;

/** A command's name. */
export type CommandName = keyof typeof COMMANDS;
