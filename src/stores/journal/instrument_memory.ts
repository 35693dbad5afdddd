/** What a journal knows about an instrument: the rules of its runs, and the exchange's answers. */
import { DECIMAL, Money } from "../../domain/numbers/money.ts";
import { marketIn } from "../../exchanges/endpoints.ts";
import { type Rule, RULES } from "../../domain/market/instrument_rules.ts";
import { isAssetName } from "../../domain/market/symbol.ts";
import {
  type InstrumentOrigin,
  isKept,
  type KeptInfo,
  type KeptRules,
  type RuleSet,
} from "../../domain/market/instrument.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { isTree } from "../verification/agreement.ts";
import type { Journal } from "./journal.ts";
import type { Entry } from "./journal_entry.ts";
import { damaged } from "./journal_error.ts";
import type { JournalReader } from "./journal_reader.ts";

/**
 * The rules of the journal's last run, as of its last start or as they arrived since; null if it holds none. Throws a
 * JournalError if it cannot be read, or if one of them is not a valid rule.
 */
export async function rulesOf(journal: Journal): Promise<KeptRules | null> {
  const last = await journal.lastOpening();
  if (last === null) return null;
  const { opening, rules } = last;
  for (const entry of [opening, rules]) if (entry !== null) mustBeSound(entry, journal.path);
  const kept = { options: optionsIn(opening), sources: originIn(opening)?.sources ?? {} };
  return {
    options: { ...kept.options, ...(rules === null ? {} : rulesOfEntry(rules)) },
    sources: (rules === null ? null : originIn(rules)?.sources) ?? kept.sources,
    time: isoTime((rules ?? opening).time),
  };
}

/**
 * The exchange's last answer about `symbol` in any of the journal's runs on `market`; null if there is none. Throws a
 * JournalError like `rulesOf`.
 */
export async function lastInfo(journal: Journal, symbol: string, market: string): Promise<KeptInfo | null> {
  for await (const entry of journal.instruments()) {
    if ((entry.content["symbol"] ?? optionsIn(entry)["symbol"]) !== symbol) continue;
    mustBeSound(entry, journal.path);
    const info = originIn(entry)?.exchangeInfo ?? null;
    if (info !== null && await marketAt(journal, entry, market) === market) return info;
  }
  return null;
}

async function marketAt(journal: Journal, entry: Entry, now: string): Promise<string | null> {
  const { content } = entry.type === "rules" ? await journal.openingOf(entry.run) ?? entry : entry;
  return typeof content["market"] === "string" ? content["market"] : marketIn(optionsIn({ content }), now);
}

/** The rules of the last run of `symbol`; null if the journal has none. Throws like `rulesOf`. */
export async function rulesIn(reader: JournalReader, symbol: string): Promise<RuleSet | null> {
  for (let run = await reader.lastRun(); run > 0; run--) {
    const [started] = await reader.latest("started", 1, run);
    if (started === undefined || optionsIn(started)["symbol"] !== symbol) continue;
    const opening = (await reader.latest("resumed", 1, run))[0] ?? started;
    const [arrived] = await reader.latest("rules", 1, run);
    const source = arrived !== undefined && arrived.seq > opening.seq ? arrived : opening;
    mustBeSound(source, reader.path);
    const values = source === arrived ? rulesOfEntry(arrived) : optionsIn(opening);
    const sources = originIn(source)?.sources ?? {};
    const rules: Partial<Record<Rule, string>> = {};
    for (const rule of RULES) {
      const value = values[rule];
      if (!isKept({ sources }, rule)) continue;
      // Null, or missing in a run of a Penstock that did not know the limit: there was none.
      if (typeof value === "string") rules[rule] = value;
      else if (rule !== "lot" && rule !== "tick") rules[rule] = "0";
    }
    const { base, quote } = originIn(source)?.exchangeInfo ?? {};
    return {
      rules,
      source: `run ${run} in ${reader.path}, started ${isoTime(started.time)}`,
      ...(base === undefined || quote === undefined ? {} : { assets: { base, quote } }),
    };
  }
  return null;
}

/**
 * Throws a JournalError if an entry has impossible values for an instrument. Anyone who can compute the hashes of a
 * journal can write anything there.
 */
function mustBeSound(entry: Entry, path: string): void {
  const instrument: unknown = entry.content["instrument"] ?? {};
  const { sources = {}, exchangeInfo = null } = isTree(instrument) ? instrument : {};
  const info = isTree(exchangeInfo) ? exchangeInfo : {};
  const { base, quote } = info;
  const isKnown = isTree(instrument) && isTree(sources) && (exchangeInfo === null || isTree(info["rules"])) &&
    Object.values(sources).every((text) => typeof text === "string") &&
    [base, quote].every((name) => name === undefined || isAssetName(name));
  const odd = isKnown
    ? [optionsIn(entry), rulesOfEntry(entry), info["rules"]].map(oddRule).find((rule) => rule !== null)
    : "instrument";
  if (odd === undefined || odd === null) return;
  throw damaged(path, `the ${odd} in entry ${entry.seq} (${entry.type}) cannot be that of a run`);
}

/** The first value that is not a valid rule; null if all are. */
function oddRule(rules: unknown): Rule | null {
  return !isTree(rules) ? null : RULES.find((rule) => !isSound(rule, rules[rule] ?? null)) ?? null;
}

function isSound(rule: Rule, value: unknown): boolean {
  if (typeof value !== "string") return value === null;
  const isStep = rule === "lot" || rule === "tick";
  return DECIMAL.test(value) && !(isStep && new Money(value).isZero());
}

/** The rules in an entry about rules that arrived. */
function rulesOfEntry({ content }: Entry): Readonly<Record<string, unknown>> {
  return (content["rules"] ?? {}) as Readonly<Record<string, unknown>>;
}

function optionsIn({ content }: Pick<Entry, "content">): Readonly<Record<string, unknown>> {
  return (content["options"] ?? {}) as Readonly<Record<string, unknown>>;
}

/** Undefined for a run of a Penstock that did not query the exchange. */
function originIn({ content }: Entry): InstrumentOrigin | undefined {
  // The journal was written from such a value.
  return content["instrument"] as InstrumentOrigin | undefined;
}
