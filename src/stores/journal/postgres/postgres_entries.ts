/** The rows of entries in a database, as they are read, and values as PostgreSQL writes and reads them. */
import { MOST_CONTENT, type StoredEntry } from "../journal_entry.ts";
import type { DatabaseRow } from "./database_session.ts";

const HASH_BYTES = 32;
const MOST_TYPE = 40;

/**
 * The columns of an entry. Type and content are null if they are too long to read; the hash is null if it is not a
 * hash.
 */
export const ENTRY_COLUMNS = `seq, run, time,
  CASE WHEN octet_length(type) <= ${MOST_TYPE} THEN type END AS type,
  CASE WHEN octet_length(content) <= ${MOST_CONTENT} THEN content END AS content,
  CASE WHEN octet_length(hash) = ${HASH_BYTES} THEN encode(hash, 'hex') END AS hash`;

/** Returns the entry in a row. In a UTF-8 database each text has exactly one byte sequence, so text is enough. */
export function entryOf({ seq, run, time, type, content, hash }: DatabaseRow): StoredEntry {
  const [place, runs, at] = [wholeNumber(seq), wholeNumber(run), wholeNumber(time)];
  const isEntry = place !== null && runs !== null && at !== null && type != null && content != null &&
    hash != null;
  return isEntry ? { seq: place, run: runs, type, time: at, content, hash } : { seq: place, type: null };
}

/** Returns a value as a whole number; null unless a double holds it exactly. */
export function wholeNumber(value: string | null | undefined): number | null {
  const number = Number(value ?? NaN);
  return Number.isSafeInteger(number) ? number : null;
}

/** Returns a value that is never null as a whole number. Throws a TypeError if it is not one. */
export function numberOf(value: string | null | undefined): number {
  const number = wholeNumber(value);
  if (number === null) throw new TypeError(`${value} is not a whole number`);
  return number;
}

/** Parses bytes as PostgreSQL writes them. */
export function bytesOf(value: string): Uint8Array {
  return Uint8Array.fromHex(value.slice(2));
}

/** Bytes as PostgreSQL reads them. */
export function bytesText(bytes: Uint8Array): string {
  return `\\x${bytes.toHex()}`;
}

/** A list as PostgreSQL reads it. */
export function listText(values: readonly (string | number)[]): string {
  return `{${values.map((value) => typeof value === "number" ? value : quoted(value)).join(",")}}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
