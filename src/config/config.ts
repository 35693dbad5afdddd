/** The configuration in force, from defaults, the configuration file and the command line, in that order. */
import { Decimal } from "decimal.js";
import { ConfigError } from "../domain/process/config_error.ts";
import type { BarSize } from "../domain/market/bar_size.ts";
import { withoutPassword } from "../domain/run/database_place.ts";
import { Money, ZERO } from "../domain/numbers/money.ts";
import { NotAllowed } from "./option_values.ts";
import { closestName } from "./closest_name.ts";
import { combinationMistakes } from "./combination_rules.ts";
import type { CommandName } from "./command_name.ts";
import { type Configuration, type GivenOptions, nameIn, shownValue, type Source } from "./configuration.ts";
import { isShown, isStrategyOption, strategyReading } from "./strategy_options.ts";
import { DEFAULT_STRATEGY } from "../stages/strategies/known_strategies.ts";
import type { Option } from "./option.ts";
import { type Config, defaultText, OPTION_NAMES, type OptionName, OPTIONS } from "./options.ts";
import { RISK_OPTIONS } from "./risk_options.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";

const FINEST: Money = new Money("0.00000001");

type RiskConfig = Pick<Config, keyof typeof RISK_OPTIONS>;
const RISK_OPTION_NAMES = Object.keys(RISK_OPTIONS) as (keyof RiskConfig)[];

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
  const configuration = readOptions(given, found, command);
  found.push(...combinationMistakes({ ...configuration, command }, given));
  if (found.length > 0) throw new ConfigError(found);
  const remarks = remarksOn(given);
  return remarks.length === 0 ? configuration : { ...configuration, remarks };
}

/**
 * Reads every option by itself, with the defaults of `command`. A value that cannot be read is null, and `mistakes` gets
 * the reason.
 */
export function readOptions(
  given: GivenOptions,
  mistakes: string[],
  command: CommandName | null,
): Configuration {
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
      const { isPrivate = false }: Option<unknown, string | null> = OPTIONS[name];
      const shown = isPrivate ? "cannot be used" : `is "${withoutPassword(text)}"`;
      mistakes.push(
        `${nameIn(source, name)} ${text === "" ? "has no value" : shown}: expected ${error.message}`,
      );
    }
  }
  // Every option of the table has been read above, which the compiler cannot follow.
  return { config, sources } as unknown as Configuration;
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

/** The option that counts the quantities of trades, which must then be coins; null for none. */
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
