/** The commands, by name. */

/** All commands, each with one line of help. */
export const COMMANDS = {
  run: "paper-trade a live stream",
  demo: "the same as run, on made-up trades of the built-in exchange on this machine",
  exchange: "only the built-in exchange, for other clients",
  backtest: "the same as run, but over recorded trades",
  sweep: "the same over a grid of options, ranked, with tests for overfitting",
  worker: "compute tasks of sweeps over many machines, from a queue in a database",
  status: "show account, position, last fills, refusals and gaps, from the journal",
  watch: "a live page over running journals, read-only: charts, events, health, metrics",
  doctor: "check whether a run would work here: permissions, hosts, clock, data, journal",
  export: "write fills, closed positions, round trips, signals or equity, for other tools",
  report: "write one HTML page about a result or a journal: charts, round trips, figures",
  compare: "compare two results, sweeps or journals: options, figures, events",
  halt: "halt a run by hand; --flatten sells its position as well",
  release: "end the halt of a run",
  resume: "another name for release",
  verify: "compute a recorded run again and compare it with its journal",
  config: "print the configuration in force as JSON, and where each value came from",
} as const;

/** A command's name. */
export type CommandName = keyof typeof COMMANDS;
