/** A configuration as plain values, which can be sent to a worker, and the lane that it becomes there. */
import { configFrom, engineChoices } from "../../../config/config.ts";
import { optionsOfStrategy } from "../../../config/strategy_options.ts";
import type { ShownOptions } from "../../../domain/run/sweep_result.ts";
import { chosenFile } from "../../../feeds/files/strategy_file.ts";
import { DEFAULT_STRATEGY, strategyOf } from "../../../stages/strategies/known_strategies.ts";
import type { LaneOptions } from "../../../stages/sweep/sweep_lanes.ts";

/** A configuration as events show it. */
export type LaneRequest = ShownOptions;

/** The lane of a configuration. Throws as `chosenFile` does. */
export async function laneOf(request: LaneRequest): Promise<LaneOptions> {
  const config = configFrom(request);
  const { strategy, set, average, short, long } = config;
  const own = await chosenFile(config);
  const { bars, parameters } = engineChoices(config);
  const values = optionsOfStrategy(strategy).map((name) => config[name]);
  const isSimple = strategy === "crossover" && average === "sma" && short !== null && long !== null;
  return {
    bars,
    parameters,
    strategy: strategyOf(config, own?.make),
    strategyKey: JSON.stringify([strategy, own?.settings ?? set, ...values]),
    windows: isSimple ? { short, long } : null,
  };
}

/** What two requests with the same strategy over the same bars have in common, and no others. */
export function strategyTextOf(request: LaneRequest): string {
  const { strategy = DEFAULT_STRATEGY, bars, set = null } = request;
  const values = optionsOfStrategy(String(strategy)).map((name) => request[name] ?? null);
  return JSON.stringify([bars, strategy, set, ...values]);
}
