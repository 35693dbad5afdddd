/** The rows of the table of strategies: a strategy's options, its description, and how it is made. */
import type { Strategy } from "./strategy.ts";

interface Described {
  /** The default as text, as a user would give it. */
  readonly default: string;
  /** Shown in help for the value. */
  readonly value: string;
  readonly help: string;
}

/** An option that is a whole number, both limits included. */
export interface WholeOption extends Described {
  readonly kind: "whole";
  readonly least: number;
  readonly most: number;
}

/** An option that is a number with up to 6 decimals, both limits included. */
export interface NumberOption extends Described {
  readonly kind: "number";
  readonly least: number;
  readonly most: number;
}

/** An option that is one of a few words. */
export interface ChoiceOption<C extends string = string> extends Described {
  readonly kind: "choice";
  readonly choices: readonly C[];
}

/** One option of a strategy. */
export type StrategyOption = WholeOption | NumberOption | ChoiceOption;

/** Options by name, as the configuration file writes them. */
export type StrategyOptions = Readonly<Record<string, StrategyOption>>;

/** The values of options. */
export type StrategyValues<O extends StrategyOptions> = {
  readonly [K in keyof O]: O[K] extends ChoiceOption<infer C> ? C : number;
};

/** A strategy of the table. */
export interface StrategyKind<O extends StrategyOptions = StrategyOptions> {
  readonly options: O;
  /** Pairs of options in which the first must be below the second. */
  readonly ascending?: readonly (readonly [keyof O & string, keyof O & string])[];
  /** The strategy with its options in words, such as `RSI of 14 trades`; `unit` is the unit that it counts. */
  words(values: StrategyValues<O>, unit: string): string;
  /** Makes the strategy of one symbol. Throws a RangeError for values that its options do not allow. */
  make(values: StrategyValues<O>): Strategy;
}

/** Gives a row of the table its type. */
export function strategyKind<const O extends StrategyOptions>(kind: StrategyKind<O>): StrategyKind<O> {
  return kind;
}

/** A window, counted in bars, from `least` to `most`. */
export function windowOption(
  least: number,
  most: number,
  described: Pick<Described, "default" | "help">,
): WholeOption {
  return { kind: "whole", least, most, value: "BARS", ...described };
}

/** A number from `least` to `most`. */
export function numberOption(
  least: number,
  most: number,
  described: Pick<Described, "default" | "help">,
): NumberOption {
  return { kind: "number", least, most, value: "NUMBER", ...described };
}

/** One of a few words. */
export function choiceOption<const C extends string>(
  choices: readonly C[],
  described: Pick<Described, "default" | "help">,
): ChoiceOption<C> {
  return { kind: "choice", choices, value: choices.join("|"), ...described };
}
