/** What a journal remembers of an instrument: the rules that its runs had, and what their exchange said. */
import { type Rule, RULES, type Rules } from "../domain/exchange_info.ts";
import type { InstrumentOrigin, KeptInfo, KeptRules, RuleSet } from "../domain/instrument.ts";
import { isoTime } from "../domain/time.ts";
import type { Journal } from "./journal.ts";
import type { Entry } from "./journal_entry.ts";
import type { JournalReader } from "./journal_reader.ts";

/** The rules of the run that `started` began. */
export function rulesOf(started: Entry): KeptRules {
  const { sources = {} } = originIn(started) ?? {};
  return { options: optionsIn(started), sources, time: isoTime(started.time) };
}

/** The last that an exchange said of `symbol` in any of the journal's runs; null where none of them knows. */
export function lastInfo(journal: Journal, symbol: string): KeptInfo | null {
  for (const entry of journal.beginnings()) {
    if (optionsIn(entry)["symbol"] !== symbol) continue;
    const info = originIn(entry)?.exchangeInfo ?? null;
    if (info !== null) return info;
  }
  return null;
}

/** The rules that the last run of `symbol` had; null where the journal holds none. Throws a JournalError. */
export function rulesIn(reader: JournalReader, symbol: string): RuleSet | null {
  for (let run = reader.lastRun; run > 0; run--) {
    const started = reader.latest("started", 1, run)[0];
    if (started === undefined || optionsIn(started)["symbol"] !== symbol) continue;
    const options = optionsIn(started);
    const rules: Partial<Record<Rule, string>> = {};
    for (const rule of RULES) {
      const value = options[rule];
      // Null, or missing in a run of a Penstock that did not know the limit: there was none.
      if (typeof value === "string") rules[rule] = value;
      else if (rule !== "lot" && rule !== "tick") rules[rule] = "0";
    }
    return { rules: rules as Rules, source: `run ${run} in ${reader.path}, begun ${isoTime(started.time)}` };
  }
  return null;
}

function optionsIn({ content }: Entry): Readonly<Record<string, unknown>> {
  return (content["options"] ?? {}) as Readonly<Record<string, unknown>>;
}

/** Undefined for a run of a Penstock that did not ask. */
function originIn({ content }: Entry): InstrumentOrigin | undefined {
  // The journal was written from one.
  return content["instrument"] as InstrumentOrigin | undefined;
}
