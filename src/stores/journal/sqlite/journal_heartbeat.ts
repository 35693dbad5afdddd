/**
 * The heartbeat of the process that writes a journal: one row, replaced every few seconds, whether trades arrive or
 * not.
 */
import type { KeptHeartbeat } from "../entry_log.ts";
import { damaged } from "../journal_error.ts";
import type { JournalDatabase } from "./journal_file.ts";

/** The text of a price. No price comes close to 40 characters: it has at most 15 digits. */
const DECIMAL = /^(?=.{1,40}$)\d+(\.\d+)?$/;
const INSERT = "INSERT OR REPLACE INTO life VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/**
 * Writes a heartbeat, outside of any transaction. It does not wait for the disk, since losing one in a power cut does
 * no harm. Later commits wait for the disk again.
 */
export function writeHeartbeat(database: JournalDatabase, { last, ...heartbeat }: KeptHeartbeat): void {
  const { run, seq, time, pid, trades, tradesPerSecond, lagMs } = heartbeat;
  // SQLite applies these when they are prepared, not when they are run.
  database.prepare("PRAGMA synchronous = NORMAL").run();
  try {
    database.prepare(INSERT).run(
      ...[run, seq, time, pid, trades, tradesPerSecond, lagMs],
      last?.price ?? null,
      last?.time ?? null,
    );
  } finally {
    database.prepare("PRAGMA synchronous = FULL").run();
  }
}

/** The last heartbeat; null before the first. Throws a JournalError if it cannot be read. */
export function heartbeatOf(database: JournalDatabase, path: string): KeptHeartbeat | null {
  const row = database.prepare("SELECT * FROM life WHERE one = 1").get();
  if (row === undefined) return null;
  const { run, seq, time, pid, trades, trades_per_second: tradesPerSecond, lag_ms: lagMs } = row;
  const { price, price_time: priceTime } = row;
  const numbers = [run, seq, time, pid, trades, tradesPerSecond, lagMs ?? 0, priceTime ?? 0];
  if (!numbers.every(Number.isSafeInteger) || (price !== null && !DECIMAL.test(String(price)))) {
    throw damaged(path, "its heartbeat cannot be read");
  }
  const last = price === null || priceTime === null ? null : { price, time: priceTime };
  return { run, seq, time, pid, trades, tradesPerSecond, lagMs, last } as KeptHeartbeat;
}
