/** The configurations of a sweep's grid, each as a single run would have it. */
import { shownConfig } from "../../../config/config.ts";
import type { Grid } from "../../../config/grid.ts";
import { settleInstrument } from "../../../config/instrument_settlement.ts";
import type { Config } from "../../../config/options.ts";
import { shownOf } from "../../../feeds/files/strategy_file.ts";
import type { LaneRequest } from "./lane_request.ts";
import type { OwnSweep } from "./own_options.ts";

/** Makes the requests of one sweep. */
export class GridRequests {
  /** The configuration in force. The first file may decide the bars, if the user has not given them. */
  inForce: Config;
  readonly #grid: Grid;
  readonly #shared: Config;
  readonly #rules: Parameters<typeof settleInstrument>[1];
  readonly #own: OwnSweep | null;

  /** `config` is the one that all passes share, `own` a user's strategy. */
  constructor(
    grid: Grid,
    { config, rules, own }: {
      readonly config: Config;
      readonly rules: Parameters<typeof settleInstrument>[1];
      readonly own: OwnSweep | null;
    },
  ) {
    this.#grid = grid;
    this.#shared = this.inForce = config;
    this.#rules = rules;
    this.#own = own;
  }

  /** The configuration at a place of the grid. */
  at(place: number): LaneRequest {
    const { config, sources } = this.#grid.configuration(place);
    const { symbol, exchange } = this.#shared;
    const own = this.#own?.at(place) ?? null;
    const settled =
      // The database that passed the configuration on does not affect the result, and must not be shown.
      settleInstrument({ config: { ...config, symbol, exchange, queue: null }, sources }, this.#rules).config;
    const { bars } = sources.bars === "default" ? this.inForce : settled;
    return { ...shownConfig({ ...settled, bars }), ...shownOf(own) };
  }
}
