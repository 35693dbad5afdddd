/** Checks that a journal is unchanged: its chain, and the data stored with it. */
import {
  broken,
  chainedPages,
  type ChainResult,
  GENESIS,
  verifyEntries,
  type WholeChain,
} from "./journal_chain.ts";
import { disagreement, lastCheckpoint } from "./journal_checkpoint.ts";
import type { Entry, RawEntry, StoredEntry } from "./journal_entry.ts";
import { damaged, JournalError, JournalUnreadable } from "./journal_error.ts";
import { checkCloses } from "./journal_closes.ts";
import type { ChainPlace, EntryLog } from "./entry_log.ts";
import { lastOfType } from "./linked_entry.ts";
import { remembersUnder } from "../../stages/strategies/known_strategies.ts";

/** The least number of entries at the end that are checked if not all of them are. */
const TAIL = 100;
/** The most runs in one journal: starting one every minute would take almost two years to get there. */
const MOST_RUNS = 1_000_000;

/**
 * Throws a JournalError for the first change that it finds: in the entries since the last checkpoint and the data
 * derived from it, or anywhere if `isWhole`.
 */
export async function inspect(log: EntryLog, isWhole: boolean): Promise<void> {
  const { path } = log;
  const run = await lastRunOf(log);
  if (isWhole) {
    const chain = await verifyAll(log);
    if (!chain.isWhole) throw damaged(path, chain.what);
  } else await inspectEnd(log, run);
  const difference = await disagreement(log, run);
  if (difference !== null) throw damaged(path, difference);
}

/** The range of entries whose hashes were checked. */
export interface CheckedEnd {
  /** The first and the last of them; 0 in an empty journal. */
  readonly from: number;
  readonly to: ChainPlace;
  /** Whether these are fewer than all since the last checkpoint. */
  readonly isCut: boolean;
}

/**
 * Checks the end of `run`: its entries from the last checkpoint on (at least a hundred, at most `most`), up to the
 * next run's first entry or the journal's end; and the index of the last 2,000 entries. Throws a JournalError for the
 * first flaw.
 */
export async function inspectEnd(log: EntryLog, run: number, most = Infinity): Promise<CheckedEnd> {
  const { path } = log;
  const [checkpoint] = await log.lastOfType("checkpoint", run, 1);
  const [started] = await log.lastOfType("started", run, 1);
  // The journal's last entry names the last run, so it has to be among those that are checked.
  const isLast = run === await lastRunOf(log);
  const [next] = isLast ? [] : await log.lastOfType("started", run + 1, 1);
  const until = next === undefined ? null : placeIn(next);
  const to = until ?? await log.head() ?? { seq: 0, hash: GENESIS };
  const since = (checkpoint ?? started)?.seq ?? 1;
  const from = Math.max(1, Math.min(since, to.seq - TAIL + 1), to.seq - most + 1);
  const chain = await verifyEntries(log, { first: from, ...(until === null ? {} : { until }) });
  if (!chain.isWhole) throw damaged(path, chain.what);
  // An index is not hashed, and entries that it leaves out would never be shown.
  const lacking = await log.typeNotFound(run, to.seq);
  if (lacking !== null) {
    throw damaged(path, `the index of its entries leaves out some of type ${JSON.stringify(lacking)}`);
  }
  return { from, to, isCut: from > since };
}

function placeIn(stored: StoredEntry): ChainPlace | null {
  return stored.type === null ? null : { seq: stored.seq, hash: Uint8Array.fromHex(stored.hash) };
}

/**
 * Checks everything: the chain from its first entry, derived data, the stored closes, and the storage. Memory does not
 * grow with the journal. Throws a JournalError if it cannot be read.
 */
export async function verifyAll(log: EntryLog): Promise<ChainResult> {
  const chain = await verifyEntries(log);
  return chain.isWhole ? await verifyDerived(log, chain) : chain;
}

/** The same, and yields every entry as it was written, many at a time. The caller has to check the content. */
export async function* chainedAll(log: EntryLog): AsyncGenerator<readonly RawEntry[], ChainResult> {
  const chain = yield* chainedPages(log);
  return chain.isWhole ? await verifyDerived(log, chain) : chain;
}

/** Checks the data stored with the entries, after the entries were found intact. */
async function verifyDerived(log: EntryLog, chain: WholeChain): Promise<ChainResult> {
  const derived = (what: string) => broken(chain.entries, "derived", what);
  try {
    const lastRun = await lastRunOf(log);
    const flaw = await log.storageFlaw(lastRun);
    if (flaw !== null) return derived(flaw);
    for (let run = lastRun; run > 0; run--) {
      const difference = await disagreement(log, run);
      if (difference !== null) return derived(difference);
    }
    await verifyCloses(log, lastRun);
  } catch (error) {
    if (error instanceof JournalError && error.damage !== null) return derived(error.damage);
    if (!(error instanceof RangeError || error instanceof JournalUnreadable)) throw error;
    return derived(`the data stored with its entries cannot be read (${error.cause ?? error})`);
  }
  return chain;
}

/**
 * Checks the closes of the journal's last checkpoint, which may be of an earlier run: a new run keeps them until its
 * first checkpoint.
 */
async function verifyCloses(log: EntryLog, lastRun: number): Promise<void> {
  for (let run = lastRun; run > 0; run--) {
    const checkpoint = await lastCheckpoint(log, run);
    if (checkpoint === null) continue;
    const opening = await lastOfType(log, run, "resumed") ?? await lastOfType(log, run, "started");
    return await checkCloses(log, checkpoint, remembersOf(opening?.content ?? {}));
  }
}

/** How many closes a run needs to be resumed, from its opening entry; 1 if that entry has no valid number. */
function remembersOf({ remembers, options }: Entry["content"]): number {
  // Older versions did not write it.
  const count = remembers === undefined ? remembersUnder(options) : remembers;
  return Number.isSafeInteger(count) && Number(count) >= 0 ? Number(count) : 1;
}

/** The number of the last run; 0 before the first. Throws a JournalError for a number that no journal can reach. */
export async function lastRunOf(log: EntryLog): Promise<number> {
  const last = await log.last();
  if (last === null) return 0;
  const { seq, run } = last;
  if (Number.isSafeInteger(run) && run > 0 && run <= Math.min(seq, MOST_RUNS)) return run;
  throw damaged(log.path, `entry ${seq} at the end says that it belongs to run ${run}`);
}
