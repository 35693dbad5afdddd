/** Binance's public data: trades and aggregated trades as CSV, one per line. */
import { areContractsInCoins, csvColumns } from "./csv_layout.ts";
import { CsvRows } from "./csv_rows.ts";
import type { TradeFile } from "./trade_file.ts";

/** Rows name no symbol; the first line may name the columns. */
export const binanceCsv: TradeFile = {
  name: "Binance public data (CSV)",
  layoutOf({ text, isFirst }) {
    if (text === null) return null;
    const found = csvColumns(text);
    if ("unknown" in found) return { unreadable: found.unknown };
    const { columns, header } = found;
    return {
      name: columns.name,
      unit: "line",
      isCertain: header,
      outweighs: true,
      namesSymbol: false,
      mayCountContracts: !areContractsInCoins(columns),
      // If a later line decided, the first one is a damaged row, even if it looks like a header.
      reader: ({ symbol }, strict) => new CsvRows({ columns, isBare: !isFirst }, symbol, strict),
    };
  },
};
