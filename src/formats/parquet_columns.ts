/** Which columns of a Parquet file hold which fields of a trade, by their names or as the user says. */
import type { ColumnName, TimeUnit } from "../domain/market/own_columns.ts";
import { quoted } from "./csv_layout.ts";
import type { ParquetColumn, ParquetField, UsedColumn } from "./record_columns.ts";
import type { SideKind } from "./text_trade.ts";
import type { Unreadable } from "./trade_file.ts";

/** Names that a column may have, in lower case and without separators. */
const NAMES: Readonly<Record<string, readonly [field: ParquetField, side?: SideKind]>> = {
  time: ["time"],
  timestamp: ["time"],
  ts: ["time"],
  datetime: ["time"],
  tradetime: ["time"],
  transacttime: ["time"],
  price: ["price"],
  quantity: ["quantity"],
  qty: ["quantity"],
  amount: ["quantity"],
  size: ["quantity"],
  isbuyermaker: ["side", "sold"],
  buyerismaker: ["side", "sold"],
  side: ["side", "taker"],
  takerside: ["side", "taker"],
  id: ["id"],
  tradeid: ["id"],
  aggtradeid: ["id"],
  aggid: ["id"],
  firsttradeid: ["first id"],
  firstid: ["first id"],
  lasttradeid: ["last id"],
  lastid: ["last id"],
  symbol: ["symbol"],
};
const NEEDED = ["time", "price", "quantity"] as const;
const EXPECTED =
  "expected one each for the time (time, timestamp or ts), the price (price) and the quantity " +
  "(quantity, qty, amount or size), and perhaps side or is_buyer_maker, id or trade_id, and symbol; or --columns, which " +
  "says what each column holds";
const SHOWN = 20;

/**
 * The columns to read, by their names. With `own`, the user says what each column holds, in the file's order; `ownUnit`
 * is the unit of times if the schema has none. If a column is missing, fits twice, or holds lists, returns in words why
 * the file cannot be read.
 */
export function usedColumns(
  columns: readonly ParquetColumn[],
  own: readonly ColumnName[] | null,
  ownUnit: TimeUnit | null = null,
): readonly UsedColumn[] | Unreadable {
  if (own !== null && own.length !== columns.length) {
    const asked = `--columns ${own.join(",")} names ${own.length}`;
    return { unreadable: `the file has ${columns.length} columns, ${namesOf(columns)}, and ${asked}` };
  }
  const used = columns.flatMap((column, at): UsedColumn[] => {
    const [field, side = "taker"] = own === null
      ? NAMES[plain(column.name)] ?? []
      : fieldOf(own[at]!, column);
    return field === undefined
      ? []
      : [{ ...column, timeUnit: column.timeUnit ?? ownUnit, field, side, number: at + 1 }];
  });
  const missing = NEEDED.filter((field) => !used.some((column) => column.field === field));
  if (missing.length > 0) {
    return {
      unreadable: `its columns, ${namesOf(columns)}, hold no ${missing.join(" and no ")}: ${EXPECTED}`,
    };
  }
  for (const [at, { field, name }] of used.entries()) {
    const other = used.findIndex((column) => column.field === field);
    if (other < at) {
      const both = `${quoted(used[other]!.name)} and ${quoted(name)}`;
      return {
        unreadable: `two of its columns may hold the ${field}, ${both}: say which one with --columns`,
      };
    }
  }
  const nested = used.find(({ physical }) => physical === null);
  return nested === undefined ? used : {
    unreadable: `its column ${
      quoted(nested.name)
    } holds lists or other nested values, expected one value per row`,
  };
}

function fieldOf(
  name: ColumnName,
  { physical }: ParquetColumn,
): readonly [field?: ParquetField, side?: SideKind] {
  if (name === "-") return [];
  return name === "side" && physical === "boolean" ? ["side", "sold"] : [name];
}

function namesOf(columns: readonly ParquetColumn[]): string {
  const names = columns.slice(0, SHOWN).map(({ name }) => quoted(name)).join(", ");
  return columns.length > SHOWN ? `${names} and ${columns.length - SHOWN} more` : names;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}
