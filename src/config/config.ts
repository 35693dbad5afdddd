/** The configuration in force, from defaults, the configuration file and the command line, in that order. */
import { Decimal } from "decimal.js";
import { ConfigError, optionWord } from "../domain/process/config_error.ts";
import { type BarSize, barSizeText } from "../domain/market/bar_size.ts";
import { Money, plain, ZERO } from "../domain/numbers/money.ts";
import { NotAllowed } from "./option_values.ts";
import { orderRateText } from "../domain/risk/checks/max_orders.ts";
import { closestName } from "./closest_name.ts";
import type { CommandName } from "./command_name.ts";
import {
  ascendingIn,
  isShown,
  isStrategyOption,
  optionsOfStrategy,
  strategyReading,
} from "./strategy_options.ts";
import {
  DEFAULT_STRATEGY,
  isStrategyName,
  STRATEGY_OPTION_NAMES,
} from "../stages/strategies/known_strategies.ts";
import { type Config, defaultText, OPTION_NAMES, type OptionName, OPTIONS } from "./options.ts";
import { RISK_OPTIONS } from "./risk_options.ts";
import { CashShare, stakeText } from "../domain/orders/stake.ts";
import { listenMistakes, listenText } from "./watch_options.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";

const FINEST: Money = new Money("0.00000001");

type RiskConfig = Pick<Config, keyof typeof RISK_OPTIONS>;
const RISK_OPTION_NAMES = Object.keys(RISK_OPTIONS) as (keyof RiskConfig)[];

/** The origin of an option's value. */
export type Source = "default" | "file" | "command line";

/** A value as text, with its origin. */
export interface Given {
  readonly text: string;
  readonly source: Source;
}

/** Options given, by name. */
export type GivenOptions = Partial<Record<OptionName, Given>>;

/** The whole configuration and the origin of each of its values. */
export interface Configuration {
  readonly config: Config;
  readonly sources: Readonly<Record<OptionName, Source>>;
  /** Values that are allowed but may be mistakes, one sentence each; absent if there are none. */
  readonly remarks?: readonly string[];
}

/** The name of an option in messages, as the user wrote it. */
export function nameIn(source: Source, name: OptionName): string {
  return source === "file" ? `"${name}" in the configuration file` : `--${optionWord(name)}`;
}

/**
 * The options of a configuration file's text, as given. Mistakes are added to `mistakes`: text that is not a JSON
 * object, unknown keys, values that are neither text, number nor true/false.
 */
export function readConfigFile(
  text: string,
  path: string,
  command: CommandName,
  mistakes: string[],
): GivenOptions {
  // Some editors start a file with a byte order mark, which is not JSON.
  const json = text.replace(/^\ufeff/, "");
  let parsed: unknown;
  let exact;
  try {
    parsed = JSON.parse(json);
    exact = JSON.parse(json, exactNumbers);
  } catch (error) {
    mistakes.push(`--config ${path}: not JSON: ${error instanceof Error ? error.message : error}`);
    return {};
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    mistakes.push(`--config ${path}: expected a JSON object of options`);
    return {};
  }
  const given: GivenOptions = {};
  for (const key of repeatedKeys(json)) {
    mistakes.push(`"${key}" appears more than once in the configuration file: expected each option once`);
  }
  for (const [key, value] of Object.entries(parsed)) {
    const name = OPTION_NAMES.find((candidate) => candidate === key);
    if (name === undefined || name === "config") {
      const meant = closestName(key, OPTION_NAMES.filter((candidate) => candidate !== "config"));
      mistakes.push(
        `"${key}" in the configuration file is not an option; ` +
          `${meant === null ? "" : `did you mean "${meant}"? `}"penstock ${command} --help" lists them`,
      );
    } else if (typeof value === "boolean") {
      given[name] = { text: value ? "on" : "off", source: "file" };
    } else if (typeof value === "string") {
      given[name] = { text: value, source: "file" };
    } else if (typeof value === "number") {
      given[name] = { text: exact[name].toFixed(), source: "file" };
    } else if (value !== null) {
      mistakes.push(
        `"${key}" in the configuration file is ${JSON.stringify(value)}: expected a text or a number`,
      );
    }
  }
  return given;
}

/** The keys that the object in a valid JSON text has more than once: JSON.parse silently keeps the last. */
function repeatedKeys(json: string): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[[\]{}]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) {
      const key: string = JSON.parse(token.slice(0, -1));
      if (seen.has(key)) repeated.add(key);
      seen.add(key);
    }
  }
  return repeated;
}

/**
 * For JSON.parse: numbers as decimals with all the digits of the text, which may be more than a double holds.
 */
function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  // With an exponent, a short text may be a number of any length; a double is precise enough for those.
  const digits = /^-?\d+(\.\d+)?$/.exec(context?.source ?? "")?.[0];
  return new Decimal(digits ?? value);
}

/**
 * Reads every option once into a complete configuration, with the defaults of `command`. Throws a ConfigError that
 * names every mistake, `mistakes` first.
 */
export function configure(
  given: GivenOptions,
  mistakes: readonly string[] = [],
  command: CommandName | null = null,
): Configuration {
  const found = [...mistakes];
  const config: Partial<Record<OptionName, unknown>> = {};
  const sources: Partial<Record<OptionName, Source>> = {};
  const chosen = given.strategy?.text ?? DEFAULT_STRATEGY;
  for (const name of OPTION_NAMES) {
    const reading = isStrategyOption(name) ? strategyReading(chosen, name) : null;
    const byDefault = reading?.default ?? defaultText(name, command);
    const { text, source } = given[name] ?? { text: byDefault, source: "default" as const };
    sources[name] = source;
    config[name] = null;
    if (text === null) continue;
    const { read } = reading ?? OPTIONS[name];
    try {
      config[name] = read(text);
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      const value = text === "" ? "has no value" : `is "${text}"`;
      found.push(`${nameIn(source, name)} ${value}: expected ${error.message}`);
    }
  }
  // Every option of the table has been read above, which the compiler cannot follow.
  const configuration = { config, sources } as unknown as Configuration;
  found.push(...combinationMistakes(configuration, given, command));
  if (found.length > 0) throw new ConfigError(found);
  const remarks = remarksOn(given);
  return remarks.length === 0 ? configuration : { ...configuration, remarks };
}

/** Values that are allowed but may be mistakes: bars of less than a second, given as a bare number. */
function remarksOn({ bars }: GivenOptions): string[] {
  if (bars === undefined || !/^\d{1,3}$/.test(bars.text)) return [];
  return [
    `${
      nameIn(bars.source, "bars")
    } is "${bars.text}", and a bare number is milliseconds: a bar has ${bars.text}ms. ` +
    `Did you mean ${bars.text}s, ${bars.text}m, or ${bars.text}t for bars of ${bars.text} trades?`,
  ];
}

/** What is wrong with options that can be read one by one, one sentence each; `given` has their texts. */
export function combinationMistakes(
  { config: complete, sources }: Configuration,
  given: GivenOptions,
  command: CommandName | null,
): string[] {
  const found = strategyMistakes(complete, given, sources);
  if (command === "run" && complete.endpoint === null && ![1, null].includes(complete.speed)) {
    found.push(
      `${nameIn(sources.speed, "speed")} is ${
        shownValue(complete.speed)
      }: the clocks of real exchanges run at 1; ` +
        "expected --endpoint with the address of penstock exchange",
    );
  }
  found.push(...listenMistakes(complete, nameIn(sources.listen, "listen"), command));
  if (complete.timeUnit !== null && complete.columns === null) {
    found.push(
      `${
        nameIn(sources.timeUnit, "timeUnit")
      } is ${complete.timeUnit}: expected --columns as well, as every other ` +
        "file shows the unit of its times itself",
    );
  }
  if (complete.from !== null && complete.to !== null && complete.from >= complete.to) {
    found.push(
      `${nameIn(sources.from, "from")} is ${complete.from} and ${
        nameIn(sources.to, "to")
      } is ${complete.to}: ` +
        "expected the first to be before the second",
    );
  }
  for (const [least, most] of [["minQuantity", "maxQuantity"], ["minNotional", "maxNotional"]] as const) {
    const [from, to] = [complete[least], complete[most]];
    // The exchange's own rules replace a default.
    if ([least, most].some((name) => sources[name] === "default")) continue;
    if (from === null || to === null || from.lte(to)) continue;
    const [smallest, largest] = [nameIn(sources[least], least), nameIn(sources[most], most)];
    found.push(
      `${smallest} is ${plain(from)} and ${largest} is ${plain(to)}: ` +
        "expected the smallest to be no more than the largest",
    );
  }
  return found;
}

/** An option's value as JSON shows it: amounts as decimal text, everything else as it is. */
export function shownValue(value: Config[OptionName]): string | number | boolean | null {
  if (value instanceof Money) return plain(value);
  if (value instanceof Array) return value.join(",");
  if (value instanceof CashShare) return stakeText(value);
  if (typeof value === "object" && value !== null) {
    if ("port" in value) return listenText(value);
    return "by" in value ? barSizeText(value) : orderRateText(value);
  }
  return value === Infinity ? "max" : value;
}

/** What does not fit the chosen strategy, or another option, one sentence each. */
function strategyMistakes(
  config: Config,
  given: GivenOptions,
  sources: Readonly<Record<OptionName, Source>>,
): string[] {
  const { strategy } = config;
  if (strategy === null) return [];
  const has = optionsOfStrategy(strategy);
  const options = !isStrategyName(strategy)
    ? "takes its options with --set"
    : has.length === 0
    ? "has none"
    : `has ${has.map(written).join(", ")}`;
  // An earlier message names a value that could not be read.
  const lacked = STRATEGY_OPTION_NAMES.filter((name) => config[name] !== null && !has.includes(name)).map((
    name,
  ) =>
    `${nameIn(sources[name], name)} is "${given[name]?.text}": expected to be left out with ` +
    `${nameIn(sources.strategy, "strategy")} ${strategy}, which ${options}`
  );
  if (config.set !== null && isStrategyName(strategy)) {
    lacked.push(
      `${nameIn(sources.set, "set")} is "${config.set}": expected to be left out with ` +
        `${nameIn(sources.strategy, "strategy")} ${strategy}, which ${options}`,
    );
  }
  const swapped = ascendingIn(strategy).flatMap(([less, more]) => {
    const [from, to] = [config[less], config[more]];
    if (from === null || to === null || from < to) return [];
    return `${nameIn(sources[less], less)} is ${from} and ${nameIn(sources[more], more)} is ${to}: ` +
      `expected ${pairText(less, more)}`;
  });
  return [...lacked, ...swapped];
}

function written(name: OptionName): string {
  return `--${optionWord(name)}`;
}

function pairText(less: OptionName, more: OptionName): string {
  const isWindow = OPTIONS[less].value === "BARS";
  return isWindow
    ? `the ${less} window to be smaller than the ${more} one`
    : `${written(less)} to be smaller than ${written(more)}`;
}

/** The configuration as plain JSON values, without the options that the strategy does not have. */
export function shownConfig(config: Config): Record<string, string | number | boolean | null> {
  const names = OPTION_NAMES.filter((name) => isShown(name, config[name], config.strategy));
  return Object.fromEntries(names.map((name) => [name, shownValue(config[name])]));
}

/**
 * The configuration that `shownConfig` returned, perhaps in an older version: options that did not exist then
 * get their defaults, unless they are `needed`. Throws a ConfigError that names every value that cannot be
 * used and every needed option that is missing.
 */
export function configFrom(
  shown: Readonly<Record<string, unknown>>,
  needed: readonly OptionName[] = [],
): Config {
  const mistakes: string[] = [];
  const chosen = typeof shown.strategy === "string" ? shown.strategy : DEFAULT_STRATEGY;
  const values = OPTION_NAMES.map((name) => {
    const reading = isStrategyOption(name) ? strategyReading(chosen, name) : OPTIONS[name];
    if (reading === null) return [name, null];
    const { read, default: byDefault } = reading;
    if (shown[name] === undefined && needed.includes(name)) mistakes.push(`${name} is missing`);
    const value = shown[name] ?? (name in shown ? null : byDefault);
    if (value === null) return [name, null];
    const text = value === true ? "on" : value === false ? "off" : String(value);
    try {
      return [name, read(text)];
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      mistakes.push(`${name} is ${JSON.stringify(value)}: expected ${error.message}`);
      return [name, null];
    }
  });
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return Object.fromEntries(values) as Config;
}

/** The part of the configuration that an engine needs besides a strategy. */
export interface EngineChoices {
  readonly symbol: string;
  readonly bars: BarSize;
  readonly parameters: TradingParameters;
  /** Trades after which it ends; null for never. */
  readonly stopAfter: number | null;
}

export function engineChoices(config: Config): EngineChoices {
  const { symbol, bars, stopAfter } = config;
  return { symbol, bars, parameters: tradingParametersOf(config), stopAfter };
}

/** The option that counts the quantities of trades, which must be coins then; null for none. */
export function quantityOption({ participation, bars }: Config): "participation" | "bars" | null {
  if (participation !== null) return "participation";
  return bars.by === "volume" || bars.by === "value" ? "bars" : null;
}

/** The trading parameters of the account. */
export function tradingParametersOf(config: Config): TradingParameters {
  return {
    ...limitsIn(config),
    cash: config.cash,
    stake: config.stake,
    feeRate: config.fee,
    latency: config.latency * 1000,
    ...rulesIn(config),
    ...(config.lot === null || config.tick === null ? { awaitsRules: true } : {}),
    orderTtl: microsecondsOf(config.orderTtl),
  };
}

/** The options of the risk gate and of how orders fill, under their own names and in their own units. */
function limitsIn(config: Config): RiskConfig {
  return Object.fromEntries(RISK_OPTION_NAMES.map((name) => [name, config[name]])) as RiskConfig;
}

/** The instrument's rules; a rule that is not known yet allows everything. */
export function rulesIn(config: Config): TradingRules {
  const { lot, tick, minQuantity, maxQuantity, minNotional, maxNotional } = config;
  return {
    lot: lot ?? FINEST,
    tick: tick ?? FINEST,
    minQuantity,
    maxQuantity,
    minNotional: minNotional ?? ZERO,
    maxNotional,
  };
}

function microsecondsOf(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds * 1000;
}
