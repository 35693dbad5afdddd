/** A configuration as plain values, which can be sent to a worker, and the lane that the worker makes from it. */
import { configFrom, engineChoices } from "../../../config/config.ts";
import { optionsOfStrategy } from "../../../config/strategy_options.ts";
import type { ShownOptions } from "../../../domain/run/sweep_result.ts";
import { loadStrategyFile, type StrategyFile } from "../../../feeds/files/strategy_file.ts";
import { DEFAULT_STRATEGY, isStrategyName, strategyOf } from "../../../stages/strategies/known_strategies.ts";
import type { LaneOptions } from "../../../stages/sweep/sweep_lanes.ts";

/** A configuration as events show it. */
export type LaneRequest = ShownOptions;

/** Users' strategies by path, each loaded once. */
export type LoadedFiles = Map<string, StrategyFile>;

/** The lane of a configuration. Throws a ConfigError if it cannot run. */
export async function laneOf(request: LaneRequest, files: LoadedFiles): Promise<LaneOptions> {
  const config = configFrom(request);
  const { strategy, set, average, short, long } = config;
  const own = isStrategyName(strategy) ? null : (await loaded(strategy, files)).with(set);
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

async function loaded(path: string, files: LoadedFiles): Promise<StrategyFile> {
  const known = files.get(path);
  if (known !== undefined) return known;
  const file = await loadStrategyFile(path);
  files.set(path, file);
  return file;
}

/** A text that two requests share only if they have the same strategy over the same bars. */
export function strategyTextOf(request: LaneRequest): string {
  const { strategy = DEFAULT_STRATEGY, bars, set = null } = request;
  const values = optionsOfStrategy(String(strategy)).map((name) => request[name] ?? null);
  return JSON.stringify([bars, strategy, set, ...values]);
}
