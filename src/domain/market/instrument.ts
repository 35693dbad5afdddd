/** Which rules a run's instrument has, and where each of them comes from. */
import { type ExchangeInfo, type Rule, RULES, type Rules } from "./instrument_rules.ts";
import { Money, plain, ZERO } from "../numbers/money.ts";
import { optionWord } from "../process/config_error.ts";
import type { TradingRules } from "../risk/trading_parameters.ts";

/** An exchange's answer, with its time and its host. The journal keeps it for when the exchange cannot be asked. */
export interface KeptInfo extends ExchangeInfo {
  /** ISO 8601 UTC. */
  readonly time: string;
  /** host:port. */
  readonly host: string;
}

/** Rules that come from one source. */
export interface RuleSet {
  readonly rules: Rules;
  /** As `InstrumentOrigin` has it. */
  readonly source: string;
  /** The exchange's names for the assets, if it sends them. */
  readonly assets?: Pick<ExchangeInfo, "base" | "quote">;
}

/** Where a run's instrument comes from, as in the `started` event and its journal entry. */
export interface InstrumentOrigin {
  /** `command line`, `file`, `exchange`, `journal of TIME`, `built-in`, `default`, `awaited`, or a backtest's file. */
  readonly sources: Readonly<Record<Rule, string>>;
  /** The exchange's last known answer; null if it was never asked. */
  readonly exchangeInfo: KeptInfo | null;
}

/** The rules of a resumed run, as its options show them, and where they came from. */
export interface KeptRules {
  readonly options: Readonly<Record<string, unknown>>;
  /** Empty in a run of an older version, which did not ask the exchange. */
  readonly sources: Readonly<Partial<Record<Rule, string>>>;
  /** When it started, ISO 8601 UTC. */
  readonly time: string;
}

/** The source of a rule that nobody has given yet. */
export const AWAITED = "awaited";

/** Rules that arrived while a run waited for them, as its journal, its recording and its events show them. */
export interface ArrivedRules {
  /** All of them, as the options show them. */
  readonly rules: Readonly<Record<Rule, string | null>>;
  readonly instrument: InstrumentOrigin;
}

/** Settled rules as journals, recordings and events show them. */
export function shownRules(rules: Readonly<Record<Rule, Money | null>>): ArrivedRules["rules"] {
  const shown = RULES.map((rule) => [rule, rules[rule] && plain(rules[rule])]);
  return Object.fromEntries(shown) as ArrivedRules["rules"];
}

/** Turns what `shownRules` returned back into trading rules, except those that the user has `given`. */
export function tradingRules(
  shown: ArrivedRules["rules"],
  given: ReadonlySet<Rule>,
): Partial<TradingRules> {
  const rules: Partial<Record<Rule, Money | null>> = {};
  for (const rule of RULES) {
    const text = shown[rule];
    if (!given.has(rule)) rules[rule] = text === null ? null : valueOf(rule, text);
  }
  // A missing minimum is a minimum of 0.
  if (rules.minNotional === null) rules.minNotional = ZERO;
  return rules as Partial<TradingRules>;
}

/**
 * Whether a run keeps this rule when it is resumed. It does not keep a rule that nobody gave: one that was awaited
 * or, in a run of an older version, only a default.
 */
export function isKept({ sources }: Pick<KeptRules, "sources">, rule: Rule): boolean {
  return sources[rule] !== AWAITED && sources[rule] !== "default";
}

/** Rules that have arrived, in words. */
export function rulesText({ rules, instrument }: ArrivedRules): string {
  return ruleWords(rules, instrument.sources);
}

/** Rules in words, grouped by source: `lot 0.00001, tick 0.01 (exchange); min-notional 10 (command line)`. */
export function ruleWords(shown: ArrivedRules["rules"], sources: InstrumentOrigin["sources"]): string {
  const groups = Map.groupBy(RULES, (rule) => sources[rule]);
  return [...groups].map(([source, rules]) => {
    const values = rules.map((rule) =>
      source === AWAITED ? optionWord(rule) : `${optionWord(rule)} ${shown[rule] ?? "none"}`
    );
    return `${values.join(", ")} (${source === "file" ? "configuration file" : source})`;
  }).join("; ");
}

/** The rules that a user gave, on the command line or in the configuration file. */
export function givenRules(sources: InstrumentOrigin["sources"]): ReadonlySet<Rule> {
  return new Set(RULES.filter((rule) => sources[rule] === "command line" || sources[rule] === "file"));
}

/** A rule's value; null for a limit of 0, which is no limit. Throws a RangeError for a lot or a tick of 0. */
function valueOf(rule: Rule, text: string): Money | null {
  const value = new Money(text);
  if (rule === "minNotional" || !value.isZero()) return value;
  if (rule === "lot" || rule === "tick") {
    throw new RangeError(`${rule} is ${text}, expected an amount above 0`);
  }
  return null;
}
