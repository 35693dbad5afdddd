/** Checks that a journal is as Penstock left it: its chain, and the tables beside the chain. */
import {
  broken,
  chainedEntries,
  type ChainPlace,
  type ChainResult,
  GENESIS,
  headOf,
  verifyEntries,
  type WholeChain,
} from "./journal_chain.ts";
import { disagreement, lastCheckpoint } from "./journal_checkpoint.ts";
import {
  damaged,
  failed,
  type JournalDatabase,
  JournalError,
  resultCode,
  type Row,
} from "./sqlite/journal_file.ts";
import type { RawEntry } from "./journal_entry.ts";
import { checkPrices } from "./journal_prices.ts";
import { mustBeAsMade, versionOf } from "./sqlite/journal_schema.ts";
import { tablesByRun } from "./sqlite/journal_tables.ts";
import { lastOfType, rowOfLast } from "./linked_entry.ts";

/** The least number of last entries that are checked when not all are. */
const TAIL = 100;
/** Runs in one journal: a program that started another every minute would take two years. */
const MOST_RUNS = 1_000_000;
/** In how many of the last entries the index of their types has to have them all. */
const INDEXED = 2_000;

/** In the order of the entries, and by the index through which the last ones of a type are found. */
const IN_ORDER = `SELECT type FROM entries NOT INDEXED
  WHERE seq > ? AND seq <= ? AND run = ? AND type <> 'checkpoint' ORDER BY seq LIMIT ${INDEXED}`;
const BY_INDEX = `SELECT seq FROM entries INDEXED BY entries_by_type
  WHERE type = ? AND type <> 'checkpoint' AND run = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ${INDEXED}`;

/**
 * Throws a JournalError for the first thing that is not as Penstock left it: in the entries from the last checkpoint on
 * and what derives from it or, when `isWhole`, anywhere.
 */
export function inspect(database: JournalDatabase, path: string, isWhole: boolean): void {
  const version = versionOf(database, path);
  mustBeAsMade(database, path, version);
  const run = lastRunOf(database, path);
  if (isWhole) {
    const chain = verifyAll(database, path);
    if (!chain.isWhole) throw damaged(path, chain.what);
  } else inspectEnd(database, path, run);
  const difference = disagreement(database, path, run, version);
  if (difference !== null) throw damaged(path, difference);
}

/** Which entries were checked against their hashes, one after the other. */
export interface CheckedEnd {
  /** The first and the last of them; 0 in an empty journal. */
  readonly from: number;
  readonly to: ChainPlace;
  /** Whether that is less than all since the last checkpoint. */
  readonly isCut: boolean;
}

/**
 * Checks the end of `run`: its entries from the last checkpoint on (at least a hundred, at most `most`), up to the
 * next run's first entry or the journal's end; and the index of the last 2,000 entries. Throws a JournalError for the
 * first flaw.
 */
export function inspectEnd(
  database: JournalDatabase,
  path: string,
  run: number,
  most = Infinity,
): CheckedEnd {
  const [checkpoint, started] = [
    rowOfLast(database, path, run, "checkpoint"),
    rowOfLast(database, path, run, "started"),
  ];
  // The journal's last entry says which run is the last one, so it has to be among those that are checked.
  const next = run === lastRunOf(database, path) ? undefined : rowOfLast(database, path, run + 1, "started");
  const until = next === undefined ? null : placeIn(next);
  const to = until ?? headOf(database) ?? { seq: 0, hash: GENESIS };
  const since = Number((checkpoint ?? started)?.["seq"] ?? 1);
  const from = Math.max(1, Math.min(since, to.seq - TAIL + 1), to.seq - most + 1);
  const chain = verifyEntries(database, path, { first: from, ...(until === null ? {} : { until }) });
  if (!chain.isWhole) throw damaged(path, chain.what);
  const lacking = typeNotIndexed(database, run, to.seq);
  if (lacking !== null) throw damaged(path, `the index of its entries leaves out some of type ${lacking}`);
  return { from, to, isCut: from > since };
}

/**
 * Of which type of `run` the index does not have all among the last entries up to `to`; null for none. Nothing is hashed
 * in an index, and what it leaves out would never be shown.
 */
function typeNotIndexed(database: JournalDatabase, run: number, to: number): string | null {
  const from = to - INDEXED;
  const types = database.prepare(IN_ORDER).all(from, to, run).map(({ type }) => String(type));
  const byIndex = database.prepare(BY_INDEX);
  for (const [type, all] of Map.groupBy(types, (type) => type)) {
    if (byIndex.all(type, run, from, to).length !== all.length) return JSON.stringify(type);
  }
  return null;
}

function placeIn({ seq, hash }: Row): ChainPlace | null {
  return typeof seq === "number" && typeof hash === "string" ? { seq, hash: Uint8Array.fromHex(hash) } : null;
}

/**
 * Checks everything: the chain from its first entry, the tables that derive from it, the prices that are kept, and
 * the database itself. Memory does not grow with the journal. Throws a JournalError if it cannot be read.
 */
export function verifyAll(database: JournalDatabase, path: string): ChainResult {
  const chain = verifyEntries(database, path);
  return chain.isWhole ? verifyDerived(database, path, chain) : chain;
}

/** The same, and yields every entry as it was written. The caller has to check the content. */
export function* chainedAll(database: JournalDatabase, path: string): Generator<RawEntry, ChainResult> {
  const chain = yield* chainedEntries(database, path);
  return chain.isWhole ? verifyDerived(database, path, chain) : chain;
}

/** Checks the tables beside the entries, after the entries were found whole. */
function verifyDerived(database: JournalDatabase, path: string, chain: WholeChain): ChainResult {
  const last = chain.entries;
  const derived = (what: string) => broken(last, "derived", what);
  try {
    const version = versionOf(database, path);
    mustBeAsMade(database, path, version);
    const result = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    if (result !== "ok") return derived(`its database is damaged (${result})`);
    const lastRun = lastRunOf(database, path);
    for (let run = lastRun; run > 0; run--) {
      const difference = disagreement(database, path, run, version);
      if (difference !== null) return derived(difference);
    }
    const stray = strayRun(database, lastRun, version);
    if (stray !== null) return derived(stray);
    verifyPrices(database, path, lastRun);
  } catch (error) {
    if (error instanceof JournalError && error.damage !== null) return derived(error.damage);
    if (error instanceof RangeError || resultCode(error) === 11) {
      return derived(`what is kept beside its entries cannot be read (${error})`);
    }
    throw failed("read", path, error);
  }
  return chain;
}

/** Checks the prices: those of the journal's last checkpoint, since a new run leaves them until its first one. */
function verifyPrices(database: JournalDatabase, path: string, lastRun: number): void {
  for (let run = lastRun; run > 0; run--) {
    const checkpoint = lastCheckpoint(database, path, run);
    if (checkpoint === null) continue;
    const opening = lastOfType(database, path, run, "resumed") ?? lastOfType(database, path, run, "started");
    const { long } = (opening?.content["options"] ?? {}) as { readonly long?: unknown };
    // Without a long window nobody can say how many are needed.
    return checkPrices(database, path, checkpoint, Number.isSafeInteger(Number(long)) ? Number(long) : 1);
  }
}

/** Of which run there is a state although there is no such run, as a clause; null for none. */
function strayRun(database: JournalDatabase, lastRun: number, version: number): string | null {
  for (const table of tablesByRun(version)) {
    // Either is at an end of the table.
    const row = database.prepare(`SELECT run FROM ${table} WHERE run < 1 LIMIT 1`).get() ??
      database.prepare(`SELECT run FROM ${table} WHERE run > ? LIMIT 1`).get(lastRun);
    if (row !== undefined) {
      return `the ${table} table names run ${row["run"]}, which has no entry`;
    }
  }
  return null;
}

/** The number of the last run; 0 before the first. Throws a JournalError for a number that no journal can reach. */
export function lastRunOf(database: JournalDatabase, path: string): number {
  const row = database.prepare("SELECT seq, run FROM entries ORDER BY seq DESC LIMIT 1").get();
  if (row === undefined) return 0;
  const [seq, run] = [Number(row["seq"]), Number(row["run"])];
  if (Number.isSafeInteger(run) && run > 0 && run <= Math.min(seq, MOST_RUNS)) return run;
  throw damaged(path, `entry ${seq} at the end says that it is of run ${run}`);
}
