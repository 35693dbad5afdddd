/** Settles which rules a run's instrument has: those the user gave, then those from an exchange or a journal. */
import { type Configuration, shownValue, type Source } from "./configuration.ts";
import {
  AWAITED,
  isKept,
  type KeptRules,
  type RuleSet,
  ruleWords,
  shownRules,
} from "../domain/market/instrument.ts";
import { type Rule, RULES, type Rules } from "../domain/market/instrument_rules.ts";
import { Money, plain } from "../domain/numbers/money.ts";
import { type Config, OPTIONS } from "./options.ts";
import { optionWord } from "../domain/process/config_error.ts";
import { stakeAt } from "../domain/orders/stake.ts";

/** A configuration whose rules are settled. */
export interface SettledInstrument {
  readonly config: Config;
  readonly sources: Readonly<Record<Rule, string>>;
  /** The exchange's names for the assets; absent if none of the bases has them. */
  readonly assets?: NonNullable<RuleSet["assets"]>;
}

const THOUSAND = 1000;

/**
 * The default exchange's rules for common symbols, as listed in 2025. If a step has changed over the years,
 * the coarser one is listed, which satisfies both. They are used if the exchange cannot be queried, and their
 * source is then "built-in".
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

/** The built-in rules for a symbol, in upper case; null if there are none. */
export function builtInRules(symbol: string): RuleSet | null {
  return Object.hasOwn(BUILT_IN, symbol) ? { rules: BUILT_IN[symbol]!, source: "built-in" } : null;
}

/**
 * The configuration with all of its rules. A rule that the user has not given comes from the first of `bases` that has
 * it, or else is the default.
 */
export function settleInstrument(
  { config, sources }: Configuration,
  ...bases: readonly (RuleSet | null)[]
): SettledInstrument {
  const settled: Partial<Record<Rule, Config[Rule]>> = {};
  const origins: Partial<Record<Rule, string>> = {};
  for (const rule of RULES) {
    const base = isGiven(sources[rule]) ? undefined : bases.find((base) => base?.rules[rule] !== undefined);
    const text = base?.rules[rule];
    settled[rule] = text === undefined ? config[rule] : OPTIONS[rule].read(text);
    origins[rule] = text === undefined ? sources[rule] : base!.source;
  }
  // Every rule has been settled above, which the compiler cannot follow.
  return { config: { ...config, ...settled } as Config, sources: origins as Record<Rule, string> };
}

/**
 * The same configuration without guesses. If the lot or the tick is only a default, every default rule becomes null and
 * its source `awaited`: a live run places no order under guessed rules.
 */
export function withoutGuesses(settled: SettledInstrument): SettledInstrument {
  if (settled.sources.lot !== "default" && settled.sources.tick !== "default") return settled;
  const guessed = RULES.filter((rule) => settled.sources[rule] === "default");
  return {
    config: { ...settled.config, ...Object.fromEntries(guessed.map((rule) => [rule, null])) },
    sources: { ...settled.sources, ...Object.fromEntries(guessed.map((rule) => [rule, AWAITED])) },
  };
}

/** Which of the lot and the tick a run still waits for. */
export function awaitedRules({ sources }: Pick<SettledInstrument, "sources">): readonly Rule[] {
  return (["lot", "tick"] as const).filter((rule) => sources[rule] === AWAITED);
}

/**
 * The configuration of a resumed run. It keeps the rules that it started with, whatever the exchange's rules are now. A
 * rule that the user gave at the start or gives now must be the same both times, which the journal checks. Rules that
 * the user never gave come from the first of `bases` that has them.
 */
export function keepInstrument(
  configuration: Configuration,
  kept: KeptRules,
  ...bases: readonly (RuleSet | null)[]
): SettledInstrument {
  const rules: Partial<Record<Rule, string>> = {};
  for (const rule of RULES) {
    if (!isKept(kept, rule)) continue;
    const text = keptText(kept, rule) ?? (OPTIONS[rule].default === null ? "0" : undefined);
    if (text !== undefined && !wasGiven(kept, rule)) rules[rule] = text;
  }
  // A rule that the user gave then must not come from anywhere else now.
  const others = bases.map((base) => base && { ...base, rules: withoutGiven(base.rules, kept) });
  const settled = settleInstrument(configuration, { rules, source: `journal of ${kept.time}` }, ...others);
  const sources = { ...settled.sources };
  for (const rule of RULES) {
    const before = kept.sources[rule];
    // A rule that was taken from an older journal keeps that journal's date.
    if (
      rules[rule] !== undefined && !isGiven(configuration.sources[rule]) && before?.startsWith("journal of ")
    ) {
      sources[rule] = before;
    }
  }
  return { config: settled.config, sources };
}

/** A list of how the rules that a run keeps differ from those that its exchange has now; null if they do not. */
export function changesOf(configuration: Configuration, kept: KeptRules, now: Rules): string | null {
  const changes = RULES.flatMap((rule) => {
    const text = now[rule];
    if (text === undefined || wasGiven(kept, rule) || isGiven(configuration.sources[rule])) return [];
    if (!isKept(kept, rule)) return [];
    const [was, is] = [keptText(kept, rule), shownValue(OPTIONS[rule].read(text))];
    return was === is ? [] : [`${optionWord(rule)} was ${was ?? "none"} and is ${is ?? "none"}`];
  });
  return changes.length === 0 ? null : changes.join(", ");
}

/** Rules in words, grouped by source: `lot 0.00001, tick 0.01 (exchange); min-notional 10 (command line)`. */
export function instrumentText({ config, sources }: SettledInstrument): string {
  return ruleWords(shownRules(config), sources);
}

/**
 * What is wrong with a tick or a lot that is only a default, at a price in quote currency: a tick above a thousandth
 * of the price, or a lot worth more than the stake. Null if nothing is.
 */
export function implausibleRule({ config, sources }: SettledInstrument, price: Money): string | null {
  const { lot, tick } = config;
  const stake = stakeAt(config.stake, config.cash);
  if (sources.tick === "default" && tick !== null && tick.times(THOUSAND).gt(price)) {
    const shown = plain(stepOf(price, tick));
    return `the tick is ${plain(tick)}, the default, at a price of ${plain(price)}: that is more than a ` +
      `thousandth of the price. Give the symbol's own, by the decimals of this price with --tick ${shown}, ` +
      "or all its rules with --instruments FILE";
  }
  if (sources.lot === "default" && lot !== null && lot.times(price).gt(stake)) {
    return `the lot is ${plain(lot)}, the default, at a price of ${plain(price)}: one lot is worth ` +
      `${plain(lot.times(price))}, more than the stake of ${
        plain(stake)
      }. Give --lot, all rules of the symbol ` +
      "with --instruments FILE, or a larger --stake";
  }
  return null;
}

/**
 * The price step, finer than `tick`, that a price suggests. It assumes at least three digits, because zeros at
 * the end are not shown.
 */
function stepOf(price: Money, tick: Money): Money {
  const decimals = Math.max(price.decimalPlaces(), 2 - price.decimal.e, tick.decimalPlaces() + 1);
  return new Money(10).pow(-decimals);
}

function isGiven(source: Source): boolean {
  return source !== "default";
}

function wasGiven({ sources }: KeptRules, rule: Rule): boolean {
  return sources[rule] === "command line" || sources[rule] === "file";
}

function withoutGiven(rules: Rules, kept: KeptRules): Rules {
  return Object.fromEntries(
    RULES.flatMap((rule) => rules[rule] === undefined || wasGiven(kept, rule) ? [] : [[rule, rules[rule]]]),
  );
}

function keptText({ options }: KeptRules, rule: Rule): string | null {
  const value = options[rule];
  return typeof value === "string" ? value : null;
}

function rules(lot: string, tick: string, maxQuantity: string): Rules {
  return { lot, tick, minQuantity: lot, maxQuantity, minNotional: "5", maxNotional: "0" };
}
