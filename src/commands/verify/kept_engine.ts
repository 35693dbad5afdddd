/** Makes the engine of a run from the options in its journal's entries. */
import { configFrom, engineChoices } from "../../config/config.ts";
import { decoderOf } from "../../exchanges/known_exchanges.ts";
import { Engine } from "../../stages/engine.ts";
import { BEFORE, LASTING } from "../../stores/journal/run_journal.ts";
import { strategyOf } from "../../stages/strategies/known_strategies.ts";
import type { KeptEngine } from "../../stores/verification/verification.ts";

/** The options that a derivation needs. No default may replace them. */
const NEEDED = [
  ...LASTING.filter((name) => BEFORE[name] === undefined),
  ...["maxDrawdown", "maxDailyLoss", "onHalt", "maxPosition", "maxOrders", "cooldown", "maxLag"],
  ...["stopLoss", "takeProfit"],
] as const;

/** Makes the engine of a run at its start. Throws a ConfigError if the options cannot be those of a run. */
export function keptEngine(options: Readonly<Record<string, unknown>>): KeptEngine {
  const config = configFrom(options, NEEDED);
  return {
    decoder: decoderOf(config),
    // A difference is shown with its line, so nothing is read beyond its block.
    engine: new Engine({
      ...engineChoices(config),
      strategy: strategyOf(config),
      stopAfter: null,
      readsAhead: false,
    }),
  };
}
