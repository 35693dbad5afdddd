/** Copies a journal from a store that is not in files to a file, entry by entry, as of one moment. */
import {
  type ClosesAt,
  type CopiedJournal,
  CopyExists,
  type EntryLog,
  type EntryStore,
  type SealedEntry,
  type StoredState,
} from "./entry_log.ts";
import { GENESIS } from "./journal_chain.ts";
import type { EntryType } from "./journal_entry.ts";
import { damaged, failed, JournalError } from "./journal_error.ts";
import { lastRunOf } from "./journal_inspection.ts";
import { JournalReader } from "./journal_reader.ts";

/** How many entries are copied at once. */
const PAGE = 500;

/** A journal, and the store that it is in. */
export interface JournalAt {
  readonly store: EntryStore;
  readonly path: string;
}

/**
 * Copies the journal `from` to a new file `to`. The copy is written under another name first and checked from its first
 * entry on, so that there is a whole copy or none. Throws CopyExists if something exists under either name, and a
 * JournalError if the journal cannot be read or is damaged, or if the copy cannot be written.
 */
export async function transferJournal(from: JournalAt, to: JournalAt): Promise<CopiedJournal> {
  refuseExisting(to.path);
  const draft = `${to.path}.copy`;
  refuseExisting(draft);
  await using source = await from.store.read(from.path);
  await using _moment = await source.moment();
  try {
    const last = await copyEntries(source, { store: to.store, path: draft });
    await mustBeWhole(draft, to.store, from.path);
    removeEmptyLog(draft);
    const { size } = Deno.statSync(draft);
    refuseExisting(to.path);
    Deno.renameSync(draft, to.path);
    return { ...last, bytes: size };
  } catch (error) {
    for (const side of ["", "-wal", "-shm"]) removeIfExists(draft + side);
    throw error instanceof CopyExists || error instanceof JournalError
      ? error
      : failed("write to", to.path, error);
  }
}

/** Copies every entry, state and close, and describes the last entry. */
async function copyEntries(source: EntryLog, to: JournalAt): Promise<Omit<CopiedJournal, "bytes">> {
  const { states, closes } = await statesAndCloses(source);
  await using lease = await to.store.lease(to.path, () => Promise.resolve());
  let head = { seq: 0, hash: GENESIS };
  let last = { run: 0, entry: 0, type: "", time: 0 };
  let batch: SealedEntry[] = [];
  const add = async () => {
    if (batch.length === 0) return;
    const { seq } = head;
    const kept = { state: states.get(seq) ?? null, closes: closes.get(seq) ?? null };
    await lease.append({ entries: batch, head, ...kept, closesFrom: null, firstCloses: null, handled: [] });
    batch = [];
  };
  for (;;) {
    const page = await source.after(head.seq, PAGE);
    for (const entry of page) {
      if (entry.type === null || entry.seq !== head.seq + 1) {
        throw damaged(source.path, `entry ${head.seq + 1} is missing or cannot be read`);
      }
      const { seq, run, time } = entry;
      const content = typeof entry.content === "string"
        ? entry.content
        : new TextDecoder().decode(entry.content);
      head = { seq, hash: Uint8Array.fromHex(entry.hash) };
      last = { run, entry: seq, type: entry.type, time };
      // The chain, which is checked afterwards, proves the type.
      batch.push({ seq, run, type: entry.type as EntryType, time, content, hash: head.hash });
      if (states.has(seq) || closes.has(seq)) await add();
    }
    await add();
    if (page.length < PAGE) return last;
  }
}

/** The states and the closes of a log, by the entry of their checkpoint. */
async function statesAndCloses(source: EntryLog) {
  const states = new Map<number, StoredState & { readonly run: number }>();
  for (let run = await lastRunOf(source); run > 0; run--) {
    const state = await source.state(run);
    if (state !== null) states.set(state.seq, { run, ...state });
  }
  const closes = new Map<number, ClosesAt & { readonly bytes: Uint8Array }>();
  for (const part of await source.closesUpTo(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)) {
    const { seq, bytes } = part;
    if (bytes === null) throw damaged(source.path, `the closes of entry ${seq} cannot be read`);
    closes.set(seq, { ...part, bytes });
  }
  return { states, closes };
}

/** Throws a JournalError that says what is wrong with the journal that was copied; returns if nothing is. */
async function mustBeWhole(draft: string, store: EntryStore, path: string): Promise<void> {
  await using reader = await JournalReader.open(draft, { store });
  const chain = await reader.verifyChain();
  if (!chain.isWhole) throw damaged(path, chain.what);
}

/**
 * Removes the files that reading the draft left beside it. Throws if they hold entries, which closing it should have
 * moved.
 */
function removeEmptyLog(draft: string): void {
  let size = 0;
  try {
    ({ size } = Deno.statSync(`${draft}-wal`));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (size > 0) {
    throw new JournalError(`The copy ${draft} could not be closed: ${size} bytes are left in its log.`);
  }
  for (const side of ["-wal", "-shm"]) removeIfExists(draft + side);
}

function refuseExisting(path: string): void {
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw failed("write to", path, error);
  }
  throw new CopyExists(`${path} already exists, and a copy never replaces anything: choose another name`);
}

function removeIfExists(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
