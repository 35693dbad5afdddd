/** The grid of a sweep: every combination of the values that its options take. */
import { ConfigError } from "../domain/process/config_error.ts";
import type { ShownOptions } from "../domain/run/sweep_result.ts";
import { DEFAULT_STRATEGY } from "../stages/strategies/known_strategies.ts";
import { combinationMistakes } from "./combination_rules.ts";
import { configure, readOptions } from "./config.ts";
import { type Configuration, type GivenOptions, shownValue } from "./configuration.ts";
import { axesOf, type Axis, type GridAxes } from "./grid_axes.ts";
import { refusalsOf } from "./grid_refusals.ts";
import { NotAllowed } from "./option_values.ts";
import { type Config, OPTIONS } from "./options.ts";
import { setText, valueInSet } from "./set_lists.ts";
import { isStrategyOption, strategyReading } from "./strategy_options.ts";

/** The options that do not vary, as one strategy reads them. */
interface Base extends Configuration {
  /** Whether every one of them can be read. */
  readonly isReadable: boolean;
}

/** All combinations. The last axis varies fastest. */
export class Grid {
  readonly axes: readonly Axis[];
  /** The options that it was made from, with lists and ranges as they were given. */
  readonly asked: GivenOptions;
  /** How many combinations there are. */
  readonly size: number;
  readonly #all: GridAxes;
  readonly #strides: readonly number[];
  readonly #shown = new Map<string, ReadonlyMap<ShownOptions[string], number>>();
  readonly #bases = new Map<string, Base>();
  readonly #read = new Map<string, readonly unknown[]>();

  /**
   * The grid of the options given, in the order of the command line. Mistakes are added to `mistakes`.
   */
  constructor(given: GivenOptions, mistakes: string[]) {
    this.asked = given;
    this.#all = axesOf(given, mistakes);
    this.axes = this.#all.axes;
    this.#strides = this.axes.map((_, axis) =>
      this.axes.slice(axis + 1).reduce((size, { values }) => size * values.length, 1)
    );
    this.size = this.axes.reduce((size, { values }) => size * values.length, 1);
  }

  /** The options of the combination at `place`, from 0, as if only its values had been given. */
  given(place: number): GivenOptions {
    const { fixed, settings } = this.#all;
    const one: GivenOptions = { ...fixed };
    const chosen = new Map<string, string>();
    for (const [axis, at] of this.coordinates(place).entries()) {
      const { option, setting, source, values } = this.axes[axis]!;
      if (setting === null) one[option] = { text: values[at]!, source };
      else chosen.set(setting, values[at]!);
    }
    if (settings.length > 0) {
      const text = setText(settings.map(({ name, values }) => [name, chosen.get(name) ?? values[0]!]));
      one.set = { ...fixed.set!, text };
    }
    return one;
  }

  /** The configuration of a combination. Throws a ConfigError for one that no single run accepts. */
  configuration(place: number): Configuration {
    const given = this.given(place);
    const strategy = given.strategy?.text ?? DEFAULT_STRATEGY;
    const { config: base, sources, isReadable } = this.baseOf(strategy);
    if (!isReadable) return configure(given, [], "sweep");
    const config: Record<string, unknown> = { ...base };
    for (const [axis, at] of this.coordinates(place).entries()) {
      const { option, setting } = this.axes[axis]!;
      const value = setting === null ? this.valuesOn(axis, strategy)[at] : given.set!.text;
      if (value === undefined) return configure(given, [], "sweep");
      config[option] = value;
    }
    const configuration = { config: config as Config, sources };
    const mistakes = combinationMistakes({ ...configuration, command: "sweep" }, given);
    if (mistakes.length > 0) throw new ConfigError(mistakes);
    return configuration;
  }

  /** The combinations that single runs accept, in order. Throws a ConfigError if there are none. */
  accepted(): number[] {
    const { isRefused, isBaseRefused } = refusalsOf(this, this.#all.fixed.strategy?.text ?? DEFAULT_STRATEGY);
    const places: number[] = [];
    for (let place = 0; place < this.size; place++) if (isRefused[place] === 0) places.push(place);
    if (places.length > 0) return places;
    try {
      configure(this.given(0), [], "sweep");
    } catch (error) {
      // A mistake that no value of the grid changes is reported for the options, not for the grid.
      if (!(error instanceof ConfigError) || this.size === 1 || isBaseRefused) throw error;
      throw new ConfigError([
        `none of the ${this.size} configurations of the grid can run: expected at least one. The first one:`,
        ...error.mistakes,
      ]);
    }
    throw new TypeError("The first combination is refused, but can run");
  }

  /** The options that vary, as a configuration of the grid shows them. */
  options({ config }: Configuration): ShownOptions {
    return Object.fromEntries(this.axes.map(({ name, option, setting }) => [
      name,
      setting === null ? shownValue(config[option]) : valueInSet(config.set, setting),
    ]));
  }

  /** The combination that is `step` values further on one axis; null if there is none. */
  neighbour(place: number, axis: number, step: number): number | null {
    const stride = this.#strides[axis]!;
    const { length } = this.axes[axis]!.values;
    const at = Math.floor(place / stride) % length + step;
    return at < 0 || at >= length ? null : place + step * stride;
  }

  /** The place of a combination on each axis. */
  coordinates(place: number): number[] {
    return this.axes.map(({ values }, axis) => Math.floor(place / this.#strides[axis]!) % values.length);
  }

  /**
   * The combination whose options a result shows like this; null if the grid has none. `strategy` is the strategy of a
   * grid that does not vary it.
   */
  placeOf(options: ShownOptions, strategy: string): number | null {
    const chosen = String(options["strategy"] ?? strategy);
    let place = 0;
    for (const axis of this.axes) {
      const at = this.#shownOn(axis, chosen).get(options[axis.name] ?? null);
      if (at === undefined) return null;
      place = place * axis.values.length + at;
    }
    return place;
  }

  /** The configuration of the options that do not vary, for the combinations that have `strategy`. */
  baseOf(strategy: string): Base {
    const known = this.#bases.get(strategy);
    if (known !== undefined) return known;
    const { fixed } = this.#all;
    const chosen = fixed.strategy ?? this.axes.find(({ name }) => name === "strategy");
    const given: GivenOptions = chosen === undefined
      ? fixed
      : { ...fixed, strategy: { text: strategy, source: chosen.source } };
    const left = Object.entries(given).filter(([name]) =>
      name === "strategy" || this.axes.every(({ option, setting }) => setting !== null || option !== name)
    );
    const mistakes: string[] = [];
    const { config, sources } = readOptions(Object.fromEntries(left), mistakes, "sweep");
    const all = {
      ...sources,
      ...Object.fromEntries(this.axes.map(({ option, source }) => [option, source])),
    };
    const base = { config, sources: all, isReadable: mistakes.length === 0 };
    this.#bases.set(strategy, base);
    return base;
  }

  /**
   * The values of an axis, as the combinations that have `strategy` read them. A value that they cannot read is
   * undefined.
   */
  valuesOn(axis: number, strategy: string): readonly unknown[] {
    const key = `${axis} ${strategy}`;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const { option, values } = this.axes[axis]!;
    const reading = isStrategyOption(option) ? strategyReading(strategy, option) : null;
    const read = values.map((text) => valueOf(reading ?? OPTIONS[option], text));
    this.#read.set(key, read);
    return read;
  }

  /** The place of each value of an axis, as a configuration with a strategy shows it. */
  #shownOn(
    { name, option, setting, values }: Axis,
    strategy: string,
  ): ReadonlyMap<ShownOptions[string], number> {
    const key = `${name} ${strategy}`;
    const known = this.#shown.get(key);
    if (known !== undefined) return known;
    const reading = isStrategyOption(option) ? strategyReading(strategy, option) : OPTIONS[option];
    const places = new Map<ShownOptions[string], number>();
    for (const [at, text] of values.entries()) {
      // A strategy without the option shows none, whatever the grid has for it.
      const value = reading === null ? null : valueOf(reading, text);
      const shown = setting !== null ? Number(text) : value === undefined ? undefined : shownValue(value);
      if (shown !== undefined && !places.has(shown)) places.set(shown, at);
    }
    this.#shown.set(key, places);
    return places;
  }
}

type OptionValue = Parameters<typeof shownValue>[0];

/** The value of a text; undefined if it cannot be read. */
function valueOf(
  { read }: { readonly read: (text: string) => OptionValue },
  text: string,
): OptionValue | undefined {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    return undefined;
  }
}

/** The grid of a sweep, and those of its combinations that can run, by their places. */
export interface Swept {
  readonly grid: Grid;
  readonly places: readonly number[];
}

/**
 * The grid of the options given, and the configuration of its first combination that can run. Throws a ConfigError that
 * names every mistake, `mistakes` first, or that says that no combination can run.
 */
export function configureSweep(
  given: GivenOptions,
  mistakes: readonly string[],
): Configuration & { readonly swept: Swept } {
  const found = [...mistakes];
  const grid = new Grid(given, found);
  if (found.length > mistakes.length) {
    // The grid lacks an option that it could not read, so its combinations with others are not known.
    readOptions(grid.given(0), found, "sweep");
    throw new ConfigError(found);
  }
  if (found.length > 0) configure(grid.given(0), found, "sweep");
  const places = grid.accepted();
  return { ...configure(grid.given(places[0]!), [], "sweep"), swept: { grid, places } };
}
