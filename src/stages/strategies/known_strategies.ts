/** The table of strategies. */
import { Crossover } from "./crossover.ts";
import type { Strategy } from "./strategy.ts";

/** The options that strategies are made from. */
export interface StrategyOptions {
  /** Windows in bars. */
  readonly short: number;
  readonly long: number;
}

/** Each makes the strategy of one symbol. */
const STRATEGIES = {
  crossover: ({ short, long }) => new Crossover(short, long),
} as const satisfies Record<string, (options: StrategyOptions) => Strategy>;

/** The name of a strategy. */
export type StrategyName = keyof typeof STRATEGIES;

/**
 * How many closes the strategy of a run with these `options` remembers; null if no run can have them. For journals of
 * older versions, which kept the options only; their one strategy was the crossover.
 */
export function remembersUnder(options: unknown): number | null {
  const { short, long } = (options ?? {}) as Partial<Record<keyof StrategyOptions, unknown>>;
  try {
    return new Crossover(Number(short), Number(long)).remembers;
  } catch {
    return null;
  }
}

/** Returns a factory for the strategy `name` of a symbol. It throws a RangeError for options that no run can have. */
export function strategyOf(options: StrategyOptions, name: StrategyName = "crossover"): () => Strategy {
  return () => STRATEGIES[name](options);
}
