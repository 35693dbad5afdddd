/** Reads single fields of CSV rows: booleans, times that a number cannot hold, and the ids of unusable rows. */
import type { CsvField } from "./csv_layout.ts";
import type { DecimalBytes } from "../domain/numbers/decimal_bytes.ts";
import { microsecondsIn } from "../domain/numbers/time.ts";

const COMMA = 44, ZERO = 48, NINE = 57;
/** The digits of a time in nanoseconds, until the year 2286. */
const LONGEST_TIME = 19;
/** The bit that distinguishes lower case from upper case, and the one that distinguishes `t` from `f`. */
const CASE_BIT = 32;
export const IS_T = 16;
/**
 * `true` and `false`, in this order: the first letter in lower case, and four bytes as a word ("true", "alse"). Case
 * does not matter: spreadsheets write "TRUE", Python writes "True".
 */
const LETTER = [116, 102], WORD = [0x65757274, 0x65736c61], WORD_MASK = ~0x20202020;

/** The position after `true` or `false` in any case, or -1. */
export function readBoolean(bytes: Uint8Array, view: DataView, at: number): number {
  const letter = bytes[at]!;
  const no = ((letter & IS_T) >> 4) ^ 1;
  const difference = (view.getInt32(at + no, true) ^ WORD[no]!) & WORD_MASK;
  return (difference | ((letter | CASE_BIT) ^ LETTER[no]!)) === 0 ? at + 4 + no : -1;
}

/** Whether the line from `start` to `end` names columns: see `namesColumns`. */
export function isHeaderAt(bytes: Uint8Array, start: number, end: number): boolean {
  const small = bytes[start]! | CASE_BIT;
  if (small >= 97 && small <= 122) return true;
  return bytes[start] === COMMA &&
    !bytes.subarray(start, end).some((byte) => byte >= ZERO && byte <= NINE);
}

/** The time in nanoseconds at `start`, as µs since 1970, and where it ends; null if there is none. */
export function longTimeAt(
  bytes: Uint8Array,
  start: number,
): { readonly time: number; readonly end: number } | null {
  let end = start;
  while (bytes[end]! >= ZERO && bytes[end]! <= NINE) end++;
  const time = microsecondsIn(
    String.fromCharCode(...bytes.subarray(start, Math.min(end, start + LONGEST_TIME))),
  );
  return time === null || end - start > LONGEST_TIME ? null : { time, end };
}

/**
 * The ids of a row, even if its other fields are unusable; null if the ids cannot be read. The row has `found` fields,
 * which start at `starts`.
 */
export function idsIn(
  fields: readonly CsvField[],
  starts: Int32Array,
  found: number,
  view: DataView,
  decimal: DecimalBytes,
): { readonly firstId: number; readonly lastId: number } | null {
  let firstId = -1;
  let lastId = -1;
  for (const [column, { kind }] of fields.entries()) {
    if (kind !== "trade id" && kind !== "first id" && kind !== "last id") continue;
    // A field without a comma after it may have been cut off.
    if (column + 1 >= found) return null;
    const at = decimal.readWhole(view, starts[column]!);
    if (at < 0 || at !== starts[column + 1]! - 1) return null;
    if (kind !== "last id") firstId = decimal.whole;
    if (kind !== "first id") lastId = decimal.whole;
  }
  return firstId < 0 || lastId < firstId ? null : { firstId, lastId };
}
