/** The instrument of a live run: asked for while the stream connects, settled before the run begins. */
import { ConfigError, type Configuration, nameIn } from "../../domain/config.ts";
import {
  builtInRules,
  changesOf,
  type InstrumentOrigin,
  instrumentText,
  keepInstrument,
  type KeptInfo,
  type RuleSet,
  settleInstrument,
} from "../../domain/instrument.ts";
import { exchangeAt } from "../../domain/exchange_hosts.ts";
import type { Config } from "../../domain/options.ts";
import { isoTime } from "../../domain/time.ts";
import { NO_NETWORK } from "../../feeds/connect_failure.ts";
import { askInstrument, type InstrumentAnswer, type InstrumentQuestion } from "../../feeds/instruments.ts";
import type { Journal } from "../../stores/journal.ts";
import { lastInfo, rulesOf } from "../../stores/instrument_memory.ts";
import type { Line } from "../../views/narration.ts";

/** The configuration that the run goes by, where its rules come from, and what to tell the person about it. */
export interface FoundInstrument {
  readonly config: Config;
  readonly origin: InstrumentOrigin;
  readonly lines: readonly Line[];
}

/** Flaws of an answer that are told one by one. */
const TOLD = 3;

/**
 * Asks the exchange; null where nothing is to be asked: offline, or `restEndpoint` is undefined. Throws a ConfigError
 * where it has no such symbol.
 */
export async function ask(
  { config, sources }: Configuration,
  { restEndpoint, budget, signal }: Pick<InstrumentQuestion, "budget" | "signal"> & {
    readonly restEndpoint: string | null | undefined;
  },
): Promise<InstrumentAnswer | null> {
  if (config.offlineInstruments || restEndpoint === undefined) return null;
  const { exchange, symbol } = config;
  const answer = await askInstrument({ restEndpoint, exchange, symbol, budget, signal });
  if (answer.kind !== "unknown") return answer;
  throw new ConfigError([
    `${
      nameIn(sources.symbol, "symbol")
    } is "${symbol}": expected a symbol that the exchange has (${answer.reason})`,
  ]);
}

/**
 * Settles the rules: those given, else those of the run that goes on in `journal` (null for none), else the exchange's
 * `answer`, the last that the journal remembers of it, the built-in ones, the defaults. `now` in µs since 1970.
 */
export function settle(
  configuration: Configuration,
  answer: InstrumentAnswer | null,
  journal: Journal | null,
  now: number,
): FoundInstrument {
  const { symbol, newRun } = configuration.config;
  const told = toldIn(answer, now);
  const remembered = journal === null ? null : lastInfo(journal, symbol);
  const last = journal === null || newRun ? null : journal.last();
  const notes = answer === null ? [] : notesOn(answer, symbol);
  let settled;
  if (last === null) {
    settled = settleInstrument(configuration, baseOf(configuration.config, answer, told, remembered));
  } else {
    const kept = rulesOf(last.started);
    settled = keepInstrument(configuration, kept);
    const changes = told === null ? null : changesOf(configuration, kept, told.rules);
    if (changes !== null) notes.push(warn(changedText(symbol, changes)));
  }
  const { config, sources } = settled;
  const lost = offlineText(answer);
  const text = `instrument ${symbol}: ${instrumentText(settled)}${
    answer === null ? unaskedText(config) : lost ?? ""
  }`;
  return {
    config,
    origin: { sources, exchangeInfo: told ?? remembered },
    lines: [{ level: lost === null ? "info" : "warn", text }, ...notes],
  };
}

function toldIn(answer: InstrumentAnswer | null, now: number): KeptInfo | null {
  if (answer?.kind !== "told") return null;
  const { host, info: { status, rules } } = answer;
  return { time: isoTime(now), host, status, rules };
}

/** The rules of a run that begins. */
function baseOf(
  { exchange, symbol, endpoint, offlineInstruments }: Config,
  answer: InstrumentAnswer | null,
  told: KeptInfo | null,
  remembered: KeptInfo | null,
): RuleSet | null {
  if (offlineInstruments) return builtInRules(symbol);
  if (told !== null) return { rules: told.rules, source: "exchange" };
  if (remembered !== null) return { rules: remembered.rules, source: `journal of ${remembered.time}` };
  // Another exchange, which nobody was to ask, may have other rules than Binance.
  const isOther = endpoint !== null && exchangeAt(endpoint) !== exchange;
  return answer === null && isOther ? null : builtInRules(symbol);
}

/** What is wrong with an answer. */
function notesOn(answer: InstrumentAnswer, symbol: string): Line[] {
  if (answer.kind === "unknown") return [];
  if (answer.kind === "silent") {
    if (answer.isStopped || offlineText(answer) !== null) return [];
    const hint = answer.hint === null ? "" : ` ${answer.hint}`;
    return [warn(`the exchange could not be asked for the rules of ${symbol}: ${answer.reason}.${hint}`)];
  }
  const { host, info: { status, flaws } } = answer;
  const notes: Line[] = [];
  if (status !== null && status !== "TRADING") {
    notes.push(warn(`${symbol} is not traded now: ${host} says ${status}. The run waits for trades`));
  }
  if (flaws.length > 0) {
    const more = flaws.length > TOLD ? `; and ${flaws.length - TOLD} more` : "";
    const list = `${flaws.slice(0, TOLD).join("; ")}${more}`;
    notes.push(warn(`in what ${host} says of ${symbol} this is of no use and passed over: ${list}`));
  }
  return notes;
}

/** That there may be no network: in passing, for the stream says so next, and what can be done. Else null. */
function offlineText(answer: InstrumentAnswer | null): string | null {
  if (answer?.kind !== "silent" || answer.hint !== NO_NETWORK) return null;
  return `; the exchange could not be asked: ${answer.reason}`;
}

/** Why the exchange was not asked. */
function unaskedText({ offlineInstruments, backfill }: Config): string {
  if (offlineInstruments) return "; the exchange is not asked (--offline-instruments)";
  return backfill
    ? "; nobody is asked, as --endpoint is another address and --rest-endpoint is not given"
    : "; nobody is asked, as --backfill off keeps from the REST host";
}

function changedText(symbol: string, changes: string): string {
  return `the exchange has other rules for ${symbol} than this run began with: ${changes}. ` +
    "The run keeps its own; --new-run starts another with today's";
}

function warn(text: string): Line {
  return { level: "warn", text };
}
