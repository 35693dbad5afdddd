/** Finds the combinations of a grid that no single run accepts, without making a configuration of each. */
import { type Combination, COMBINATION_RULES } from "./combination_rules.ts";
import type { Axis } from "./grid_axes.ts";
import type { Configuration } from "./configuration.ts";
import type { Config } from "./options.ts";

/** The part of a grid that its combinations are judged by. */
export interface JudgedGrid {
  readonly axes: readonly Axis[];
  readonly size: number;
  /** The options that do not vary with a strategy, and whether each of them can be read. */
  baseOf(strategy: string): Configuration & { readonly isReadable: boolean };
  /**
   * The values of an axis, as the combinations that have `strategy` read them. A value that they cannot read is
   * undefined.
   */
  valuesOn(axis: number, strategy: string): readonly unknown[];
}

/** The combinations that are refused. */
export interface Refusals {
  /** By place: 1 for a refused combination. */
  readonly isRefused: Uint8Array;
  /** Whether all are, because of options that do not vary. */
  readonly isBaseRefused: boolean;
}

/** Combinations that are refused for their values on some axes. */
interface Refused {
  readonly axes: readonly number[];
  /** By place in the grid of these axes alone: 1 for a refused combination. */
  readonly isRefused: Uint8Array;
}

/**
 * The refusals of a grid, whose strategy is `fixed` if none varies. Combinations that agree in the options that a rule
 * compares are judged together.
 */
export function refusalsOf(grid: JudgedGrid, fixed: string): Refusals {
  const { axes, size } = grid;
  const strategyAxis = axes.findIndex(({ option }) => option === "strategy");
  const strategies = strategyAxis < 0 ? [fixed] : axes[strategyAxis]!.values;
  const byStrategy = strategies.map((strategy) => refusedWith(grid, strategy));
  const isRefused = new Uint8Array(size);
  const at = axes.map(() => 0);
  for (let place = 0; place < size; place++) {
    const refused = byStrategy[strategyAxis < 0 ? 0 : at[strategyAxis]!]!;
    if (refused === null || refused.some((one) => one.isRefused[placeOn(axes, one.axes, at)] === 1)) {
      isRefused[place] = 1;
    }
    step(axes, at);
  }
  return { isRefused, isBaseRefused: strategyAxis < 0 && byStrategy[0] === null };
}

/** The refused ones among the combinations with `strategy`; null if all of them are refused. */
function refusedWith(grid: JudgedGrid, strategy: string): Refused[] | null {
  const { axes } = grid;
  const { config, sources, isReadable } = grid.baseOf(strategy);
  if (!isReadable) return null;
  const changed: Record<string, unknown> = { ...config, strategy };
  const combination: Combination = { config: changed as Config, sources, command: "sweep" };
  const found: Refused[] = [];
  const read = axes.map((_, axis) => grid.valuesOn(axis, strategy));
  for (const [axis, { setting }] of axes.entries()) {
    if (setting !== null) continue;
    const unread = read[axis]!.map((value) => value === undefined ? 1 : 0);
    if (unread.includes(1)) found.push({ axes: [axis], isRefused: Uint8Array.from(unread) });
  }
  for (const rule of COMBINATION_RULES) {
    // Only a user's strategy itself can judge its values.
    const judged = [...axes.keys()].filter((axis) => {
      const { option, setting } = axes[axis]!;
      return option !== "strategy" && setting === null && rule.names.includes(option);
    });
    const own = judged.map((axis) => axes[axis]!);
    const isRefused = new Uint8Array(own.reduce((size, { values }) => size * values.length, 1));
    const at = own.map(() => 0);
    let count = 0;
    for (let place = 0; place < isRefused.length; place++) {
      for (const [axis, { option }] of own.entries()) {
        changed[option] = read[judged[axis]!]![at[axis]!] ?? null;
      }
      if (rule.isBroken(combination)) count += isRefused[place] = 1;
      step(own, at);
    }
    if (count > 0 && judged.length === 0) return null;
    if (count > 0) found.push({ axes: judged, isRefused });
  }
  return found;
}

/** The place of the grid's combination `at` in the grid of some axes alone. */
function placeOn(axes: readonly Axis[], some: readonly number[], at: readonly number[]): number {
  let place = 0;
  for (const axis of some) place = place * axes[axis]!.values.length + at[axis]!;
  return place;
}

/** Moves on to the next combination. */
function step(axes: readonly Axis[], at: number[]): void {
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    if (++at[axis]! < axes[axis]!.values.length) return;
    at[axis] = 0;
  }
}
