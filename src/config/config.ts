/** The configuration in force, from defaults, the configuration file and the command line, in that order. */
import { Decimal } from "decimal.js";
import { ConfigError, optionWord } from "../domain/process/config_error.ts";
import { Money, plain, ZERO } from "../domain/numbers/money.ts";
import { NotAllowed } from "./option_values.ts";
import { orderRateText } from "../domain/risk/order_throttle.ts";
import type { CommandName } from "./command_name.ts";
import { type Config, defaultText, OPTION_NAMES, type OptionName, OPTIONS } from "./options.ts";
import { CashShare, stakeText } from "../domain/orders/stake.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";

const FINEST: Money = new Money("0.00000001");

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
      mistakes.push(
        `"${key}" in the configuration file is not an option; "penstock ${command} --help" lists them`,
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
  // With an exponent, a short text may be a number of any length; a double is good enough for those.
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
  for (const name of OPTION_NAMES) {
    const { read } = OPTIONS[name];
    const { text, source } = given[name] ?? { text: defaultText(name, command), source: "default" as const };
    sources[name] = source;
    config[name] = null;
    if (text === null) continue;
    try {
      config[name] = read(text);
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      const value = text === "" ? "has no value" : `is "${text}"`;
      found.push(`${nameIn(source, name)} ${value}: expected ${error.message}`);
    }
  }
  // Every option of the table has been read above, which the compiler cannot follow.
  const complete = config as Config;
  if (complete.short !== null && complete.long !== null && complete.short >= complete.long) {
    found.push(
      `${nameIn(sources.short!, "short")} is ${complete.short} and ${nameIn(sources.long!, "long")} is ` +
        `${complete.long}: expected the short window to be smaller than the long one`,
    );
  }
  if (complete.from !== null && complete.to !== null && complete.from >= complete.to) {
    found.push(
      `${nameIn(sources.from!, "from")} is ${complete.from} and ${
        nameIn(sources.to!, "to")
      } is ${complete.to}: ` +
        "expected the first to be before the second",
    );
  }
  for (const [least, most] of [["minQuantity", "maxQuantity"], ["minNotional", "maxNotional"]] as const) {
    const [from, to] = [complete[least], complete[most]];
    // The exchange's own rules replace a default.
    if ([least, most].some((name) => sources[name] === "default")) continue;
    if (from === null || to === null || from.lte(to)) continue;
    const [smallest, largest] = [nameIn(sources[least]!, least), nameIn(sources[most]!, most)];
    found.push(
      `${smallest} is ${plain(from)} and ${largest} is ${plain(to)}: ` +
        "expected the smallest to be no more than the largest",
    );
  }
  if (found.length > 0) throw new ConfigError(found);
  return { config: complete, sources: sources as Record<OptionName, Source> };
}

/** An option's value as JSON shows it: amounts as decimal text, everything else as it is. */
export function shownValue(value: Config[OptionName]): string | number | boolean | null {
  if (value instanceof Money) return plain(value);
  if (value instanceof Array) return value.join(",");
  if (value instanceof CashShare) return stakeText(value);
  if (typeof value === "object" && value !== null) return orderRateText(value);
  return value === Infinity ? "max" : value;
}

/** The configuration as plain JSON values. */
export function shownConfig(config: Config): Record<string, string | number | boolean | null> {
  return Object.fromEntries(OPTION_NAMES.map((name) => [name, shownValue(config[name])]));
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
  const values = OPTION_NAMES.map((name) => {
    const { read, default: byDefault } = OPTIONS[name];
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
  readonly parameters: TradingParameters;
  /** Trades after which it ends; null for never. */
  readonly stopAfter: number | null;
}

export function engineChoices(config: Config): EngineChoices {
  const { symbol, stopAfter } = config;
  return { symbol, parameters: tradingParametersOf(config), stopAfter };
}

/** The trading parameters of the account. */
export function tradingParametersOf(config: Config): TradingParameters {
  return {
    cash: config.cash,
    stake: config.stake,
    feeRate: config.fee,
    slippage: config.slippage,
    latency: config.latency * 1000,
    fill: config.fill,
    ...rulesIn(config),
    ...(config.lot === null || config.tick === null ? { awaitsRules: true } : {}),
    maxDrawdown: config.maxDrawdown,
    maxDailyLoss: config.maxDailyLoss,
    onHalt: config.onHalt,
    maxPosition: config.maxPosition,
    maxOrders: config.maxOrders,
    cooldown: microsecondsOf(config.cooldown),
    maxLag: microsecondsOf(config.maxLag),
    participation: config.participation,
    orderTtl: microsecondsOf(config.orderTtl),
    stopLoss: config.stopLoss,
    takeProfit: config.takeProfit,
    trailingStop: config.trailingStop,
  };
}

/** The instrument's rules; one that is not known yet allows everything. */
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
