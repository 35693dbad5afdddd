/** Where the entries of a journal and what recordings lead to are the same, and where they part. */
import { isoTime } from "../../domain/numbers/time.ts";
import type { Decision } from "../../domain/run/verification.ts";
import type { CheckedEntry } from "./checked_run.ts";
import type { Entry } from "../journal/journal_entry.ts";

/** What an entry says. */
export function decisionOf({ type, time, content }: Entry): Decision {
  return { type, time: isoTime(time), ...content };
}

/** Whether an entry says exactly this. */
export function says(entry: CheckedEntry, decision: Decision): boolean {
  if (decision.type !== entry.type || decision.time !== isoTime(entry.time)) return false;
  // The same text is the usual case, and the cheaper one: all but the beginning is the content.
  const text = JSON.stringify(decision);
  const beginning = `{"type":"${decision.type}","time":"${decision.time}",`;
  if (text.startsWith(beginning) && entry.text === `{${text.slice(beginning.length)}`) return true;
  const { type: _type, time: _time, ...content } = decision;
  return divergence(entry.content, content) === null;
}

/** A value in which two JSON values differ. */
export interface Divergence {
  /** Where it is, such as `state.account.cash`. */
  readonly path: string;
  readonly journal: unknown;
  readonly derived: unknown;
}

/** The first value in which two JSON values differ; null when they do not. */
export function divergence(journal: unknown, derived: unknown, path = ""): Divergence | null {
  if (journal === derived) return null;
  if (!isTree(journal) || !isTree(derived)) return { path, journal, derived };
  for (const name of new Set([...Object.keys(derived), ...Object.keys(journal)])) {
    const found = divergence(
      own(journal, name),
      own(derived, name),
      path === "" ? name : `${path}.${name}`,
    );
    if (found !== null) return found;
  }
  return Array.isArray(journal) === Array.isArray(derived) ? null : { path, journal, derived };
}

/** Of a derived JSON value what the journal's has too: an older version could not say what a state has had since. */
export function within(journal: unknown, derived: unknown): unknown {
  if (!isTree(journal) || !isTree(derived) || Array.isArray(journal)) return derived;
  const names = Object.keys(derived).filter((name) => Object.hasOwn(journal, name));
  return Object.fromEntries(names.map((name) => [name, within(journal[name], derived[name])]));
}

/** Whether a JSON value has others in it. */
export function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function own(tree: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(tree, name) ? tree[name] : undefined;
}
