/**
 * One commit, as one statement: the database does all of it or nothing, in one round trip. Its first part moves the end
 * of the chain on from the one that the holder of the lease knows, which only that holder can do. Everything else
 * depends on that part. A statement that is repeated because its answer was lost finds another end, and changes
 * nothing.
 */
import type { Addition, KeptHeartbeat } from "../entry_log.ts";
import type { DatabaseValue } from "./database_session.ts";
import type { LeaseToken } from "./lease_row.ts";
import { bytesText, listText } from "./postgres_entries.ts";

const RENEWED = "expires = clock_timestamp() + $3 * interval '1 millisecond'";

/** Returns `held`: 1 if it was applied, 0 if the lease or the end of the chain has changed. */
export const APPEND = `WITH held AS (
    UPDATE penstock.journals SET seq = $5, hash = $6, ${RENEWED}
    WHERE journal = $1 AND token = $2 AND seq = $4 RETURNING journal
  ), entries AS (
    INSERT INTO penstock.entries (journal, seq, run, type, time, content, hash)
    SELECT held.journal, added.* FROM held, unnest(
      $7::bigint[], $8::integer[], $9::text[], $10::bigint[], $11::text[], $12::bytea[]
    ) AS added
  ), state AS (
    INSERT INTO penstock.states (journal, run, seq, content, closes)
    SELECT journal, $13, $14, $15, $16 FROM held WHERE $13::integer IS NOT NULL
    ON CONFLICT (journal, run) DO UPDATE
    SET seq = EXCLUDED.seq, content = EXCLUDED.content, closes = EXCLUDED.closes
  ), closes AS (
    INSERT INTO penstock.closes (journal, seq, decimals, fresh, bytes, before, state)
    SELECT journal, $17, $18, $19, $20, $21, $22 FROM held WHERE $17::bigint IS NOT NULL
  ), pruned AS (
    DELETE FROM penstock.closes AS old USING held WHERE old.journal = held.journal AND (old.seq < $23 OR old.seq >= $25)
  ), handled AS (
    DELETE FROM penstock.requests AS filed USING held
    WHERE filed.journal = held.journal AND filed.id = ANY ($24::bigint[])
  )
  SELECT count(*) AS held FROM held`;

/** Returns `held`, like APPEND. */
export const HEARTBEAT = `WITH held AS (
    UPDATE penstock.journals SET ${RENEWED} WHERE journal = $1 AND token = $2 RETURNING journal
  ), heartbeat AS (
    INSERT INTO penstock.heartbeats AS last
      (journal, run, seq, time, pid, trades, trades_per_second, lag_ms, price, price_time)
    SELECT journal, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM held
    ON CONFLICT (journal) DO UPDATE SET (run, seq, time, pid, trades, trades_per_second, lag_ms, price, price_time) =
      (EXCLUDED.run, EXCLUDED.seq, EXCLUDED.time, EXCLUDED.pid, EXCLUDED.trades, EXCLUDED.trades_per_second,
        EXCLUDED.lag_ms, EXCLUDED.price, EXCLUDED.price_time)
  )
  SELECT count(*) AS held FROM held`;

/** The values of APPEND. */
export function appendValues(
  { journal, token }: LeaseToken,
  lifetimeMs: number,
  { entries, head, state, closes, closesFrom, firstCloses, handled }: Addition,
): DatabaseValue[] {
  return [
    ...[journal, token, lifetimeMs, head.seq - entries.length, head.seq, bytesText(head.hash)],
    ...[listText(entries.map(({ seq }) => seq)), listText(entries.map(({ run }) => run))],
    ...[listText(entries.map(({ type }) => type)), listText(entries.map(({ time }) => time))],
    ...[
      listText(entries.map(({ content }) => content)),
      listText(entries.map(({ hash }) => bytesText(hash))),
    ],
    ...[state?.run ?? null, state?.seq ?? null, state?.content ?? null, state?.closes ?? null],
    ...[closes?.seq ?? null, closes?.decimals ?? null, closes?.fresh ?? null],
    ...[closes === null ? null : bytesText(closes.bytes), closes?.before ?? null],
    closes?.state == null ? null : `\\x${closes.state}`,
    ...[firstCloses, listText(handled), closesFrom],
  ];
}

/** The values of HEARTBEAT. */
export function heartbeatValues(
  { journal, token }: LeaseToken,
  lifetimeMs: number,
  { run, seq, time, pid, trades, tradesPerSecond, lagMs, last }: KeptHeartbeat,
): DatabaseValue[] {
  return [
    ...[journal, token, lifetimeMs, run, seq, time, pid, trades, tradesPerSecond, lagMs],
    ...[last?.price ?? null, last?.time ?? null],
  ];
}
