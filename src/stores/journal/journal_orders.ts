/**
 * The changes of waiting orders, which stand in the entries of the checkpoints: each has those since the one before.
 * A state says how many of the last ones its orders follow from.
 */
import { chainedEntries, hashAt } from "./journal_chain.ts";
import type { Checkpoint } from "./journal_checkpoint.ts";
import { contentIn, type RawEntry, textOf } from "./journal_entry.ts";
import { damaged, type JournalDatabase } from "./journal_file.ts";

/** How many entries are read at once, from the last one back. */
const READ = 2_000;
/** How the content of an entry goes on that has some. */
const HAS_ORDERS = ',"orders":[';

/**
 * The last `count` changes of waiting orders up to a checkpoint of `run`, oldest first. The entries between them are
 * checked one after the other, so that none is left out. Throws a JournalError where there are fewer, or at a flaw.
 */
export function lastOrderChanges(
  database: JournalDatabase,
  path: string,
  { seq }: Checkpoint,
  run: number,
  count: number,
): unknown[] {
  const parts: unknown[][] = [];
  let found = 0;
  for (let last = seq; found < count && last > 0; last -= READ) {
    const part = changesIn(entriesUpTo(database, path, last), run);
    parts.push(part);
    found += part.length;
  }
  if (found >= count) return parts.reverse().flat().slice(found - count);
  throw damaged(
    path,
    `the waiting orders of entry ${seq} follow from ${count} changes, and ${found} are there`,
  );
}

/** The last entries up to the one at `last`. */
function* entriesUpTo(database: JournalDatabase, path: string, last: number): Generator<RawEntry> {
  const hash = hashAt(database, last);
  if (hash === null) throw damaged(path, `entry ${last} is missing or cannot be read`);
  const until = { seq: last, hash: Uint8Array.fromHex(hash) };
  const chain = yield* chainedEntries(database, path, { first: Math.max(1, last - READ + 1), until });
  if (!chain.isWhole) throw damaged(path, chain.what);
}

function changesIn(entries: Iterable<RawEntry>, run: number): unknown[] {
  const changes: unknown[] = [];
  for (const entry of entries) {
    if (entry.type !== "checkpoint" || entry.run !== run) continue;
    const text = textOf(entry);
    if (text === null || !text.includes(HAS_ORDERS)) continue;
    const orders = contentIn(text)?.["orders"];
    if (Array.isArray(orders)) changes.push(...orders);
  }
  return changes;
}
