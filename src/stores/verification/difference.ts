/** The first difference between a journal and what its recordings lead to, in words and with both sides. */
import type { Difference } from "../../domain/run/verification.ts";
import type { Entry } from "../journal/journal_entry.ts";
import type { Derivation, Mismatch } from "./derivation.ts";

/** Both sides of a difference: the entry with its content, and what was derived. Each is null if there is none. */
export interface Sides {
  readonly entry?: Entry | null;
  readonly journal?: unknown;
  readonly derived?: unknown;
}

/**
 * The difference in `run` that `what` describes, a sentence without its full stop, at the place that `derivation` has
 * reached.
 */
export function differenceOf(
  run: number,
  derivation: Derivation | null,
  what: string,
  { entry = null, journal = null, derived = null }: Sides,
): Difference {
  const differing = (derived ?? journal) as { readonly tradeId?: unknown } | null;
  const tradeId = typeof differing?.tradeId === "number" ? differing.tradeId : derivation?.state.lastId ?? -1;
  return {
    type: "difference",
    run,
    what: `${what}.${derivation?.lost ?? ""}`,
    entry: entry?.seq ?? null,
    tradeId: tradeId < 0 ? null : tradeId,
    at: derivation?.at ?? null,
    journal,
    derived,
    before: derivation?.latest.slice() ?? [],
  };
}

/** How an entry and a derived decision differ, as a sentence without its full stop. */
export function mismatchText({ entry, derived }: Mismatch): string {
  if (entry === null) return `The journal has no entry for a ${derived.type} that the recording leads to`;
  return derived.type === entry.type
    ? `Entry ${entry.seq} (${entry.type}) is not what the recording leads to`
    : `Entry ${entry.seq} is a ${entry.type}, but the recording leads to a ${derived.type}`;
}

/** Where the recordings end, or the next process's recording starts, before `entry`; without its full stop. */
export function unprovenText(derivation: Derivation, entry: Entry): string {
  const { lastId } = derivation.state;
  const where = derivation.isOver ? "The recording ends" : "The recording reaches its next trade";
  const after = lastId < 0 ? "before any trade" : `after trade ${lastId}`;
  return `${where} ${after}, and has nothing that leads to entry ${entry.seq} (${entry.type}): ` +
    `from there on nothing is proven${derivation.missingPart}`;
}
