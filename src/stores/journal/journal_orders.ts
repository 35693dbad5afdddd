/**
 * The changes of waiting orders. The entry of each checkpoint holds those since the previous one, and its state says
 * how many of the last changes its orders follow from.
 */
import { isOrderChange, type OrderChange } from "../../stages/order_changes.ts";
import type { EntryLog } from "./entry_log.ts";
import { chainedPages } from "./journal_chain.ts";
import type { Checkpoint } from "./journal_checkpoint.ts";
import { contentIn, type RawEntry, textOf } from "./journal_entry.ts";
import { damaged } from "./journal_error.ts";

/**
 * A change in short form, because every order has one. For a new order: its side, its trade, the µs from the entry's
 * time until it is due, and its cause if it has one. For an order that ended: how many changes ago it was made. For a
 * lost connection: how it was lost.
 */
export type ShortChange = readonly (string | number)[];

/** The changes in short form, for an entry at `time` (µs since 1970). */
export function inShort(changes: readonly OrderChange[], time: number): ShortChange[] {
  return changes.map((change) => {
    if ("ended" in change) return [change.ended];
    if ("cut" in change) return [change.cut];
    const { side, signalTradeId, due, cause } = change;
    return [side, signalTradeId, due - time, ...(cause === undefined ? [] : [cause])];
  });
}

/** The change that `inShort` wrote for an entry at `time`; null for anything else. */
function inFull(short: unknown, time: number): OrderChange | null {
  if (!Array.isArray(short)) return null;
  const [first, signalTradeId, wait, cause] = short;
  const change = short.length > 1
    ? { side: first, signalTradeId, ...(cause === undefined ? {} : { cause }), due: time + wait }
    : typeof first === "number"
    ? { ended: first }
    : { cut: first };
  return isOrderChange(change) ? change : null;
}

/** How many entries are read at once, from the last one back. */
const READ = 2_000;
/** The text in the content of an entry with changes. */
const HAS_ORDERS = ',"orders":[';

/**
 * The last `count` changes of waiting orders up to a checkpoint of `run`, oldest first. The entries between them are
 * checked one by one, so that none is left out. Throws a JournalError if there are fewer, or for the first flaw.
 */
export async function lastOrderChanges(
  log: EntryLog,
  { seq }: Checkpoint,
  run: number,
  count: number,
): Promise<OrderChange[]> {
  const parts: OrderChange[][] = [];
  let found = 0;
  for (let last = seq; found < count && last > 0; last -= READ) {
    const part: OrderChange[] = [];
    for await (const page of pagesUpTo(log, last)) part.push(...changesIn(log.path, page, run));
    parts.push(part);
    found += part.length;
  }
  if (found >= count) return parts.reverse().flat().slice(found - count);
  throw damaged(
    log.path,
    `the waiting orders of entry ${seq} follow from ${count} changes, but only ${found} exist`,
  );
}

/** The last entries up to the one at `last`. */
async function* pagesUpTo(log: EntryLog, last: number): AsyncGenerator<readonly RawEntry[]> {
  const place = await log.placeOf(last);
  if (place === null) throw damaged(log.path, `entry ${last} is missing or cannot be read`);
  const until = { seq: last, hash: Uint8Array.fromHex(place.hash) };
  const chain = yield* chainedPages(log, { first: Math.max(1, last - READ + 1), until });
  if (!chain.isWhole) throw damaged(log.path, chain.what);
}

function changesIn(path: string, entries: Iterable<RawEntry>, run: number): OrderChange[] {
  const changes: OrderChange[] = [];
  for (const entry of entries) {
    if (entry.type !== "checkpoint" || entry.run !== run) continue;
    const text = textOf(entry);
    if (text === null || !text.includes(HAS_ORDERS)) continue;
    const orders = contentIn(text)?.["orders"];
    for (const short of Array.isArray(orders) ? orders : []) {
      const change = inFull(short, entry.time);
      if (change === null) {
        throw damaged(path, `entry ${entry.seq} (checkpoint) has a change of an order that is not valid`);
      }
      changes.push(change);
    }
  }
  return changes;
}
