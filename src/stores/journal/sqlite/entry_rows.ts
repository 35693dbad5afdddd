/** The rows of entries in a database, as they are read. */
import { type EntryType, MOST_CONTENT, type StoredEntry } from "../journal_entry.ts";
import { type JournalDatabase, resultCode } from "./journal_file.ts";

const HASH_CHARACTERS = 64;
const MOST_TYPE = 40;
/** The hash in hexadecimal, as an expression in SQL; null if it is not a hash. */
export const HEX_HASH =
  "CASE WHEN typeof(hash) = 'blob' AND octet_length(hash) = 32 THEN lower(hex(hash)) END";
/** Type and content, as expressions in SQL; null if one is too long, so that it is not read. */
export const BOUND_TYPE = `CASE WHEN octet_length(type) <= ${MOST_TYPE} THEN type END`;
const BOUND_CONTENT = `CASE WHEN octet_length(content) <= ${MOST_CONTENT} THEN content END`;

/** The columns of an entry, which are read as a list, and as text if possible: that takes a third of the usual time. */
const COLUMNS = `seq, run, ${BOUND_TYPE}, time, ${BOUND_CONTENT}, ${HEX_HASH},
  octet_length(type) + octet_length(content)`;
/** The values of these columns. */
type EntryRow = readonly [
  seq: unknown,
  run: unknown,
  type: unknown,
  time: unknown,
  content: unknown,
  hash: unknown,
  bytes: unknown,
];

/** Not strict: Penstock never wrote a type that is not UTF-8, whatever it decodes to. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
/** Below every possible row number except one. */
const LOWEST = -(2n ** 63n);

/**
 * The condition for entries of `type` in a run, both as parameters, written so that the index, which leaves out
 * checkpoints, applies.
 */
export function ofTypeInRun(type: EntryType): string {
  return type === "checkpoint" ? "type = ? AND run = ?" : "type = ? AND type <> 'checkpoint' AND run = ?";
}

/** The entries that match `condition`, which ends with their order and perhaps a limit. */
export function entriesWhere(
  database: JournalDatabase,
  condition: string,
  ...values: readonly (string | number | bigint)[]
): StoredEntry[] {
  const entries = database.prepare(`SELECT ${COLUMNS} FROM entries WHERE ${condition}`);
  entries.setReturnArrays(true);
  const rows = entries.all(...values) as unknown as EntryRow[];
  return rows.map((row) => entryIn(isPlain(row) ? row : withBytes(database, row)));
}

/** Up to `limit` entries after `seq`; the last is unreadable if the database cannot be read further. */
export function entriesAfter(database: JournalDatabase, seq: number, limit: number): StoredEntry[] {
  try {
    // The first query also covers numbers below 1, which no entry may have.
    return entriesWhere(database, `seq > ? ORDER BY seq LIMIT ${limit}`, seq === 0 ? LOWEST : seq);
  } catch (error) {
    // A number that no journal can hold, or an invalid page.
    if (!(error instanceof RangeError) && resultCode(error) !== 11) throw error;
    if (limit === 1) return [{ seq: null, type: null }];
  }
  // One by one, up to the entry that cannot be read.
  const entries: StoredEntry[] = [];
  for (let after: number | null = seq; after !== null && entries.length < limit;) {
    const [entry] = entriesAfter(database, after, 1);
    if (entry === undefined) break;
    entries.push(entry);
    after = entry.seq;
  }
  return entries;
}

/** Whether type and content in a row are texts that only these bytes decode to. */
function isPlain(row: EntryRow): boolean {
  // Destructuring the list through its iterator would cost more than all of these checks.
  const type = row[2];
  const content = row[4];
  if (typeof type !== "string" || typeof content !== "string") return false;
  // One character for every byte, and no replacement character: it is ASCII, and nothing was cut off.
  return type.length + content.length === row[6] && !content.includes("\ufffd") && !type.includes("\ufffd");
}

/** The row with the bytes of its content, and with all of its type. */
function withBytes(database: JournalDatabase, [seq, run, , time, , hash, bytes]: EntryRow): EntryRow {
  const row = database.prepare(
    `SELECT CAST(${BOUND_TYPE} AS BLOB) AS type, CAST(${BOUND_CONTENT} AS BLOB) AS content
      FROM entries WHERE seq = ?`,
  ).get(seq as number);
  const type = row?.["type"];
  return [
    seq,
    run,
    type instanceof Uint8Array ? DECODER.decode(type) : type,
    time,
    row?.["content"],
    hash,
    bytes,
  ];
}

function entryIn(row: EntryRow): StoredEntry {
  const seq = row[0];
  const run = row[1];
  const type = row[2];
  const time = row[3];
  const content = row[4];
  const hash = row[5];
  const isEntry = isNumber(seq) && isNumber(run) && isNumber(time) && typeof type === "string" &&
    (content instanceof Uint8Array || typeof content === "string") &&
    typeof hash === "string" && hash.length === HASH_CHARACTERS;
  return isEntry
    ? { seq, run, type, time, content, hash }
    : { seq: typeof seq === "number" ? seq : null, type: null };
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
