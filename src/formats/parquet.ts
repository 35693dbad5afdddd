/** Parquet: columns of trades, in groups of rows. */
import type { ColumnName, TimeUnit } from "../domain/market/own_columns.ts";
import { usedColumns } from "./parquet_columns.ts";
import { ParquetRows } from "./parquet_rows.ts";
import type { TradeFile } from "./trade_file.ts";

/** What every file starts and ends with. */
const PARQUET_MAGIC = "PAR1";

/**
 * The format of Parquet files whose columns are named after what they hold. If the user gives `columns`, they say what
 * each column holds, in the order of the schema; `timeUnit` is then the unit of times if the schema has none.
 */
export function parquetOf(columns: readonly ColumnName[] | null, timeUnit: TimeUnit | null): TradeFile {
  return {
    name: "Parquet",
    layoutOf({ bytes }) {
      for (let at = 0; at < PARQUET_MAGIC.length; at++) {
        if (bytes[at] !== PARQUET_MAGIC.charCodeAt(at)) return null;
      }
      return {
        name: "Parquet",
        unit: "records",
        isCertain: true,
        outweighs: false,
        namesSymbol: false,
        columnsOf: (schema) => usedColumns(schema, columns, timeUnit),
        reader: ({ symbol }, strict, numbers) => new ParquetRows(symbol, strict, numbers),
      };
    },
  };
}

/** Files whose columns are named after what they hold. */
export const parquet: TradeFile = parquetOf(null, null);
