/** Copies a journal within its database. */
import { type CopiedJournal, CopyExists } from "../entry_log.ts";
import type { DatabaseSession } from "./database_session.ts";
import { numberOf } from "./postgres_entries.ts";

/** Each copies a part of journal $1 to journal $2. */
const COPIES = [
  `INSERT INTO penstock.entries (journal, seq, run, type, time, content, hash)
    SELECT $2, seq, run, type, time, content, hash FROM penstock.entries WHERE journal = $1 ORDER BY seq`,
  `INSERT INTO penstock.states (journal, run, seq, content, closes)
    SELECT $2, run, seq, content, closes FROM penstock.states WHERE journal = $1`,
  `INSERT INTO penstock.closes (journal, seq, decimals, fresh, bytes, before, state)
    SELECT $2, seq, decimals, fresh, bytes, before, state FROM penstock.closes WHERE journal = $1`,
  `UPDATE penstock.journals AS copy SET seq = source.seq, hash = source.hash
    FROM penstock.journals AS source WHERE copy.journal = $2 AND source.journal = $1`,
];
const END = `SELECT seq, run, type, time FROM penstock.entries WHERE journal = $1 ORDER BY seq DESC LIMIT 1`;
const SIZE = `SELECT coalesce(sum(octet_length(content) + octet_length(hash)), 0) AS bytes
  FROM penstock.entries WHERE journal = $1`;

/**
 * Copies a journal, as of one moment, to a new one called `name`, in one transaction. No process owns a copy: it has no
 * heartbeat and no requests. Throws CopyExists, which names the place `to`, if a journal of that name exists.
 */
export async function copyInDatabase(
  session: DatabaseSession,
  { journal, name, to }: { readonly journal: number; readonly name: string; readonly to: string },
): Promise<CopiedJournal> {
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    const made = await session.query(
      "INSERT INTO penstock.journals (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING journal",
      [name],
    );
    if (made.length === 0) {
      throw new CopyExists(`${to} already exists, and a copy never replaces anything: choose another name`);
    }
    const copy = numberOf(made[0]?.["journal"]);
    for (const statement of COPIES) await session.query(statement, [journal, copy]);
    const [end] = await session.query(END, [copy]);
    const [size] = await session.query(SIZE, [copy]);
    await session.query("COMMIT");
    return {
      run: end === undefined ? 0 : numberOf(end["run"]),
      entry: end === undefined ? 0 : numberOf(end["seq"]),
      type: end?.["type"] ?? "",
      time: end === undefined ? 0 : numberOf(end["time"]),
      bytes: numberOf(size?.["bytes"]),
    };
  } catch (error) {
    await session.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
