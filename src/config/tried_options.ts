/** What makes two configurations the same try. */
import { shownValue } from "./config.ts";
import type { OptionGroup } from "./option.ts";
import { defaultText, OPTION_NAMES, OPTIONS } from "./options.ts";
import { isStrategyOption, strategyReading } from "./strategy_options.ts";

/** The groups whose options decide what a run does with its trades. */
const DECIDING: readonly OptionGroup[] = ["trading", "risk", "orders", "instrument"];

/** The hash of a strategy's file, which is shown beside the options. */
const SHA256 = "strategySha256";

/**
 * A text that two configurations share if they do the same with the same trades. It leaves out the symbol, which the
 * trades have, and options at their defaults, so that an option of a later version changes no older text. `shown` is a
 * configuration as events have it; a strategy of one's own counts by the hash of its file, wherever that lies.
 *
 * @example
 * ```ts
 * import { triedOptions } from "./tried_options.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(triedOptions({ symbol: "ETHUSDT", short: 20, long: 60, json: true }), '{"long":60}');
 * ```
 */
export function triedOptions(shown: Readonly<Record<string, unknown>>): string {
  const chosen = String(shown["strategy"] ?? OPTIONS.strategy.default);
  const isOwn = SHA256 in shown;
  const deciding: string[] = OPTION_NAMES.filter((name) => {
    if (name === "symbol" || name === "strategy" && isOwn || !DECIDING.includes(OPTIONS[name].group)) {
      return false;
    }
    const value = shown[name] ?? null;
    if (value === null) return false;
    const byDefault = isStrategyOption(name)
      ? strategyReading(chosen, name)?.default
      : defaultText(name, "backtest");
    return byDefault == null || value !== shownValue(OPTIONS[name].read(byDefault));
  });
  if (isOwn) deciding.push(SHA256);
  return JSON.stringify(Object.fromEntries(deciding.map((name) => [name, shown[name]])));
}
