/** A sweep before it reads trades: its market, its instrument, its files, and the configurations that can run. */
import type { Configuration } from "../../../config/configuration.ts";
import { shownConfig } from "../../../config/config.ts";
import type { Swept } from "../../../config/grid.ts";
import { type SettledInstrument, settleInstrument } from "../../../config/instrument_settlement.ts";
import type { Config } from "../../../config/options.ts";
import { withoutSettings } from "../../../config/set_lists.ts";
import type { ShownOptions } from "../../../domain/run/sweep_result.ts";
import { shownOf } from "../../../feeds/files/strategy_file.ts";
import { isStrategyName } from "../../../stages/strategies/known_strategies.ts";
import { recordingsOf } from "../folders.ts";
import { ruleSetOf } from "../instruments.ts";
import { withRecordedMarket } from "../recorded_market.ts";
import { type OwnSweep, ownSweep } from "./own_options.ts";

/** What is known about a sweep before its first pass. */
export interface PreparedSweep extends Pick<SettledInstrument, "config" | "sources"> {
  /** The same before the instrument was settled. */
  readonly configuration: Configuration;
  readonly rules: Parameters<typeof settleInstrument>[1];
  /** The strategy, if it is the user's own. */
  readonly own: OwnSweep | null;
  readonly swept: Swept;
  readonly files: readonly string[];
  /** A warning about each file that was skipped. */
  readonly skipped: readonly string[];
  /** A configuration as it is shown, without what varies within `--set`. */
  readonly shownWith: (config: Config) => ShownOptions;
}

/** Prepares the sweep of a grid over the files at `paths`. Throws as a backtest does. */
export async function prepareSweep(
  paths: readonly string[],
  chosen: Configuration & { readonly swept: Swept },
  signal: AbortSignal,
): Promise<PreparedSweep> {
  const configuration = await withRecordedMarket(paths, chosen, signal);
  const rules = await ruleSetOf(configuration, signal);
  const { config, sources } = settleInstrument(configuration, rules);
  const own = isStrategyName(config.strategy) ? null : await ownSweep(config.strategy, chosen.swept);
  const swept = own?.swept ?? chosen.swept;
  const { files, skipped } = await recordingsOf(paths, config, signal);
  const settings = swept.grid.axes.flatMap(({ setting }) => setting ?? []);
  const shownWith = (one: Config): ShownOptions =>
    withoutSettings({ ...shownConfig(one), ...shownOf(own?.at(swept.places[0]!) ?? null) }, settings);
  return { configuration, config, sources, rules, own, swept, files, skipped, shownWith };
}
