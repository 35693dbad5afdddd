/** The table of strategies. */
import { barsCounted, type BarSize, EACH_TRADE } from "../../domain/market/bar_size.ts";
import { BOLLINGER } from "./bollinger.ts";
import { CROSSOVER } from "./crossover.ts";
import { DONCHIAN } from "./donchian.ts";
import { HOLD } from "./hold.ts";
import { MACD } from "./macd.ts";
import { RSI } from "./rsi.ts";
import type { Strategy } from "./strategy.ts";
import type { StrategyKind, StrategyOptions, StrategyValues } from "./strategy_kind.ts";

/** Each strategy by its name. Help shows their options in this order. */
export const STRATEGIES = {
  crossover: CROSSOVER,
  rsi: RSI,
  macd: MACD,
  bollinger: BOLLINGER,
  donchian: DONCHIAN,
  hold: HOLD,
} as const;

type Kinds = typeof STRATEGIES;

/** The name of a strategy. */
export type StrategyName = keyof Kinds;

type OptionsIn<K> = K extends StrategyKind<infer O> ? O : never;

/** The name of an option that some strategy has. */
export type StrategyOptionName = { [N in StrategyName]: keyof OptionsIn<Kinds[N]> }[StrategyName];

/** The value of such an option. */
export type StrategyOptionValue<N extends StrategyOptionName> = {
  [K in StrategyName]: N extends keyof OptionsIn<Kinds[K]> ? StrategyValues<OptionsIn<Kinds[K]>>[N] : never;
}[StrategyName];

/**
 * The strategy of a run and its options; options of other strategies are null or absent, and its own may be absent for
 * their defaults.
 */
export type StrategyChoice =
  & { readonly strategy?: string }
  & { readonly [N in StrategyOptionName]?: StrategyOptionValue<N> | null };

/** The strategy that a run has unless it is given another. */
export const DEFAULT_STRATEGY = "crossover" satisfies StrategyName;

/** The options that strategies have, in the table's order. */
export const STRATEGY_OPTION_NAMES = [
  ...new Set(Object.values(STRATEGIES).flatMap(({ options }) => Object.keys(options))),
] as StrategyOptionName[];

/** Whether a text is the name of a strategy in the table. */
export function isStrategyName(text: string): text is StrategyName {
  return Object.hasOwn(STRATEGIES, text);
}

/** The default of an option in a configuration that does not show it; null if its strategy has none of that name. */
export function defaultOf(
  name: string,
  { strategy = DEFAULT_STRATEGY }: { readonly strategy?: unknown },
): string | null {
  if (!isStrategyName(String(strategy))) return null;
  return kindOf(strategy as StrategyName).options[name]?.default ?? null;
}

/** A strategy of the table, with options of any type. */
export function kindOf(name: StrategyName): StrategyKind {
  return STRATEGIES[name] as unknown as StrategyKind;
}

/**
 * Returns a factory for the chosen strategy of a symbol, which is `own` for a user's file. Throws a RangeError for a
 * name that the table lacks; the factory throws one for options that no run can have.
 */
export function strategyOf(choice: StrategyChoice, own: (() => Strategy) | null = null): () => Strategy {
  if (own !== null) return own;
  const [kind, values] = chosen(choice);
  return () => kind.make(values);
}

/**
 * How many closes the strategy of a run with these `options` remembers; null if no run can have them, or they have none
 * of a strategy's options. For journals of older versions, which kept the options only.
 */
export function remembersUnder(options: unknown): number | null {
  const choice = (options ?? {}) as StrategyChoice;
  if (!STRATEGY_OPTION_NAMES.some((name) => name in choice)) return null;
  try {
    return strategyOf(choice)().remembers;
  } catch {
    return null;
  }
}

/** The chosen strategy with its options in words, from a configuration or what is shown of one. */
export function strategyWords(choice: object): string {
  const { strategy = DEFAULT_STRATEGY, bars = EACH_TRADE, set } = choice as StrategyChoice & {
    readonly bars?: BarSize | string;
    readonly set?: string | null;
  };
  if (!isStrategyName(strategy)) return `strategy ${strategy}${set ? ` with ${set}` : ""}`;
  const [kind, values] = chosen(choice as StrategyChoice);
  return kind.words(values, barsCounted(bars));
}

/**
 * The options of strategies that a kept configuration must have, because the strategy in it has them; those with which
 * the default strategy began.
 */
export function keptOptions(
  { strategy = DEFAULT_STRATEGY }: { readonly strategy?: unknown },
): readonly string[] {
  if (strategy === DEFAULT_STRATEGY) return ["short", "long"];
  return isStrategyName(String(strategy)) ? Object.keys(kindOf(strategy as StrategyName).options) : [];
}

function chosen(choice: StrategyChoice): [StrategyKind, StrategyValues<StrategyOptions>] {
  const { strategy = DEFAULT_STRATEGY } = choice;
  if (!isStrategyName(strategy)) throw new RangeError(`There is no strategy "${strategy}"`);
  const kind = kindOf(strategy);
  const given = choice as Readonly<Record<string, number | string | null | undefined>>;
  const values = Object.entries(kind.options).map(([name, option]) => {
    const byDefault = option.kind === "choice" ? option.default : Number(option.default);
    return [name, given[name] ?? byDefault];
  });
  return [kind, Object.fromEntries(values)];
}
