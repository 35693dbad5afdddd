/**
 * One part of a sweep, for one of several machines: which configurations it computes, and what its file says for the join.
 */
import type { Configuration, GivenOptions } from "../../../config/configuration.ts";
import type { Swept } from "../../../config/grid.ts";
import type { Config } from "../../../config/options.ts";
import { sweepPart } from "../../../config/sweep_options.ts";
import { ConfigError } from "../../../domain/process/config_error.ts";
import type { Rank } from "../../../domain/run/sweep_rank.ts";
import type { StartedEvent } from "../../../domain/run/event.ts";
import type { SweepPart } from "../../../domain/run/sweep_result.ts";
import { counted } from "../../../views/terminal/figures.ts";

/** Options that say where a result goes and how it is made, but do not change the result. */
export const OUTPUTS = [
  ...["out", "continue", "workers", "part", "join", "queue", "forgetTries"] as const,
  ...["json", "logLevel", "logFormat", "config"] as const,
];

/** The start of a sweep, as its first event gives it. */
export type SweepStart = Pick<StartedEvent, "time" | "config">;

/** What the file of a part says about the whole sweep. */
export interface PartOrigin {
  /** How many configurations all parts have together. */
  readonly configurations: number;
  /** The places of this part's configurations in the grid. */
  readonly places: readonly number[];
  /** The options as they were given, except for outputs. */
  readonly given: GivenOptions;
  /** Null if it was stopped before it started. */
  readonly start: SweepStart | null;
}

/** The part to compute; null for the whole sweep. */
export function partIn({ part }: Config): SweepPart | null {
  return part === null ? null : sweepPart(part);
}

/**
 * The places of a part. They are consecutive, and the sizes of the parts differ by at most one. Throws a ConfigError if
 * there are more parts than places.
 */
export function placesOfPart(places: readonly number[], { number, of }: SweepPart): readonly number[] {
  if (of > places.length) {
    throw new ConfigError([
      `--part is ${number}/${of}, but the grid has ${
        counted(places.length, "configuration")
      }: expected at most as many parts`,
    ]);
  }
  const start = (part: number): number => Math.floor(places.length * part / of);
  return places.slice(start(number - 1), start(number));
}

/** The options that a sweep was given, except for outputs. */
export function givenWithoutOutputs({ grid: { asked } }: Swept): GivenOptions {
  const left = Object.entries(asked).filter(([name]) => ![...OUTPUTS, "report"].some((one) => one === name));
  return Object.fromEntries(left);
}

/** What rows are ranked by: the first of these figures that some row has. A few trades alone have no Sharpe ratio. */
export function ranksOf({ config, sources }: Configuration): readonly Rank[] {
  return sources.rank === "default" ? [config.rank, "net-profit"] : [config.rank];
}
