/** The result of one task: how a worker computes it, and how a sweep reads it. */
import { ConfigError } from "../../../domain/process/config_error.ts";
import { isStrategyName } from "../../../stages/strategies/known_strategies.ts";
import { UnusableInput } from "../../../domain/market/unusable_input.ts";
import type { ConfigurationEvent, SweepRow } from "../../../domain/run/sweep_result.ts";
import { triedOptions } from "../../../config/tried_options.ts";
import { formatsOf, TRADE_FILES } from "../../../formats/file_layout.ts";
import type { PartialSweep } from "../../../stores/results/sweep_file.ts";
import { UnusableResult } from "../../../stores/queue/queue_error.ts";
import type { View } from "../../../views/view.ts";
import { passOver } from "../sweep/all_passes.ts";
import { Findings } from "../sweep/findings.ts";
import { ranksOf } from "../sweep/part_of_grid.ts";
import { ShownProgress } from "../sweep/shown_progress.ts";
import type { Threads } from "../sweep/threads.ts";
import type { DescribedSweep, ReadySweep } from "./described_sweep.ts";
import { shapeFlaw, type TaskShape } from "./result_shape.ts";

/** The resources with which a worker computes a task. */
export interface TaskResources {
  /** Its files, in the order of the sweep. */
  readonly paths: readonly string[];
  readonly workers: number;
  readonly threads: Threads;
  /** Gets warnings. */
  readonly view: View;
  readonly stop: AbortSignal;
}

/**
 * Computes the configurations at `places`. Returns null if it was stopped. Throws as a sweep does, and an UnusableInput if
 * the files have different trades from those of the sweep.
 */
export async function resultOf(
  described: DescribedSweep,
  { grid, config, sources, origins, requests, folds }: ReadySweep,
  places: readonly number[],
  { paths, workers, threads, view, stop }: TaskResources,
): Promise<string | null> {
  const { configurations, digest } = described;
  const findings = new Findings({ grid, places }, config, {
    ranks: ranksOf({ config, sources }),
    configurations,
  });
  using progress = new ShownProgress(view, { configurations: places.length, done: () => findings.done });
  const settings = {
    ...{ config, barsFrom: sources.bars, sources: origins, files: paths },
    ...{ formats: formatsOf(config, TRADE_FILES), view, stop },
  };
  for (const place of places) {
    // A queue must not name a program that this machine then runs.
    const { strategy } = grid.configuration(place).config;
    if (!isStrategyName(strategy)) {
      throw new ConfigError([`${strategy} is a program that the queue names, which no worker runs`]);
    }
  }
  const { found, asked } = await passOver(places, settings, {
    ...{ grid, configurations, workers, threads, ownStrategy: null, requests, progress, start() {} },
  }, { folds, isFirst: false });
  if (found.folds.length === 0) return null;
  if (found.digest !== digest) {
    throw new UnusableInput({ name: paths.join(", ") }, "its trades are not those of the sweep");
  }
  const rows = findings.add(found, folds, asked.map(triedOptions)).map(rowOf);
  return JSON.stringify({ rows, unfinished: findings.unfinished });
}

/** The result in a text. Throws an UnusableResult if it does not have that shape. */
export function resultIn(text: string, shape: TaskShape): PartialSweep {
  let result: unknown;
  try {
    result = JSON.parse(text);
  } catch {
    throw new UnusableResult("it is not JSON");
  }
  const why = shapeFlaw(result, shape);
  if (why !== null) throw new UnusableResult(why);
  return result as PartialSweep;
}

/** The first difference between two results of one task: the row's options, the figure, and its values; null if none. */
export function differenceOf(
  mine: PartialSweep,
  yours: PartialSweep,
): { readonly what: string; readonly values: readonly [string, string] } | null {
  if (JSON.stringify(mine) === JSON.stringify(yours)) return null;
  for (const [at, row] of mine.rows.entries()) {
    const figures = new Map(Object.entries(row));
    for (const [name, value] of Object.entries(yours.rows[at] ?? {})) {
      const values = [JSON.stringify(figures.get(name)), JSON.stringify(value)] as const;
      if (values[0] !== values[1]) {
        return { what: `${name} of the configuration ${JSON.stringify(row.options)}`, values };
      }
    }
  }
  const values = [mine, yours].map(({ unfinished }) => JSON.stringify(unfinished)) as [string, string];
  const at = [...values[0]].findIndex((letter, place) => letter !== values[1][place]);
  const part = (text: string) => text.slice(Math.max(0, at - 40), at + 40);
  return { what: "the figures against luck", values: [part(values[0]), part(values[1])] };
}

function rowOf({ type: _type, time: _time, symbol: _symbol, ...row }: ConfigurationEvent): SweepRow {
  return row;
}
