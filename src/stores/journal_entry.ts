/** One entry of a journal, as it is written and as it is read. */
import { damaged, type JournalDatabase, type Row } from "./journal_file.ts";

/** What an entry can say. */
export type EntryType =
  | "started"
  | "connected"
  | "disconnected"
  | "gap"
  | "signal"
  | "refusal"
  | "fill"
  | "expired"
  | "halt"
  | "released"
  | "checkpoint"
  | "stopped"
  | "resumed";

/** What is to become an entry; the others come about with a run and with a checkpoint. */
export interface Draft {
  readonly type: Exclude<EntryType, "started" | "checkpoint">;
  /** µs since 1970. */
  readonly time: number;
  /** An object that JSON can hold; amounts as decimal text. */
  readonly content: object;
}

/** An entry as it stands in the journal. */
export interface Entry {
  /** 1 for the first, without holes. */
  readonly seq: number;
  /** 1 for the first run of this journal. */
  readonly run: number;
  readonly type: EntryType;
  /** µs since 1970. */
  readonly time: number;
  readonly content: Readonly<Record<string, unknown>>;
}

/** An entry before its content is read: the bytes that its hash covers. */
export interface RawEntry {
  readonly seq: number;
  readonly run: number;
  readonly type: string;
  readonly time: number;
  readonly content: Uint8Array;
  readonly hash: Uint8Array;
}

const HASH_BYTES = 32;
/** Strict, since two different byte sequences must not read as the same text. */
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What to select for `rawEntry`. As a blob, content comes with the bytes that it has. */
export const RAW_COLUMNS = "seq, run, type, time, CAST(content AS BLOB) AS content, hash";

/** The entry in a row of `RAW_COLUMNS`; null where a column is not what it must be. */
export function rawEntry(row: Row): RawEntry | null {
  const { seq, run, type, time, content, hash } = row;
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(run) || !Number.isSafeInteger(time)) return null;
  if (typeof type !== "string" || !(content instanceof Uint8Array)) return null;
  if (!(hash instanceof Uint8Array) || hash.length !== HASH_BYTES) return null;
  return { seq: seq as number, run: run as number, type, time: time as number, content, hash };
}

/** The content of an entry; null where it is not a JSON object. */
export function contentOf(raw: RawEntry): Readonly<Record<string, unknown>> | null {
  try {
    const content: unknown = JSON.parse(DECODER.decode(raw.content));
    return typeof content === "object" && content !== null ? content as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

/** The entry in a row of `RAW_COLUMNS`. Throws a JournalError, with the journal's `path`, where it cannot be read. */
export function readEntry(row: Row, path: string): Entry {
  const raw = rawEntry(row);
  const content = raw && contentOf(raw);
  if (raw === null || content === null) throw damaged(path, `entry ${row["seq"]} cannot be read`);
  const { seq, run, type, time } = raw;
  return { seq, run, type: type as EntryType, time, content };
}

/** The last entry of `type` in `run`; null where there is none. */
export function lastOfType(
  database: JournalDatabase,
  path: string,
  run: number,
  type: EntryType,
): Entry | null {
  const row = database.prepare(
    `SELECT ${RAW_COLUMNS} FROM entries WHERE type = ? AND run = ? ORDER BY seq DESC LIMIT 1`,
  ).get(type, run);
  return row === undefined ? null : readEntry(row, path);
}
