/** A user's strategy in a sweep: which of the options it accepts. */
import type { Swept } from "../../../config/grid.ts";
import { ConfigError } from "../../../domain/process/config_error.ts";
import { type LoadedStrategy, loadStrategyFile } from "../../../feeds/files/strategy_file.ts";

/** A sweep over a user's strategy. */
export interface OwnSweep {
  /** The grid, and those of its combinations that the strategy accepts too. */
  readonly swept: Swept;
  /** The strategy at a place of the grid. */
  readonly at: (place: number) => LoadedStrategy;
}

/**
 * Loads the strategy in the file `path` with every combination of options that the grid has for it. Throws a ConfigError
 * if the file cannot be used, and if the strategy starts with none of them.
 */
export async function ownSweep(path: string, { grid, places }: Swept): Promise<OwnSweep> {
  const file = await loadStrategyFile(path);
  const loaded = new Map<string | null, LoadedStrategy | ConfigError>();
  const at = (place: number): LoadedStrategy | ConfigError => {
    const text = grid.given(place).set?.text ?? null;
    let found = loaded.get(text);
    if (found === undefined) loaded.set(text, found = startedWith(() => file.with(text)));
    return found;
  };
  const taken = places.filter((place) => !(at(place) instanceof ConfigError));
  if (taken.length === 0) throw at(places[0]!) as ConfigError;
  return { swept: { grid, places: taken }, at: (place) => at(place) as LoadedStrategy };
}

/** The strategy, or why it does not start. */
function startedWith(start: () => LoadedStrategy): LoadedStrategy | ConfigError {
  try {
    return start();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
