/** A sweep as its workers need it: plain values that go through a queue, and the tasks that it is divided into. */
import { createHash } from "node:crypto";
import type { Configuration, GivenOptions } from "../../../config/configuration.ts";
import { Grid, type Swept } from "../../../config/grid.ts";
import { settleInstrument } from "../../../config/instrument_settlement.ts";
import { OPTION_NAMES } from "../../../config/options.ts";
import { ConfigError } from "../../../domain/process/config_error.ts";
import { digestOf, type NamedInput } from "../../../feeds/files/named_inputs.ts";
import { EXCHANGE_NAMES } from "../../../exchanges/hosts.ts";
import type { QueuedSweep, SweepTask } from "../../../stores/queue/task_queue.ts";
import type { Fold } from "../sweep/folds.ts";
import { GridRequests } from "../sweep/grid_requests.ts";
import { givenWithoutOutputs } from "../sweep/part_of_grid.ts";

/** The rules of an instrument. */
type Rules = Parameters<typeof settleInstrument>[1];

/** What all tasks of a sweep have in common. */
export interface DescribedSweep {
  /** The options as they were given, except for outputs. */
  readonly given: GivenOptions;
  readonly symbol: string;
  readonly exchange: string;
  readonly rules: Rules;
  /** The place of the first configuration that can run, whose options all passes share. */
  readonly first: number;
  /** How many configurations the whole sweep has. */
  readonly configurations: number;
  /** A fold to the end of the trades has no `to`. */
  readonly folds: readonly (Omit<Fold, "to"> & { readonly to: number | null })[];
  /** The digest of the trades. */
  readonly digest: string;
  readonly files: readonly NamedInput[];
}

/** One in this many tasks is computed twice. */
export const ONE_CHECKED_IN = 100;
const KEY_DIGITS = 8;

/** Describes a sweep. */
export function describe(
  { grid, places }: Swept,
  { config: { symbol, exchange } }: Pick<Configuration, "config">,
  { rules, folds, digest, files }: {
    readonly rules: Rules;
    readonly folds: readonly Fold[];
    readonly digest: string;
    readonly files: readonly NamedInput[];
  },
): DescribedSweep {
  return {
    given: givenWithoutOutputs({ grid, places }),
    ...{ symbol, exchange, rules, first: places[0]!, configurations: places.length },
    folds: folds.map(({ to, ...fold }) => ({ ...fold, to: to === Infinity ? null : to })),
    ...{ digest, files },
  };
}

/**
 * The sweep as a queue takes it: each of `blocks`, the places of some configurations, is a task. The names of files do not
 * affect the keys. One in `oneCheckedIn` tasks is checked: always the same ones, which nobody can choose.
 */
export function queuedSweep(
  described: DescribedSweep,
  { version, blocks, oneCheckedIn }: {
    readonly version: string;
    readonly blocks: readonly (readonly number[])[];
    readonly oneCheckedIn: number;
  },
): QueuedSweep {
  const digests = described.files.map(({ sha256 }) => sha256);
  const key = hash(JSON.stringify([version, { ...described, files: digests }]));
  const tasks = blocks.map((places): SweepTask => {
    const content = JSON.stringify(places);
    const own = hash(`${key}\n${content}`);
    return {
      key: own,
      content,
      isChecked: Number.parseInt(own.slice(0, KEY_DIGITS), 16) % oneCheckedIn === 0,
    };
  });
  return { key, version, input: digestOf(described.files), content: JSON.stringify(described), tasks };
}

/** A described sweep, ready to be computed. */
export interface ReadySweep extends Pick<Configuration, "config" | "sources"> {
  readonly grid: Grid;
  /** The origin of the instrument's rules. */
  readonly origins: ReturnType<typeof settleInstrument>["sources"];
  readonly requests: GridRequests;
  readonly folds: readonly Fold[];
}

/** Prepares a described sweep. Throws a ConfigError if its options cannot be used. */
export function readySweep(described: DescribedSweep): ReadySweep {
  const { given, symbol, first, rules } = described;
  const unknown = Object.keys(given).filter((name) => !OPTION_NAMES.some((option) => option === name));
  if (unknown.length > 0) throw new ConfigError([`its options are unknown here: ${unknown.join(", ")}`]);
  const exchange = EXCHANGE_NAMES.find((name) => name === described.exchange);
  if (exchange === undefined) throw new ConfigError([`its exchange is unknown here: ${described.exchange}`]);
  const mistakes: string[] = [];
  const grid = new Grid(given, mistakes);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const { config: own, sources } = grid.configuration(first);
  const settled = settleInstrument({ config: { ...own, symbol, exchange }, sources }, rules);
  const { config, sources: origins } = settled;
  return {
    ...{ grid, config, sources, origins },
    requests: new GridRequests(grid, { config, rules, own: null }),
    folds: described.folds.map((fold) => ({ ...fold, to: fold.to ?? Infinity })),
  };
}

function hash(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
