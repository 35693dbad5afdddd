/** Columns of a file that are decoded before its reader gets them. */
import type { TimeUnit } from "../domain/market/own_columns.ts";
import type { SideKind, TextField } from "./text_trade.ts";

/** A column as the file's schema describes it. */
export interface ParquetColumn {
  readonly name: string;
  /** Null for a column of lists, maps or the like. */
  readonly physical: "boolean" | "integer" | "float" | "double" | "bytes" | "nanoseconds" | null;
  /** The decimals of an exact decimal number; null for any other. */
  readonly scale: number | null;
  /** The unit of its times since 1970; null if the schema does not say. */
  readonly timeUnit: TimeUnit | null;
}

/** What a column holds; this includes the ids that an aggregate covers. */
export type ParquetField = TextField | "first id" | "last id";

/** A column that is read. */
export interface UsedColumn extends ParquetColumn {
  readonly field: ParquetField;
  /** Its number in the schema, from 1. */
  readonly number: number;
  /** How a side is written. */
  readonly side: SideKind;
}
