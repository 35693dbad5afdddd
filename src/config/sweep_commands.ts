/** The command lines that repeat a sweep and its rows. */
import type { ShownOptions } from "../domain/run/sweep_result.ts";
import { commandLine } from "./command_line.ts";
import { foldedSet } from "./set_lists.ts";

/** A sweep to repeat: its options, its grid and its files. */
export interface RepeatedSweep {
  /** The options that do not vary. */
  readonly options: ShownOptions;
  readonly grid: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly files: readonly string[];
}

/** The command that repeats a sweep. */
export function sweepCommand({ options, grid, files }: RepeatedSweep): string {
  const lists = Object.fromEntries(grid.map(({ name, values }) => [name, values.join(",")]));
  return commandLine("sweep", files, foldedSet({ ...options, ...lists }));
}

/**
 * The command that writes the page of a row's backtest, to a file with its rank (from 1) in the name. A row with a test
 * covers only the first trades of its files.
 */
export function rowCommand(
  { options, files }: RepeatedSweep,
  row: { readonly options: ShownOptions; readonly trades: number; readonly test: unknown },
  rank: number,
): string {
  const part = row.test === null ? {} : { stopAfter: row.trades };
  return `${
    commandLine("backtest", files, foldedSet({ ...options, ...row.options, ...part }))
  } --report best-${rank}.html`;
}
