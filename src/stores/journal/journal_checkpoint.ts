/**
 * Checkpoints: the state, the account, the positions, and where the last closes are. One row for each run holds all of
 * it, and the next checkpoint replaces that row. The entry that proves the row stays (see journal_state.ts). Up to
 * version 2 the entry held all of it, and the tables of the account and of the positions repeated a part.
 */
import type { Closes } from "../../stages/indicators/indicator.ts";
import type { OrderChange } from "../../stages/order_changes.ts";
import type { Entry } from "./journal_entry.ts";
import { damaged } from "./journal_error.ts";
import type { EntryLog, StoredState } from "./entry_log.ts";
import { type ClosesNote, noteText } from "./closes_note.ts";
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
  /** What a resume needs besides account, positions and closes: an object that JSON can hold. */
  readonly state: object;
  readonly account: AccountRow;
  /** All open positions; empty ones may be left out. */
  readonly positions: readonly PositionRow[];
  /**
   * The closes since the previous checkpoint, the last of which a resume needs; `fresh` if all earlier ones are void.
   */
  readonly closes: Closes & { readonly fresh: boolean };
  /** The changes of waiting orders since the previous checkpoint, which the entry stores; absent for none. */
  readonly orders?: readonly OrderChange[];
}

/** A checkpoint in the journal, with a note about its closes instead of the closes. */
export interface Checkpoint {
  readonly seq: number;
  /** µs since 1970. */
  readonly time: number;
  readonly state: Readonly<Record<string, unknown>>;
  readonly account: AccountRow;
  readonly positions: readonly PositionRow[];
  readonly closes: ClosesNote;
}

/** The same as it is written: the field of the note still has its old name. */
type WrittenCheckpoint = Omit<Checkpoint, "closes"> & { readonly prices: ClosesNote };

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
  // JSON that means the same but is formatted differently was not written by Penstock either.
  const isProven = kept !== null && state.seq === seq && state.closes === noteText(kept.prices) &&
    stateProof(stateHash(state.content), kept.prices, kept.state["digest"]) === content["state"];
  if (!isProven) {
    throw damaged(
      path,
      `the state of run ${run} does not match entry ${seq} (checkpoint)`,
    );
  }
  return { seq, time, ...checkedContent({ ...kept }, seq, path) };
}

/** Whether a checkpoint's entry holds the whole of it, as it did up to version 2. */
export function holdsState({ state }: Entry["content"]): boolean {
  return typeof state === "object" && state !== null;
}

/**
 * The first disagreement between the data stored with the entries and the last checkpoint of `run`, as a clause; null
 * if there is none. Throws a JournalError if that checkpoint cannot be read or is not what its entry proves.
 */
export async function disagreement(log: EntryLog, run: number): Promise<string | null> {
  const checkpoint = await lastCheckpoint(log, run);
  const state = await log.state(run);
  return state === null || state.seq === checkpoint?.seq
    ? await log.repetitionFlaw(run, checkpoint)
    : `run ${run} has a state without a checkpoint`;
}

/** Returns the content of the checkpoint at `seq`. Throws a JournalError if it is not a checkpoint's. */
export function checkedContent(
  content: Entry["content"] | null,
  seq: number,
  path: string,
): Omit<Checkpoint, "seq" | "time"> {
  const { prices: closes, ...others } = (content ?? {}) as Partial<WrittenCheckpoint>;
  const { state, account, positions } = others;
  if (!isObject(state) || !isObject(account) || !Array.isArray(positions) || !isObject(closes)) {
    throw damaged(path, `entry ${seq} is not a checkpoint`);
  }
  return { state, account, positions, closes };
}

/** The content of a stored state, unchecked; null if it cannot be read. */
function contentOf({ content, closes }: StoredState): Pick<WrittenCheckpoint, "state" | "prices"> | null {
  try {
    const kept = { ...JSON.parse(content), prices: JSON.parse(closes) };
    return isObject(kept.state) && isObject(kept.prices) ? kept : null;
  } catch {
    return null;
  }
}

function isObject<T>(value: T | undefined): value is T & object {
  return typeof value === "object" && value !== null;
}
