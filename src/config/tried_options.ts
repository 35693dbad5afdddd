/** What makes two configurations the same try. */
import { decidingNames, type Shown, STRATEGY_HASH, valueOf } from "./deciding_options.ts";

/**
 * A text that two configurations share if they do the same with the same trades. The text leaves out the symbol, which
 * the trades have, and options at their defaults, so that an option of a later version changes no older text. `shown` is
 * a configuration as events show it. A user's own strategy is identified by the hash of its file, not by its path.
 *
 * @example
 * ```ts
 * import { triedOptions } from "./tried_options.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(triedOptions({ symbol: "ETHUSDT", short: 20, long: 60, json: true }), '{"long":60}');
 * ```
 */
export function triedOptions(shown: Shown): string {
  const deciding = decidingNames(shown).filter((name) => name !== "symbol");
  const differing = deciding.filter((name) => valueOf(shown, name) !== valueOf({}, name, shown));
  const named: [string, unknown][] = differing.map((name) => [name, shown[name]]);
  if (STRATEGY_HASH in shown) named.push([STRATEGY_HASH, shown[STRATEGY_HASH]]);
  return JSON.stringify(Object.fromEntries(named));
}
