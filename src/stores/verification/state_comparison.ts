/** Compares the state at a checkpoint with the state derived from a recording. */
import type { RecordedAt } from "../../domain/run/verification.ts";
import type { EngineState } from "../../stages/engine.ts";
import { inFormOf, olderForms, type PipelineSnapshot, released } from "../../stages/pipeline_snapshot.ts";
import { type Divergence, divergence, within } from "./agreement.ts";
import type { CheckedEntry } from "./checked_run.ts";
import type { ClosesTail, PlacedCloses } from "../journal/closes_tail.ts";
import type { Checkpoint, CheckpointDraft } from "../journal/journal_checkpoint.ts";
import type { Entry, EntryType } from "../journal/journal_entry.ts";
import { JournalError } from "../journal/journal_error.ts";
import { type Stored, storedCheckpoint, wholeContent } from "../journal/journal_line.ts";
import type { JournalReader } from "../journal/journal_reader.ts";
import { digestIn, digestStart } from "../journal/journal_state.ts";

/** A difference, as a sentence without its full stop, and both sides. */
export interface StateDifference {
  readonly what: string;
  readonly journal: Readonly<Record<string, unknown>>;
  readonly derived: Readonly<Record<string, unknown>>;
}

/** A checkpoint of a derived run. */
export type DerivedCheckpoint = CheckpointDraft & { readonly state: PipelineSnapshot };

/** The previous checkpoint: its last trade, and how far the recording was read; null before the first. */
export interface Since {
  readonly from: number | null;
  readonly at: RecordedAt | null;
}

/** The first difference between a checkpoint's entry and a derived state; null if there is none. */
export function firstDivergence(entry: CheckedEntry, stored: Stored): Divergence | null {
  if (!entry.holdsState) {
    return stored.line.text === entry.text ? null : divergence(entry.content, JSON.parse(stored.line.text));
  }
  // An entry of version 2 or older holds the state itself, as that version knew it.
  const text = wholeContent(stored);
  return text === entry.text ? null : divergence(entry.content, within(entry.content, JSON.parse(text)));
}

/**
 * The checkpoint `draft` of the derived run, whose state is `run`, in an older version's form if `entry` has that.
 * `tail` is the end of the closes before it.
 */
export function storedAt(
  entry: CheckedEntry,
  draft: DerivedCheckpoint,
  run: EngineState,
  tail: ClosesTail,
): Stored {
  const placed = tail.placed(entry.seq, draft.closes, run.memory.remembers);
  const stored = storedWith(entry, draft, run, placed);
  if (placed.from === null || firstDivergence(entry, stored) === null) return stored;
  // Older versions carried no closes over.
  const before = storedWith(entry, draft, run, tail.apart(draft.closes));
  return firstDivergence(entry, before) === null ? before : stored;
}

/** The same with these closes. */
function storedWith(
  entry: CheckedEntry,
  draft: DerivedCheckpoint,
  run: EngineState,
  { closes, before }: PlacedCloses,
): Stored {
  const kept = entry.holdsState ? entry.content["state"] as Partial<PipelineSnapshot> : undefined;
  const snapshot = inFormOf(kept, draft.state);
  const stored = storedCheckpoint({ ...draft, state: snapshot, closes }, before);
  if (firstDivergence(entry, stored) === null) return stored;
  for (const { state: older, hasChanges } of olderForms(snapshot, run.orders.whole)) {
    const orders = hasChanges ? draft.orders ?? [] : [];
    const storedBefore = storedCheckpoint({ ...draft, state: older, orders, closes }, before);
    if (firstDivergence(entry, storedBefore) === null) return storedBefore;
  }
  return stored;
}

/** Entries after which a checkpoint may occur by the wall clock, at a time that cannot be derived. */
const ALONE: readonly EntryType[] = [
  "started",
  "resumed",
  "connected",
  "disconnected",
  "checkpoint",
  "stopped",
];

/** The difference between the time of a checkpoint and that of the decision kept with it; null if there is none. */
export function timeDivergence(checkpoint: CheckedEntry, before: CheckedEntry | null): Divergence | null {
  if (before === null || ALONE.includes(before.type) || checkpoint.time === before.time) return null;
  return { path: "time", journal: checkpoint.time, derived: before.time };
}

/**
 * The difference at a checkpoint, as exactly as its entry and `lastKept` (the run's last checkpoint) show it. `found`
 * is the difference that `firstDivergence` found.
 */
export async function stateDifference(
  entry: CheckedEntry,
  stored: Stored,
  found: Divergence,
  { from, at }: Since,
  lastKept: () => Promise<Checkpoint | null>,
): Promise<StateDifference> {
  const { last, ...state }: PipelineSnapshot = JSON.parse(stored.content).state;
  const [digest, derived] = entry.holdsState
    ? [(entry.content["state"] as Partial<PipelineSnapshot>).digest, state.digest]
    : [digestIn(entry.content["state"]), digestStart(state.digest)];
  const first = from === null ? "the first trade" : `trade ${from}`;
  const after = at === null ? "" : ` after line ${at.line} of ${at.recording}`;
  const where = `between ${first} and trade ${last?.id}${after}`;
  if (entry.trades === state.trades && digest !== derived) {
    const what =
      `The trades up to entry ${entry.seq} (checkpoint) are not those that the run processed: ${where} ` +
      "at least one was changed, added or removed";
    return { what, journal: { digest }, derived: { digest: derived } };
  }
  if (entry.holdsState) return differenceAt(entry, found);
  // For the last checkpoint the journal has the state itself.
  const kept = await lastKept();
  const { seq, time } = entry;
  const whole = { seq, time, ...JSON.parse(wholeContent(stored)) };
  const difference = kept?.seq === seq ? divergence({ ...kept }, whole) : null;
  if (difference !== null) return differenceAt(entry, difference);
  const what =
    `Entry ${seq} (checkpoint) proves a different state from the one the recording leads to, after the same trades: ` +
    `${where} a message that is not a new trade was changed, added or removed, or the entry was`;
  return { ...differenceAt(entry, found), what };
}

/**
 * The last checkpoint of `run`; null if it is not what its entry proves, which the check at the end of the chain
 * reports.
 */
export async function keptState(journal: JournalReader, run: number): Promise<Checkpoint | null> {
  try {
    return await journal.checkpoint(run);
  } catch (error) {
    if (error instanceof JournalError && error.damage !== null) return null;
    throw error;
  }
}

/** The difference between an entry and the derived value, at one value. */
export function differenceAt({ seq, type }: Entry, { path, journal, derived }: Divergence): StateDifference {
  return {
    what: `Entry ${seq} (${type}) differs at ${path} from what the recording leads to`,
    journal: { [path]: journal },
    derived: { [path]: derived ?? null },
  };
}

/** The checkpoint that `penstock release` makes of a halted run: the same run without its halt, and no new closes. */
export function releasedCheckpoint(
  state: PipelineSnapshot,
  { symbol, time, decimals }: { readonly symbol: string; readonly time: number; readonly decimals: number },
): CheckpointDraft {
  const { cash, fees, realized, position, cost } = state.account;
  return {
    time,
    state: released(state),
    account: { cash, fees, realized },
    positions: position === "0" ? [] : [{ symbol, quantity: position, cost }],
    closes: { decimals, fresh: false, values: [] },
  };
}
