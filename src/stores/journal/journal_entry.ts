/** One entry of a journal, as it is written and as it is read. */
import { damaged, type Row } from "./sqlite/journal_file.ts";

/** What an entry can say. */
export type EntryType =
  | "started"
  | "connected"
  | "disconnected"
  | "gap"
  | "reset"
  | "signal"
  | "refusal"
  | "fill"
  | "expired"
  | "halt"
  | "released"
  | "rules"
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

/** An entry before its content is read. */
export interface RawEntry {
  readonly seq: number;
  readonly run: number;
  readonly type: string;
  readonly time: number;
  /** What its hash covers: the bytes, or a text that no other bytes read as. */
  readonly content: Uint8Array | string;
  /** In hexadecimal. */
  readonly hash: string;
}

const HASH_CHARACTERS = 64;
/** Strict, since two different byte sequences must not read as the same text. */
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The most bytes that the content of an entry has; those that a run writes have a few hundred. */
export const MOST_CONTENT = 1 << 17;
const MOST_TYPE = 40;
/** The hash in hexadecimal, as an expression in SQL; null if it is not a hash. */
export const HEX_HASH =
  "CASE WHEN typeof(hash) = 'blob' AND octet_length(hash) = 32 THEN lower(hex(hash)) END";
/** Type and content, as expressions in SQL; null if too long, so that it is not read. */
export const BOUND_TYPE = `CASE WHEN octet_length(type) <= ${MOST_TYPE} THEN type END`;
export const BOUND_CONTENT = `CASE WHEN octet_length(content) <= ${MOST_CONTENT} THEN content END`;

/** What to select for `rawEntry`. As a blob, content comes with the bytes that it has. */
export const RAW_COLUMNS = `seq, run, ${BOUND_TYPE} AS type, time,
  CAST(${BOUND_CONTENT} AS BLOB) AS content, ${HEX_HASH} AS hash`;

/** The entry in a row of `RAW_COLUMNS`; null where a column is not what it must be. */
export function rawEntry({ seq, run, type, time, content, hash }: Row): RawEntry | null {
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(run) || !Number.isSafeInteger(time)) return null;
  if (typeof type !== "string" || !(content instanceof Uint8Array || typeof content === "string")) {
    return null;
  }
  if (typeof hash !== "string" || hash.length !== HASH_CHARACTERS) return null;
  return { seq: seq as number, run: run as number, type, time: time as number, content, hash };
}

/** The content of an entry as it was written; null if it is not text. */
export function textOf({ content }: RawEntry): string | null {
  if (typeof content === "string") return content;
  try {
    return DECODER.decode(content);
  } catch {
    return null;
  }
}

/** The content of an entry from its text; null if it is not a JSON object. */
export function contentIn(text: string | null): Readonly<Record<string, unknown>> | null {
  if (text === null) return null;
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === "object" && content !== null ? content as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

/** The entry in a row of `RAW_COLUMNS`. Throws a JournalError, with the journal's `path`, if it cannot be read. */
export function readEntry(row: Row, path: string): Entry {
  const raw = rawEntry(row);
  const content = raw && contentIn(textOf(raw));
  if (raw === null || content === null) throw damaged(path, `entry ${row["seq"]} cannot be read`);
  const { seq, run, type, time } = raw;
  return { seq, run, type: type as EntryType, time, content };
}

/** The condition for entries of `type` in a run, both to be given: such that the index serves, which has no checkpoints. */
export function ofTypeInRun(type: EntryType): string {
  return type === "checkpoint" ? "type = ? AND run = ?" : "type = ? AND type <> 'checkpoint' AND run = ?";
}
