/** Makes the engine of a run from the options in its journal's entries. */
import { configFrom, engineChoices } from "../../config/config.ts";
import { decoderOf } from "../../exchanges/known_exchanges.ts";
import { Engine } from "../../stages/engine.ts";
import { EARLIER_VALUES, PERMANENT_OPTIONS } from "../../stores/journal/run_journal.ts";
import type { OptionName } from "../../config/options.ts";
import { keptOptions, STRATEGY_OPTION_NAMES, strategyOf } from "../../stages/strategies/known_strategies.ts";
import type { LoadedStrategy } from "../../feeds/files/strategy_file.ts";
import type { KeptEngine } from "../../stores/verification/verification.ts";

const OF_STRATEGY: readonly string[] = ["strategy", ...STRATEGY_OPTION_NAMES, "set", "strategySha256"];

/**
 * The options that a derivation needs besides those of its strategy. A default may replace one of them only if every
 * run once had that value.
 */
const NEEDED = [
  ...PERMANENT_OPTIONS.filter((name) => EARLIER_VALUES[name] === undefined && !OF_STRATEGY.includes(name)),
  ...["maxDrawdown", "maxDailyLoss", "onHalt", "maxPosition", "maxOrders", "cooldown", "maxLag"],
  ...["stopLoss", "takeProfit"],
];

/**
 * Makes the engine of a run at its start, with the strategy `own` if that is a file. Throws a ConfigError if the options
 * cannot be those of a run, or of a run with that file.
 */
export function keptEngine(
  options: Readonly<Record<string, unknown>>,
  own: LoadedStrategy | null = null,
): KeptEngine {
  const config = configFrom(options, [...NEEDED, ...keptOptions(options)] as OptionName[]);
  return {
    decoder: decoderOf(config),
    // A difference is shown with its line, so nothing is read beyond its block.
    engine: new Engine({
      ...engineChoices(config),
      strategy: strategyOf(config, own?.make),
      stopAfter: null,
      readsAhead: false,
    }),
  };
}
