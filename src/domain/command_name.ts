/** The commands, by name. */

/** The commands there are. */
export const COMMANDS = {
  run: "paper-trade a live stream",
  demo: "paper-trade the built-in exchange, on loopback, over a real WebSocket",
  exchange: "serve the built-in exchange, for other clients",
  backtest: "run the same pipeline over recorded trades",
  status: "show account, position, last trades, refusals and gaps, from the journal",
  doctor: "check whether a run would work here: permissions, hosts, clock, data, journal",
  export: "write the fills or the closed positions in the journal, for a spreadsheet",
  halt: "halt a run by hand, even while it works; --flatten sells its position as well",
  release: "end the halt of a run, even while it works",
  resume: "another name for release",
  verify: "derive a recorded run again and compare it with its journal",
  config: "print the configuration in force, as JSON, with where each value came from",
} as const;

/** A command's name. */
export type CommandName = keyof typeof COMMANDS;
