/** Which rules a run's instrument has, and where each of them comes from. */
import type { Configuration, Source } from "./config.ts";
import { shownValue } from "./config.ts";
import { type ExchangeInfo, type Rule, RULES, type Rules } from "./exchange_info.ts";
import { type Config, kebab, OPTIONS } from "./options.ts";

/** What an exchange said, when and where: kept in the journal, to be used when it cannot be asked. */
export interface KeptInfo extends ExchangeInfo {
  /** ISO 8601 UTC. */
  readonly time: string;
  /** host:port. */
  readonly host: string;
}

/** Rules of one origin. */
export interface RuleSet {
  readonly rules: Rules;
  /** As `InstrumentOrigin` has it. */
  readonly source: string;
}

/** Where a run's instrument comes from, as the `started` event and its journal entry say it. */
export interface InstrumentOrigin {
  /** `command line`, `file`, `exchange`, `journal of TIME`, `built-in`, `default`, or a backtest's file. */
  readonly sources: Readonly<Record<Rule, string>>;
  /** The last that the exchange is known to have said; null where it never was asked. */
  readonly exchangeInfo: KeptInfo | null;
}

/** A run that is taken up again: its rules, as its options show them, and where they came from. */
export interface KeptRules {
  readonly options: Readonly<Record<string, unknown>>;
  /** Missing in a run of a Penstock that did not ask. */
  readonly sources: Readonly<Partial<Record<Rule, string>>>;
  /** When it began, ISO 8601 UTC. */
  readonly time: string;
}

/** A configuration whose rules are settled. */
export interface SettledInstrument {
  readonly config: Config;
  readonly sources: Readonly<Record<Rule, string>>;
}

/**
 * Binance's spot rules for common symbols, as listed in 2025; where they had changed over the years, the coarser
 * step, which satisfies both. They stand in where the exchange cannot be asked, and are called "built-in" then.
 */
const BUILT_IN: Readonly<Record<string, Rules>> = {
  BTCUSDT: rules("0.00001", "0.01", "9000"),
  ETHUSDT: rules("0.0001", "0.01", "9000"),
  BNBUSDT: rules("0.001", "0.01", "9000"),
  SOLUSDT: rules("0.01", "0.01", "90000"),
  XRPUSDT: rules("1", "0.0001", "9000000"),
  ADAUSDT: rules("0.1", "0.0001", "900000"),
  DOGEUSDT: rules("1", "0.00001", "9000000"),
  LTCUSDT: rules("0.001", "0.01", "90000"),
};

/** The built-in rules for a symbol, in upper case; null where there are none. */
export function builtInRules(symbol: string): RuleSet | null {
  return Object.hasOwn(BUILT_IN, symbol) ? { rules: BUILT_IN[symbol]!, source: "built-in" } : null;
}

/**
 * The configuration with the rules of `base` where the person has given none, and the defaults where `base` says
 * nothing.
 */
export function settleInstrument(
  { config, sources }: Configuration,
  base: RuleSet | null,
): SettledInstrument {
  const settled: Partial<Record<Rule, Config[Rule]>> = {};
  const origins: Partial<Record<Rule, string>> = {};
  for (const rule of RULES) {
    const text = isGiven(sources[rule]) ? undefined : base?.rules[rule];
    settled[rule] = text === undefined ? config[rule] : OPTIONS[rule].read(text);
    origins[rule] = text === undefined ? sources[rule] : base!.source;
  }
  // Every rule has been settled above; the table's type is what the compiler cannot follow here.
  return { config: { ...config, ...settled } as Config, sources: origins as Record<Rule, string> };
}

/**
 * The configuration of a run that is taken up again: with the rules it began with, whatever its exchange says now,
 * unless a person gave them, then or now: those have to be the same, which its journal checks.
 */
export function keepInstrument(configuration: Configuration, kept: KeptRules): SettledInstrument {
  const rules: Partial<Record<Rule, string>> = {};
  for (const rule of RULES) {
    const text = keptText(kept, rule) ?? (OPTIONS[rule].default === null ? "0" : undefined);
    if (text !== undefined && !wasGiven(kept, rule)) rules[rule] = text;
  }
  const settled = settleInstrument(configuration, { rules, source: `journal of ${kept.time}` });
  const sources = { ...settled.sources };
  for (const rule of RULES) {
    const before = kept.sources[rule];
    // What was itself taken from a journal keeps its date.
    if (
      rules[rule] !== undefined && !isGiven(configuration.sources[rule]) && before?.startsWith("journal of ")
    ) {
      sources[rule] = before;
    }
  }
  return { config: settled.config, sources };
}

/** How the rules that a run keeps differ from those that its exchange has now, as a list; null where they do not. */
export function changesOf(configuration: Configuration, kept: KeptRules, now: Rules): string | null {
  const changes = RULES.flatMap((rule) => {
    const text = now[rule];
    if (text === undefined || wasGiven(kept, rule) || isGiven(configuration.sources[rule])) return [];
    const [was, is] = [keptText(kept, rule), shownValue(OPTIONS[rule].read(text))];
    return was === is ? [] : [`${kebab(rule)} was ${was ?? "none"} and is ${is ?? "none"}`];
  });
  return changes.length === 0 ? null : changes.join(", ");
}

/** Rules in words, those of one origin together: `lot 0.00001, tick 0.01 (exchange); min-notional 10 (command line)`. */
export function instrumentText({ config, sources }: SettledInstrument): string {
  const groups = Map.groupBy(RULES, (rule) => sources[rule]);
  return [...groups].map(([source, rules]) => {
    const values = rules.map((rule) => `${kebab(rule)} ${shownValue(config[rule]) ?? "none"}`);
    return `${values.join(", ")} (${source === "file" ? "configuration file" : source})`;
  }).join("; ");
}

function isGiven(source: Source): boolean {
  return source !== "default";
}

function wasGiven({ sources }: KeptRules, rule: Rule): boolean {
  return sources[rule] === "command line" || sources[rule] === "file";
}

function keptText({ options }: KeptRules, rule: Rule): string | null {
  const value = options[rule];
  return typeof value === "string" ? value : null;
}

function rules(lot: string, tick: string, maxQuantity: string): Rules {
  return { lot, tick, minQuantity: lot, maxQuantity, minNotional: "5", maxNotional: "0" };
}
