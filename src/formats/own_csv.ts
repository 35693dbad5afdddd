/** The user's own CSV files: the user names their columns with `--columns`. */
import type { ColumnName, TimeUnit } from "../domain/market/own_columns.ts";
import { quoted } from "./csv_layout.ts";
import { DelimitedRows, fieldsOf, SEPARATORS } from "./delimited_rows.ts";
import type { TextField } from "./text_trade.ts";
import type { TradeFile } from "./trade_file.ts";

/** Names that headers use, in lower case and without separators. */
const MEANINGS: Readonly<Record<string, Exclude<ColumnName, "-">>> = {
  time: "time",
  timestamp: "time",
  datetime: "time",
  date: "time",
  unix: "time",
  unixtime: "time",
  createdtime: "time",
  price: "price",
  px: "price",
  quantity: "quantity",
  qty: "quantity",
  amount: "quantity",
  size: "quantity",
  volume: "quantity",
  side: "side",
  direction: "side",
  id: "id",
  tid: "id",
  tradeid: "id",
};

/**
 * The format of files whose columns are `columns`, in this order. Commas, semicolons or tabs separate the fields. The
 * first line is a header if it has no number where the price, the quantity and the time belong. If `timeUnit` is null,
 * the size of each time shows its unit.
 */
export function ownCsv(columns: readonly ColumnName[], timeUnit: TimeUnit | null): TradeFile {
  const asked = `--columns ${columns.join(",")}`;
  return {
    name: `CSV with ${asked}`,
    layoutOf({ text, isFirst }) {
      if (text === null || text === "") return null;
      const split = SEPARATORS.map((separator) => ({ separator, fields: fieldsOf(text, separator) }));
      const found = split.find(({ fields }) => fields?.length === columns.length);
      if (found === undefined) {
        const most = Math.max(...split.map(({ fields }) => fields?.length ?? 0));
        const what = most === 0 ? "its quotation marks do not come in pairs" : `it has ${count(most)}`;
        return {
          unreadable:
            `the first line is ${quoted(text)}: ${what}, and ${asked} names ${columns.length}. Name ` +
            "each column of the file, and give - for a column to skip",
        };
      }
      const { separator, fields } = found;
      const hasHeader = isFirst && isHeader(fields!, columns);
      const wrong = hasHeader ? contradiction(fields!, columns) : null;
      if (wrong !== null) {
        const { column, name, header } = wrong;
        const what = `the header calls column ${column} ${
          quoted(header)
        }, but ${asked} says that it is the ${name}`;
        return { unreadable: what };
      }
      const layout = {
        separator,
        columns: columns.map((name) => ({ name, field: fieldOf(name) })),
        hasHeader,
        timeUnit,
        side: "taker",
        isSkipping: false,
      } as const;
      return {
        name: "CSV of your own",
        unit: "line",
        isCertain: hasHeader,
        outweighs: true,
        namesSymbol: false,
        reader: ({ symbol }, strict, numbers) => new DelimitedRows(layout, symbol, strict, numbers),
      };
    },
  };
}

/**
 * The `--columns` that a header suggests, as advice; null if its names do not show where time, price and quantity are.
 *
 * @example
 * ```ts
 * import { suggestedColumns } from "./own_csv.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(suggestedColumns(["Symbol", "Trade Time", "Timestamp", "Price", "Qty"]), "-,-,time,price,quantity");
 * assertEquals(suggestedColumns(["open", "close"]), null);
 * ```
 */
export function suggestedColumns(names: readonly string[]): string | null {
  const seen = new Set<string>();
  const columns = names.map((name) => {
    const meaning = meaningOf(name);
    if (meaning === null || seen.has(meaning)) return "-";
    seen.add(meaning);
    return meaning;
  });
  return ["time", "price", "quantity"].every((name) => seen.has(name)) ? columns.join(",") : null;
}

function fieldOf(name: ColumnName): TextField | null {
  return name === "-" ? null : name;
}

function isHeader(fields: readonly string[], columns: readonly ColumnName[]): boolean {
  return columns.every((name, at) =>
    name !== "time" && name !== "price" && name !== "quantity" || !/^[-+.]?\d/.test(fields[at]!)
  );
}

/** The first column, from 1, that a header contradicts; null for none. */
function contradiction(fields: readonly string[], columns: readonly ColumnName[]) {
  for (const [at, name] of columns.entries()) {
    const meaning = meaningOf(fields[at]!);
    if (name === "-" || meaning === null || meaning === name) continue;
    return { column: at + 1, name, header: fields[at]! };
  }
  return null;
}

function meaningOf(name: string): Exclude<ColumnName, "-"> | null {
  const plain = name.toLowerCase().replaceAll(/[\s_-]/g, "");
  return Object.hasOwn(MEANINGS, plain) ? MEANINGS[plain]! : null;
}

function count(fields: number): string {
  return `${fields} ${fields === 1 ? "field" : "fields"}`;
}
