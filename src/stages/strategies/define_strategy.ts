/**
 * Defines a strategy of your own: the package's public entry `@penstock/penstock/strategy`. Name a file that has one as
 * its default export with `--strategy`; docs/strategies.md explains how.
 *
 * @module
 */

/** What a strategy sees of a bar: plain numbers, the doubles nearest to the exact prices and quantities. */
export interface StrategyBar {
  /** Milliseconds since 1970, UTC. For a time bar, the start of its interval and the start of the next. */
  readonly openTime: number;
  readonly closeTime: number;
  /** Prices in quote currency. */
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** The quantity traded, in base currency. */
  readonly volume: number;
  /** How many trades the bar has. */
  readonly trades: number;
}

/** A strategy's target after a bar: long, flat, or unchanged (null). */
export type Answer = "long" | "flat" | null;

/** One option, a number. */
export interface StrategySetting {
  readonly default: number;
  /** Both included; no limit if absent. */
  readonly least?: number;
  readonly most?: number;
  /** Whether it must be a whole number. */
  readonly whole?: boolean;
  readonly help?: string;
}

/** The values of a strategy's options, as `--set` and their defaults give them. */
export type SettingValues<O extends Readonly<Record<string, StrategySetting>>> = {
  readonly [K in keyof O]: number;
};

/** A strategy. Its methods use only their arguments. */
export interface StrategyDefinition<O extends Readonly<Record<string, StrategySetting>>, S extends object> {
  /** Its options by name, for `--set`. */
  readonly options?: O;
  /**
   * What it remembers at the start, and after a gap that could not be filled: an object or array of numbers, strings,
   * true, false, null, and objects and arrays of them, which is kept as JSON.
   */
  start(options: SettingValues<O>): S;
  /**
   * Takes a bar, changes `state`, and returns the strategy's target. The bar is lent for this call. The same state, bar
   * and options must always give the same answer.
   */
  onBar(bar: StrategyBar, state: S, options: SettingValues<O>): Answer;
  /** The values that signals and the live line show, by name. If this is absent, they show none. */
  values?(state: S, options: SettingValues<O>): Readonly<Record<string, number>>;
}

/**
 * Gives a strategy its types; returns it unchanged.
 *
 * @example
 * ```ts
 * import { defineStrategy } from "./define_strategy.ts";
 * import { assertEquals } from "@std/assert";
 * const strategy = defineStrategy({
 *   options: { rise: { default: 0.01, least: 0 } },
 *   start: () => ({ last: null as number | null }),
 *   onBar({ close }, state, { rise }) {
 *     const { last } = state;
 *     state.last = close;
 *     if (last === null) return null;
 *     return close > last * (1 + rise) ? "long" : close < last ? "flat" : null;
 *   },
 * });
 * assertEquals(strategy.start({ rise: 0.01 }), { last: null });
 * ```
 */
export function defineStrategy<
  const O extends Readonly<Record<string, StrategySetting>>,
  S extends object,
>(definition: StrategyDefinition<O, S>): StrategyDefinition<O, S> {
  return definition;
}
