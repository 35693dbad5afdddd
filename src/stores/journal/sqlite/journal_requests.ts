/**
 * Requests to the run that writes a journal. They are in a side table: other processes insert into it, each in one
 * statement and without the journal's lock; only the holder of the lock deletes from it. Requests are not entries and
 * are not hashed. What the run does about one is an entry, in the transaction that deletes the request.
 */
import { readRequest } from "../../../domain/run/run_request.ts";
import type { FiledRequest, NewRequest, RequestKey } from "../entry_log.ts";
import { contentIn } from "../journal_entry.ts";
import type { JournalDatabase, Row } from "./journal_file.ts";

/** The run reads no more than this at a time, whatever is in the table. */
const MOST = 100;
const KIND_CHARACTERS = 40;
const CONTENT_CHARACTERS = 10_000;

/**
 * The table, which came with version 3. time: µs since 1970. content: JSON. It refuses what the run could not read,
 * because anyone may insert.
 */
export const REQUESTS_TABLE = `CREATE TABLE requests (
    id INTEGER PRIMARY KEY CHECK (abs(id) < 1 << 53),
    run INTEGER NOT NULL CHECK (abs(run) < 1 << 53),
    kind TEXT NOT NULL CHECK (length(kind) <= ${KIND_CHARACTERS}),
    time INTEGER NOT NULL CHECK (time BETWEEN 0 AND (1 << 53) - 1),
    content TEXT NOT NULL CHECK (length(content) <= ${CONTENT_CHARACTERS})
  ) STRICT`;

/** A file that Penstock did not write may hold what the table refuses, so values that are too long are not read. */
const COLUMNS = `id, run, time,
  CASE WHEN octet_length(kind) <= ${4 * KIND_CHARACTERS} THEN kind END AS kind,
  CASE WHEN octet_length(content) <= ${4 * CONTENT_CHARACTERS} THEN content END AS content`;

/** Files a request for `run` outside of any transaction; returns its key. Waits for the run's own commit if it must. */
export function fileRequest(
  database: JournalDatabase,
  { run, time, request: { kind, ...content } }: NewRequest,
): RequestKey {
  // The run has to wait for this insert, which therefore waits neither for the disk nor for a checkpoint of the log.
  // The run's own commit, which removes the request, waits for the disk.
  database.prepare("PRAGMA synchronous = NORMAL").run();
  database.prepare("PRAGMA wal_autocheckpoint = 0").get();
  database.prepare("INSERT INTO requests (run, kind, time, content) VALUES (?, ?, ?, ?)")
    .run(run, kind, time, JSON.stringify(content));
  return { id: Number(database.prepare("SELECT last_insert_rowid() AS id").get()!["id"]), time };
}

/** Whether a request still waits. */
export function isWaiting(database: JournalDatabase, { id, time }: RequestKey): boolean {
  return database.prepare("SELECT 1 FROM requests WHERE id = ? AND time = ?").get(id, time) !== undefined;
}

/** Withdraws a request, if it still waits. */
export function withdraw(database: JournalDatabase, { id, time }: RequestKey): void {
  database.prepare("DELETE FROM requests WHERE id = ? AND time = ?").run(id, time);
}

/** The requests that wait, oldest first. */
export function requestsIn(database: JournalDatabase): FiledRequest[] {
  return database.prepare(`SELECT ${COLUMNS} FROM requests ORDER BY id LIMIT ?`).all(MOST).map(filedIn);
}

function filedIn({ id, run, kind, time, content }: Row): FiledRequest {
  const read = contentIn(typeof content === "string" ? content : null);
  return {
    id: Number(id),
    run: Number(run),
    kind: String(kind),
    time: Number(time),
    request: read === null ? null : readRequest(String(kind), read),
  };
}
