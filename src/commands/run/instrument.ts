/** The instrument of a live run, requested while the stream connects and settled before the run starts. */
import { quantityOption } from "../../config/config.ts";
import { type Configuration, nameIn } from "../../config/configuration.ts";
import { ConfigError, optionWord } from "../../domain/process/config_error.ts";
import { BUILT_IN_MARKET } from "../../exchanges/endpoints.ts";
import { exchangeNamed } from "../../exchanges/known_exchanges.ts";
import { type Rule, RULES } from "../../domain/market/instrument_rules.ts";
import {
  type ArrivedRules,
  AWAITED,
  type InstrumentOrigin,
  type KeptInfo,
  type RuleSet,
  shownRules,
} from "../../domain/market/instrument.ts";
import {
  awaitedRules,
  builtInRules,
  changesOf,
  instrumentText,
  keepInstrument,
  settleInstrument,
  withoutGuesses,
} from "../../config/instrument_settlement.ts";
import { type Config } from "../../config/options.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { NO_NETWORK } from "../../feeds/live/connect_failure.ts";
import {
  askInstrument,
  type InstrumentAnswer,
  type InstrumentQuestion,
} from "../../feeds/rest/instruments.ts";
import type { Journal } from "../../stores/journal/journal.ts";
import { lastInfo, rulesOf } from "../../stores/journal/instrument_memory.ts";
import type { Line } from "../../views/view.ts";

/** The configuration in force, the sources of its rules, and what to log about it. */
export interface FoundInstrument {
  readonly config: Config;
  readonly origin: InstrumentOrigin;
  /** The rules that every order needs and that are not known yet. */
  readonly awaited: readonly Rule[];
  readonly lines: readonly Line[];
}

/** How many flaws of an answer are named; the others are counted. */
const MOST_SHOWN = 3;

/**
 * Queries the exchange; null if offline or if `restEndpoint` is undefined. Throws a ConfigError if the exchange has no
 * such symbol, or if it counts contracts on this `market` and coins are needed.
 */
export async function ask(
  { config, sources }: Configuration,
  { restEndpoint, budget, signal, runtime }: Pick<InstrumentQuestion, "budget" | "signal" | "runtime"> & {
    readonly restEndpoint: string | null | undefined;
  },
  market: string,
): Promise<InstrumentAnswer | null> {
  refuseContracts(config, sources, market);
  if (config.offlineInstruments || restEndpoint === undefined) return null;
  const { symbol } = config;
  const exchange = exchangeNamed(config.exchange);
  const answer = await askInstrument({
    restEndpoint,
    exchange,
    symbol,
    budget,
    signal,
    ...(runtime && { runtime }),
  });
  if (answer.kind !== "unknown") return answer;
  throw new ConfigError([
    `${nameIn(sources.symbol, "symbol")} is "${symbol}": expected a symbol that ${
      answer.isContract === true ? "is counted in coins" : "the exchange has"
    } (${answer.reason})`,
  ]);
}

/** Throws a ConfigError if an option would count contracts as coins. */
function refuseContracts(config: Config, sources: Configuration["sources"], market: string) {
  const { exchange, symbol } = config;
  const option = quantityOption(config);
  // The built-in exchange counts coins, whatever the symbol.
  if (option === null || market === BUILT_IN_MARKET) return;
  if (!exchangeNamed(exchange).countsContracts(symbol)) return;
  throw new ConfigError([
    `${nameIn(sources[option], option)} does not apply to ${symbol}: its quantities are contracts, ` +
    "and the stream does not say how many coins one is. Drop that option",
  ]);
}

/**
 * Settles the rules, each from the first source that has it: the user, the run that is resumed from `journal` (null for
 * none), the exchange's `answer`, the last answer on this `market` in the journal, the built-in rules. Without a lot or
 * a tick the run waits for them. `now` is in µs since 1970. Throws a ConfigError if a rule is missing and no exchange
 * is queried for it.
 */
export async function settle(
  configuration: Configuration,
  { answer, journal, market, now }: {
    readonly answer: InstrumentAnswer | null;
    readonly journal: Journal | null;
    readonly market: string;
    readonly now: number;
  },
): Promise<FoundInstrument> {
  const { symbol, newRun } = configuration.config;
  const answered = answeredIn(answer, now);
  const remembered = journal === null ? null : await lastInfo(journal, symbol, market);
  const kept = journal === null || newRun ? null : await rulesOf(journal);
  const notes = answer === null ? [] : notesOn(answer, symbol);
  const bases = basesOf(configuration.config, answered, remembered);
  const settled = withoutGuesses(
    kept === null ? settleInstrument(configuration, ...bases) : keepInstrument(configuration, kept, ...bases),
  );
  if (kept !== null) {
    const changes = answered === null ? null : changesOf(configuration, kept, answered.rules);
    if (changes !== null) notes.push(warn(changedText(symbol, changes)));
  }
  const { config, sources } = settled;
  const awaited = awaitedRules(settled);
  if (awaited.length > 0 && answer === null) throw new ConfigError([unknownText(config, awaited)]);
  const lost = offlineText(answer);
  const text = `instrument ${symbol}: ${instrumentText(settled)}${
    answer === null ? notQueriedText(config) : lost ?? ""
  }`;
  const isStopped = answer?.kind === "unanswered" && answer.isStopped;
  if (awaited.length > 0 && !isStopped) notes.push(warn(awaitedText(symbol, awaited)));
  return {
    config,
    origin: { sources, exchangeInfo: answered ?? remembered },
    awaited,
    lines: [{ level: lost === null ? "info" : "warn", text }, ...notes],
  };
}

/** The rules that a run waited for, as the exchange gave them at `now` (µs since 1970). */
export function arrived(
  configuration: Configuration,
  found: FoundInstrument,
  answer: InstrumentAnswer & { readonly kind: "answered" },
  now: number,
): ArrivedRules {
  const answered = answeredIn(answer, now)!;
  const { origin, config } = found;
  const fromExchange = settleInstrument(configuration, { rules: answered.rules, source: "exchange" });
  const rules = { ...shownRules(config) };
  const sources = { ...origin.sources };
  for (const rule of RULES) {
    if (sources[rule] !== AWAITED) continue;
    rules[rule] = shownRules(fromExchange.config)[rule];
    sources[rule] = fromExchange.sources[rule];
  }
  return { rules, instrument: { sources, exchangeInfo: answered } };
}

function answeredIn(answer: InstrumentAnswer | null, now: number): KeptInfo | null {
  if (answer?.kind !== "answered") return null;
  const { host, info: { flaws: _flaws, ...info } } = answer;
  return { time: isoTime(now), host, ...info };
}

/** The sources of rules that the user did not give, best first. */
function basesOf(
  { symbol, offlineInstruments }: Config,
  answered: KeptInfo | null,
  remembered: KeptInfo | null,
): (RuleSet | null)[] {
  if (offlineInstruments) return [builtInRules(symbol)];
  return [
    answered && { rules: answered.rules, source: "exchange" },
    remembered && { rules: remembered.rules, source: `journal of ${remembered.time}` },
    builtInRules(symbol),
  ];
}

/** Log lines about the flaws of an answer. */
function notesOn(answer: InstrumentAnswer, symbol: string): Line[] {
  if (answer.kind === "unknown") return [];
  if (answer.kind === "unanswered") {
    if (answer.isStopped || offlineText(answer) !== null) return [];
    const hint = answer.hint === null ? "" : ` ${answer.hint}`;
    return [warn(`the exchange could not be queried for the rules of ${symbol}: ${answer.reason}.${hint}`)];
  }
  const { host, info: { status, flaws } } = answer;
  const notes: Line[] = [];
  if (status !== null && status !== "TRADING") {
    notes.push(warn(`${symbol} is not traded now: ${host} reports ${status}. The run waits for trades`));
  }
  if (flaws.length > 0) {
    const more = flaws.length > MOST_SHOWN ? `; and ${flaws.length - MOST_SHOWN} more` : "";
    const list = `${flaws.slice(0, MOST_SHOWN).join("; ")}${more}`;
    notes.push(warn(`${host} sent unusable data for ${symbol}, which is ignored: ${list}`));
  }
  return notes;
}

/** A short note if there may be no network, otherwise null. The stream reports the same next, with advice. */
function offlineText(answer: InstrumentAnswer | null): string | null {
  if (answer?.kind !== "unanswered" || answer.hint !== NO_NETWORK) return null;
  return `; the exchange could not be queried: ${answer.reason}`;
}

/** Why the exchange was not queried. */
function notQueriedText({ offlineInstruments, backfill }: Config): string {
  if (offlineInstruments) return "; Penstock does not query the exchange (--offline-instruments)";
  return backfill
    ? "; Penstock does not query the exchange, because --endpoint is another address and --rest-endpoint is not given"
    : "; Penstock does not query the exchange, because --backfill off makes no REST requests";
}

/** The message that says why the run cannot start, and what would let it start. */
function unknownText(config: Config, awaited: readonly Rule[]): string {
  const { symbol, offlineInstruments, backfill } = config;
  const options = awaited.map((rule) => `--${optionWord(rule)}`).join(" and ");
  const [why, otherwise] = offlineInstruments
    ? ["--offline-instruments is given", "drop --offline-instruments"]
    : backfill
    ? ["--endpoint is another address and --rest-endpoint is not given", "give --rest-endpoint"]
    : ["--backfill off makes no REST requests", "drop --backfill off"];
  return `the ${awaited.join(" and the ")} of ${symbol} ${
    awaited.length === 1 ? "is" : "are"
  } not known, and ` +
    `Penstock does not query the exchange: ${why}. Give ${options}, or ${otherwise}`;
}

function awaitedText(symbol: string, awaited: readonly Rule[]): string {
  const options = awaited.map((rule) => `--${optionWord(rule)}`).join(" and ");
  return `no order is placed until the exchange sends the ${
    awaited.join(" and the ")
  } of ${symbol}: it is queried ` +
    `again until it does, and the averages continue meanwhile. To start with your own rules, give ${options}`;
}

function changedText(symbol: string, changes: string): string {
  return `the exchange's rules for ${symbol} have changed since this run started: ${changes}. ` +
    "The run keeps its own; --new-run starts another with today's";
}

function warn(text: string): Line {
  return { level: "warn", text };
}
