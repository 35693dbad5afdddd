/** What makes two configurations the same: the options that decide what a run does. */
import { shownValue } from "./configuration.ts";
import type { OptionGroup } from "./option.ts";
import { defaultText, OPTION_NAMES, type OptionName, OPTIONS } from "./options.ts";
import { isStrategyOption, strategyReading } from "./strategy_options.ts";

/** A configuration as events show it. */
export type Shown = Readonly<Record<string, unknown>>;

/** A value as `shownValue` writes it. */
type OptionValue = ReturnType<typeof shownValue>;

/** The groups whose options decide what a run does with its trades. */
const DECIDING: readonly OptionGroup[] = ["trading", "risk", "orders", "instrument"];

/** Options about the input that decide which trades a run gets, or when they end. */
const CHOOSING: readonly OptionName[] = [
  ...["from", "to", "sort", "skipBad", "columns", "timeUnit", "stopAfter"] as const,
];

/** Options that decide what a sweep chooses, and by which of the trades. */
const OF_SWEEPS: readonly OptionName[] = ["rank", "test", "walkForward"];

/** The hash of a strategy's file, which is shown beside the options. */
export const STRATEGY_HASH = "strategySha256";

/** Shown beside the options without being one: where the instrument's rules come from. */
const INSTRUMENT = "instrument";

/**
 * Returns every option that decides what a run does and with which trades, by name. An option that `shown` lacks, as in
 * older versions and in commands without it, gets its default; null for none. An option that this version does not know
 * may decide something, and is included. Options about where results are written, how they are shown and how an
 * exchange is reached are left out; unless `isSweep` is set, so are those that only a sweep has.
 */
export function comparedOptions(
  shown: Shown,
  isSweep = false,
): Record<string, OptionValue> {
  const names = [...decidingNames(shown), ...CHOOSING, ...(isSweep ? OF_SWEEPS : [])];
  const named = names.map((name) => [name, valueOf(shown, name)] as const);
  return {
    ...Object.fromEntries(named),
    ...Object.fromEntries(Object.entries(shown).filter(([name]) => isUnknown(name))) as Record<
      string,
      OptionValue
    >,
    ...(STRATEGY_HASH in shown ? { [STRATEGY_HASH]: String(shown[STRATEGY_HASH]) } : {}),
  };
}

/** The options of the deciding groups that the strategy has. The path of a strategy's file decides nothing. */
export function decidingNames(shown: Shown): OptionName[] {
  const chosen = strategyIn(shown);
  return OPTION_NAMES.filter((name) =>
    !(name === "strategy" && STRATEGY_HASH in shown) && DECIDING.includes(OPTIONS[name].group) &&
    (!isStrategyOption(name) || strategyReading(chosen, name) !== null)
  );
}

/** The value in `shown`, or the default with the strategy of `within`. */
export function valueOf(
  shown: Shown,
  name: OptionName,
  within: Shown = shown,
): OptionValue {
  const value = shown[name];
  if (value !== undefined) return value as OptionValue;
  const byDefault = isStrategyOption(name)
    ? strategyReading(strategyIn(within), name)?.default
    : defaultText(name, "backtest");
  return byDefault == null ? null : shownValue(OPTIONS[name].read(byDefault));
}

function isUnknown(name: string): boolean {
  return name !== INSTRUMENT && name !== STRATEGY_HASH && !Object.hasOwn(OPTIONS, name);
}

function strategyIn(shown: Shown): string {
  return String(shown["strategy"] ?? OPTIONS.strategy.default);
}
