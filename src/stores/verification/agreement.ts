/** Compares the entries of a journal with the decisions derived from recordings. */
import { isoTime } from "../../domain/numbers/time.ts";
import type { Decision } from "../../domain/run/verification.ts";
import type { CheckedEntry } from "./checked_run.ts";
import type { Entry } from "../journal/journal_entry.ts";

/** The content of an entry. */
export function decisionOf({ type, time, content }: Entry): Decision {
  return { type, time: isoTime(time), ...content };
}

/** Whether an entry holds exactly this decision. */
export function holdsDecision(entry: CheckedEntry, decision: Decision): boolean {
  if (decision.type !== entry.type || decision.time !== isoTime(entry.time)) return false;
  // Equal texts are the usual case and cheaper to compare: everything after the start is the content.
  const whole = `{"type":"${decision.type}","time":"${decision.time}",${entry.text.slice(1)}`;
  if (JSON.stringify(decision) === whole) return true;
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

/**
 * The part of a derived JSON value that the journal's value has too: an older version does not have what newer ones
 * added.
 */
export function within(journal: unknown, derived: unknown): unknown {
  if (!isTree(journal) || !isTree(derived) || Array.isArray(journal)) return derived;
  const names = Object.keys(derived).filter((name) => Object.hasOwn(journal, name));
  return Object.fromEntries(names.map((name) => [name, within(journal[name], derived[name])]));
}

/** Whether a JSON value is an object or a list. */
export function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function own(tree: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(tree, name) ? tree[name] : undefined;
}
