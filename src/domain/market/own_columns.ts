/** What the user says about a CSV file of their own: which column holds what, and how its times are written. */

/** What a column can hold; `-` is a column that is not read. */
export const COLUMN_NAMES = ["time", "price", "quantity", "side", "id", "-"] as const;

/** What one column holds. */
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** The columns without which there is no trade. */
const NEEDED: readonly ColumnName[] = ["time", "price", "quantity"];

/** How times are written: a number of one of these units since 1970, or as ISO 8601. */
export const TIME_UNITS = ["s", "ms", "us", "ns", "iso"] as const;

/** One of these. */
export type TimeUnit = (typeof TIME_UNITS)[number];

/**
 * The columns in a text such as `time,price,quantity,-,side`, in the order of the file; null if it has another word, if
 * time, price or quantity is missing, or if one of the names appears twice.
 *
 * @example
 * ```ts
 * import { ownColumnsIn } from "./own_columns.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(ownColumnsIn("-,time,price,quantity"), ["-", "time", "price", "quantity"]);
 * assertEquals(ownColumnsIn("time,price"), null);
 * ```
 */
export function ownColumnsIn(text: string): readonly ColumnName[] | null {
  const words = text.split(",").map((word) => word.trim());
  const columns = words.flatMap((word) => COLUMN_NAMES.filter((name) => name === word));
  if (columns.length !== words.length || !NEEDED.every((name) => columns.includes(name))) return null;
  const isRepeated = columns.some((name, at) => name !== "-" && columns.indexOf(name) !== at);
  return isRepeated ? null : columns;
}
