/**
 * Checkpoints: the state, the account, the positions, and where the last prices are. One row for each run holds
 * all of it, and the next checkpoint replaces that row; an entry that proves the row stays (see journal_state.ts). Up
 * to version 2 the entry held all of it, and the tables of the account and of the positions repeated a part.
 */
import type { OrderChange } from "../../stages/order_changes.ts";
import type { Entry } from "./journal_entry.ts";
import { damaged } from "./journal_error.ts";
import type { EntryLog, StoredState } from "./entry_log.ts";
import { noteText, type Prices, type PricesNote } from "./price_note.ts";
import { stateHash, stateProof } from "./journal_state.ts";
import { lastOfType } from "./linked_entry.ts";

/** An account: decimal text in quote currency. */
export interface AccountRow {
  readonly cash: string;
  readonly fees: string;
  readonly realized: string;
}

/** One position: decimal text, the quantity in base and what it cost, fees included, in quote currency. */
export interface PositionRow {
  readonly symbol: string;
  readonly quantity: string;
  readonly cost: string;
}

/** The input of a checkpoint. */
export interface CheckpointDraft {
  /** µs since 1970. */
  readonly time: number;
  /** What a resume needs besides account, positions and prices: an object that JSON can hold. */
  readonly state: object;
  readonly account: AccountRow;
  /** All open positions; empty ones may be left out. */
  readonly positions: readonly PositionRow[];
  /**
   * The prices since the previous checkpoint, the last of which a resume needs; `fresh` if all earlier ones are void.
   */
  readonly prices: Prices & { readonly fresh: boolean };
  /** The changes of waiting orders since the checkpoint before, which its entry holds; absent for none. */
  readonly orders?: readonly OrderChange[];
}

/** A checkpoint in the journal, with the place of its prices instead of the prices. */
export interface Checkpoint {
  readonly seq: number;
  /** µs since 1970. */
  readonly time: number;
  readonly state: Readonly<Record<string, unknown>>;
  readonly account: AccountRow;
  readonly positions: readonly PositionRow[];
  readonly prices: PricesNote;
}

/**
 * The last checkpoint of `run`; null if it has none. Throws a JournalError if it cannot be read, or is not what its
 * entry proves.
 */
export async function lastCheckpoint(log: EntryLog, run: number): Promise<Checkpoint | null> {
  const { path } = log;
  const entry = await lastOfType(log, run, "checkpoint");
  if (entry === null) return null;
  const { seq, time, content } = entry;
  if (holdsState(content)) return { seq, time, ...checkedContent(content, seq, path) };
  const state = await log.state(run);
  if (state === null) throw damaged(path, `the state at entry ${seq} (checkpoint) is missing`);
  const kept = contentOf(state);
  // Text that decodes to the same but is written differently was not written by Penstock either.
  const isProven = kept !== null && state.seq === seq && state.prices === noteText(kept.prices) &&
    stateProof(stateHash(state.content), kept.prices, kept.state["digest"]) === content["state"];
  if (!isProven) {
    throw damaged(
      path,
      `the state of run ${run} is not the one that entry ${seq} (checkpoint) was made with`,
    );
  }
  return { seq, time, ...checkedContent({ ...kept }, seq, path) };
}

/** Whether a checkpoint's entry holds the whole of it, as it did up to version 2. */
export function holdsState({ state }: Entry["content"]): boolean {
  return typeof state === "object" && state !== null;
}

/**
 * The first disagreement between the data beside the entries and the last checkpoint of `run`, as a clause; null if
 * there is none. Throws a JournalError if that checkpoint cannot be read or is not what its entry proves.
 */
export async function disagreement(log: EntryLog, run: number): Promise<string | null> {
  const checkpoint = await lastCheckpoint(log, run);
  const state = await log.state(run);
  return state === null || state.seq === checkpoint?.seq
    ? await log.repetitionFlaw(run, checkpoint)
    : `run ${run} has a state without a checkpoint`;
}

/** The content of the checkpoint at `seq`; a JournalError if it is not that of one. */
export function checkedContent(
  content: Entry["content"] | null,
  seq: number,
  path: string,
): Omit<Checkpoint, "seq" | "time"> {
  const { state, account, positions, prices } = (content ?? {}) as Partial<Checkpoint>;
  if (!isObject(state) || !isObject(account) || !Array.isArray(positions) || !isObject(prices)) {
    throw damaged(path, `entry ${seq} is not a checkpoint`);
  }
  return { state, account, positions, prices };
}

/** What a stored state holds, unproven; null if it cannot be read. */
function contentOf({ content, prices }: StoredState): Pick<Checkpoint, "state" | "prices"> | null {
  try {
    const kept = { ...JSON.parse(content), prices: JSON.parse(prices) };
    return isObject(kept.state) && isObject(kept.prices) ? kept : null;
  } catch {
    return null;
  }
}

function isObject<T>(value: T | undefined): value is T & object {
  return typeof value === "object" && value !== null;
}
