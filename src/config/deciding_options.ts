/** What makes two configurations the same: the options that decide what a run does. */
import { shownValue } from "./config.ts";
import type { OptionGroup } from "./option.ts";
import { defaultText, OPTION_NAMES, type OptionName, OPTIONS } from "./options.ts";
import { isStrategyOption, strategyReading } from "./strategy_options.ts";

/** A configuration as events have it. */
type Shown = Readonly<Record<string, unknown>>;

/** The groups whose options decide what a run does with its trades. */
const DECIDING: readonly OptionGroup[] = ["trading", "risk", "orders", "instrument"];

/** Options about the input that decide which trades there are, or when they end. */
const CHOOSING: readonly OptionName[] = [
  ...["from", "to", "sort", "skipBad", "columns", "timeUnit", "stopAfter"] as const,
];

/** The hash of a strategy's file, which is shown beside the options. */
const SHA256 = "strategySha256";

/**
 * A text that two configurations share if they do the same with the same trades. It leaves out the symbol, which the
 * trades have, and options at their defaults, so that an option of a later version changes no older text. `shown` is a
 * configuration as events have it; a strategy of one's own counts by the hash of its file, wherever that lies.
 *
 * @example
 * ```ts
 * import { triedOptions } from "./deciding_options.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(triedOptions({ symbol: "ETHUSDT", short: 20, long: 60, json: true }), '{"long":60}');
 * ```
 */
export function triedOptions(shown: Shown): string {
  const isOwn = SHA256 in shown;
  const deciding = decidingNames(shown).filter((name) =>
    name !== "symbol" && !(name === "strategy" && isOwn)
  );
  const differing = deciding.filter((name) => valueOf(shown, name) !== valueOf({}, name, shown));
  const named: [string, unknown][] = differing.map((name) => [name, shown[name]]);
  if (SHA256 in shown) named.push([SHA256, shown[SHA256]]);
  return JSON.stringify(Object.fromEntries(named));
}

/**
 * Every option that decides what a run does and with which trades, by name, with the default where `shown` lacks it, as
 * older versions and commands without the option do; null for none. Where results are written, how they are shown and
 * how an exchange is reached are left out.
 */
export function comparedOptions(shown: Shown): Record<string, string | number | boolean | null> {
  const named = [...decidingNames(shown), ...CHOOSING].map((name) => [name, valueOf(shown, name)] as const);
  return { ...Object.fromEntries(named), ...(SHA256 in shown ? { [SHA256]: String(shown[SHA256]) } : {}) };
}

/** The options of the deciding groups that the strategy has. The place of a strategy's file decides nothing. */
function decidingNames(shown: Shown): OptionName[] {
  const chosen = strategyIn(shown);
  return OPTION_NAMES.filter((name) =>
    !(name === "strategy" && SHA256 in shown) && DECIDING.includes(OPTIONS[name].group) &&
    (!isStrategyOption(name) || strategyReading(chosen, name) !== null)
  );
}

/** The value in `shown`, or the default with the strategy of `within`. */
function valueOf(shown: Shown, name: OptionName, within: Shown = shown): string | number | boolean | null {
  const value = shown[name];
  if (value !== undefined) return value as string | number | boolean | null;
  const byDefault = isStrategyOption(name)
    ? strategyReading(strategyIn(within), name)?.default
    : defaultText(name, "backtest");
  return byDefault == null ? null : shownValue(OPTIONS[name].read(byDefault));
}

function strategyIn(shown: Shown): string {
  return String(shown["strategy"] ?? OPTIONS.strategy.default);
}
