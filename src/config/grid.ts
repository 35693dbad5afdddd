/** The grid of a sweep: every combination of the values that its options take. */
import { ConfigError } from "../domain/process/config_error.ts";
import type { ShownOptions } from "../domain/run/sweep_result.ts";
import {
  combinationMistakes,
  type Configuration,
  configure,
  type GivenOptions,
  nameIn,
  shownValue,
  type Source,
} from "./config.ts";
import { NotAllowed } from "./option_values.ts";
import { type Config, type OptionName, OPTIONS } from "./options.ts";
import { isStrategyFile, isStrategyOption, strategyReading } from "./strategy_options.ts";
import type { OptionGroup } from "./option.ts";
import { valuesIn } from "./value_list.ts";

/** The most combinations. */
export const MOST_CONFIGURATIONS = 1_000_000;

/** Options of these groups may vary: none of them changes which trades are read. */
const VARYING: readonly OptionGroup[] = ["trading", "risk", "orders", "instrument"];
/** These options never vary: a comma belongs to their value, or another value would be another market. */
const FIXED: readonly OptionName[] = ["symbol", "set", "instruments"];

/** An option that varies. */
export interface Axis {
  readonly name: OptionName;
  readonly source: Source;
  /** The texts of its values, in order, at least two. */
  readonly values: readonly string[];
}

/** All combinations. The last axis varies fastest. */
export class Grid {
  readonly axes: readonly Axis[];
  /** How many combinations there are. */
  readonly size: number;
  readonly #given: GivenOptions;
  readonly #shown = new Map<string, ReadonlyMap<ShownOptions[string], number>>();
  /** The first combination that could be read, for the options that do not vary. */
  #base: Configuration | null = null;
  readonly #read: Map<number, unknown>[] = [];

  /**
   * The grid of the options given, in the order of the command line. Mistakes are added to `mistakes`.
   */
  constructor(given: GivenOptions, mistakes: string[]) {
    this.#given = { ...given };
    this.axes = Object.entries(given).flatMap(([key, { text, source }]): Axis[] => {
      const name = key as OptionName;
      if (!mayVary(name)) return [];
      try {
        const values = distinct(name, valuesIn(text));
        // A list such as 5,5 or a range such as 5..5:1 has one value, which no single run could read as it is written.
        if (values.length === 1) this.#given[name] = { text: values[0]!, source };
        return values.length > 1 ? [{ name, source, values }] : [];
      } catch (error) {
        if (!(error instanceof NotAllowed)) throw error;
        mistakes.push(`${nameIn(source, name)} is "${text}": expected ${error.message}`);
        delete this.#given[name];
        return [];
      }
    });
    this.size = this.axes.reduce((size, { values }) => size * values.length, 1);
    if (this.size > MOST_CONFIGURATIONS) {
      mistakes.push(
        `the grid has ${this.size} configurations: expected up to ${MOST_CONFIGURATIONS}. Take larger steps or fewer options`,
      );
    }
  }

  /** The options of the combination at `place`, from 0, as if only its values had been given. */
  given(place: number): GivenOptions {
    const texts = this.#textsAt(place);
    const one: GivenOptions = { ...this.#given };
    for (const [at, { name, source }] of this.axes.entries()) one[name] = { text: texts[at]!, source };
    return one;
  }

  /** The configuration of a combination. Throws a ConfigError for one that no single run accepts. */
  configuration(place: number): Configuration {
    const base = this.#base;
    const given = this.given(place);
    // The other options of another strategy are others, and have other defaults.
    if (base === null || this.axes.some(({ name }) => name === "strategy")) {
      return this.#base = configure(given, [], "sweep");
    }
    const config: Record<string, unknown> = { ...base.config };
    for (const [axis, at] of this.coordinates(place).entries()) {
      config[this.axes[axis]!.name] = this.#valueAt(axis, at, base.config.strategy);
    }
    const configuration = { config: config as Config, sources: base.sources };
    const mistakes = combinationMistakes(configuration, given, "sweep");
    if (mistakes.length > 0) throw new ConfigError(mistakes);
    return configuration;
  }

  /** The combinations that single runs accept, in order. Throws a ConfigError if there are none. */
  accepted(): number[] {
    const places: number[] = [];
    let first: ConfigError | null = null;
    for (let place = 0; place < this.size; place++) {
      try {
        this.configuration(place);
        places.push(place);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        first ??= error;
      }
    }
    if (places.length > 0) return places;
    if (this.size === 1) throw first!;
    throw new ConfigError([
      `none of the ${this.size} configurations of the grid can run: expected at least one. The first one:`,
      ...first!.mistakes,
    ]);
  }

  /** The options that vary, as a configuration of the grid shows them. */
  options({ config }: Configuration): ShownOptions {
    return Object.fromEntries(this.axes.map(({ name }) => [name, shownValue(config[name])]));
  }

  /** The combination that is `step` values further on one axis; null if there is none. */
  neighbour(place: number, axis: number, step: number): number | null {
    const stride = this.axes.slice(axis + 1).reduce((size, { values }) => size * values.length, 1);
    const { length } = this.axes[axis]!.values;
    const at = Math.floor(place / stride) % length + step;
    return at < 0 || at >= length ? null : place + step * stride;
  }

  /** The place of a combination on each axis. */
  coordinates(place: number): number[] {
    const found: number[] = [];
    let rest = place;
    for (const { values } of this.axes.toReversed()) {
      found.unshift(rest % values.length);
      rest = Math.floor(rest / values.length);
    }
    return found;
  }

  /**
   * The combination whose options a result shows as these, where `strategy` is the one of a grid that does not vary it;
   * null if the grid has none.
   */
  placeOf(options: ShownOptions, strategy: string): number | null {
    const chosen = String(options["strategy"] ?? strategy);
    let place = 0;
    for (const { name, values } of this.axes) {
      const at = this.#shownOn(name, values, chosen).get(options[name] ?? null);
      if (at === undefined) return null;
      place = place * values.length + at;
    }
    return place;
  }

  /** The place of each value of an axis, as a configuration with a strategy shows it. */
  #shownOn(
    name: OptionName,
    values: readonly string[],
    strategy: string,
  ): ReadonlyMap<ShownOptions[string], number> {
    const key = `${name} ${strategy}`;
    const known = this.#shown.get(key);
    if (known !== undefined) return known;
    const reading = isStrategyOption(name) ? strategyReading(strategy, name) : OPTIONS[name];
    const places = new Map<ShownOptions[string], number>();
    for (const [at, text] of values.entries()) {
      // A strategy without the option shows none, whatever the grid has for it.
      const shown = reading === null ? null : shownOf(reading, text);
      if (shown !== undefined && !places.has(shown)) places.set(shown, at);
    }
    this.#shown.set(key, places);
    return places;
  }

  /** A value of an axis, read once. */
  #valueAt(axis: number, at: number, strategy: string): unknown {
    const { name, values } = this.axes[axis]!;
    const read = this.#read[axis] ??= new Map();
    if (!read.has(at)) {
      const reading = isStrategyOption(name) ? strategyReading(strategy, name) : null;
      read.set(at, (reading ?? OPTIONS[name]).read(values[at]!));
    }
    return read.get(at);
  }

  #textsAt(place: number): string[] {
    return this.coordinates(place).map((at, axis) => this.axes[axis]!.values[at]!);
  }
}

/** A value as a configuration shows it; undefined for a text that cannot be read. */
function shownOf(
  { read }: { readonly read: (text: string) => Parameters<typeof shownValue>[0] },
  text: string,
): ShownOptions[string] | undefined {
  try {
    return shownValue(read(text));
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    return undefined;
  }
}

/** Whether an option may take several values in a sweep. */
function mayVary(name: OptionName): boolean {
  const { group, value } = OPTIONS[name];
  return value !== null && VARYING.includes(group) && !FIXED.includes(name);
}

/** The texts without those that repeat an earlier value. Throws NotAllowed for a text that cannot be read. */
function distinct(name: OptionName, texts: readonly string[]): string[] {
  const { read } = OPTIONS[name];
  if (name === "strategy" && texts.length > 1 && texts.some(isStrategyFile)) {
    throw new NotAllowed("a list of strategy names, or a file of your own alone");
  }
  const seen = new Set<unknown>();
  return texts.filter((text) => {
    let value: unknown = text;
    try {
      value = shownValue(read(text));
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      throw new NotAllowed(`${error.message}${texts.length > 1 ? `, not "${text}"` : ""}`);
    }
    if (seen.has(value)) return false;
    seen.add(value);
    return true;
  });
}

/** The grid of a sweep, and those of its combinations that can run, by their places. */
export interface Swept {
  readonly grid: Grid;
  readonly places: readonly number[];
}

/**
 * The grid of the options given, and the configuration of its first combination that can run. Throws a ConfigError that
 * names every mistake, `mistakes` first, or that says that none can run.
 */
export function configureSweep(
  given: GivenOptions,
  mistakes: readonly string[],
): Configuration & { readonly swept: Swept } {
  const found = [...mistakes];
  const grid = new Grid(given, found);
  if (found.length > 0) configure(grid.given(0), found, "sweep");
  const places = grid.accepted();
  return { ...grid.configuration(places[0]!), swept: { grid, places } };
}
