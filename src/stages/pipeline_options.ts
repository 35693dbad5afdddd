/** The options of a pipeline. */
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import type { BarSize } from "../domain/market/bar_size.ts";
import type { RowOptions } from "./block_builder.ts";
import type { BlockFollower } from "./block_follower.ts";
import type { Strategy } from "./strategies/strategy.ts";

/** The options of a pipeline. */
export interface PipelineOptions extends RowOptions {
  readonly symbol: string;
  /** Makes the strategy of a symbol. */
  readonly strategy: () => Strategy;
  /** When the strategy's bars close; absent if every trade is a bar. */
  readonly bars?: BarSize;
  readonly parameters: TradingParameters;
  /** The other symbols that the same account trades, each with its own rules if they differ; absent for none. */
  readonly others?: Readonly<Record<string, Partial<TradingRules>>>;
  /** The run ends after this many trades have gone through the averages; null for never. */
  readonly stopAfter: number | null;
  /** Whether `results` will be asked for at the end. */
  readonly withResults?: boolean;
  /** Whether `chart` will be asked for at the end. */
  readonly withChart?: boolean;
  /** Whether no snapshot will be taken. Then no digest of the trades is computed, because only snapshots have it. */
  readonly isTransient?: boolean;
  /** Whether signals, refusals and fills are only counted, and not emitted as events. */
  readonly isQuiet?: boolean;
  /** How many refusals are emitted all the same; absent for none. */
  readonly refusalsShown?: number;
  /** Whether `run` ends early at a gap, so that the missing trades can be fetched; see `heldGap`. */
  readonly holdsAtGaps?: boolean;
  /** What runs over the same blocks: other fill models, behind the same signals, or the lanes of a sweep. */
  readonly models?: readonly BlockFollower[];
}
