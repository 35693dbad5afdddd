/**
 * Binance's public data: klines (candles) as CSV, one per line.
 *
 * The layout: https://github.com/binance/binance-public-data#klines (spot has no header; futures have one since 2022).
 */
import { KLINE_COLUMNS } from "./kline_row.ts";
import { KlineRows } from "./kline_rows.ts";
import type { TradeFile } from "./trade_file.ts";

/** All columns, and how many there are without the last, which has no meaning and is sometimes left out. */
const MOST = 12, LEAST = 11;
const TIME = /^\d{12,16}$/, AMOUNT = /^\d+(\.\d+)?$/;

/** Rows name no symbol; the first line may name the columns. */
export const binanceKlines: TradeFile = {
  name: "Binance klines (CSV)",
  layoutOf({ text, isFirst }) {
    const fields = text?.split(",") ?? [];
    const { length } = fields;
    if (length < LEAST || length > MOST) return null;
    const header = isFirst && isHeader(fields);
    if (!header && !isRow(fields)) return null;
    return {
      name: "klines",
      unit: "line",
      isCertain: header,
      outweighs: true,
      namesSymbol: false,
      mayCountContracts: true,
      isOfKlines: true,
      reader: ({ symbol }, strict) => new KlineRows(symbol, length, strict),
    };
  },
};

function isHeader(fields: readonly string[]): boolean {
  return KLINE_COLUMNS.every((name, at) =>
    fields[at]!.trim().toLowerCase().replaceAll(/[ _]/g, "") === name.replace("_", "")
  );
}

/** Whether a line looks like a kline; its reader decides whether it is one. */
function isRow(fields: readonly string[]): boolean {
  return KLINE_COLUMNS.every((name, at) => (name.endsWith("_time") ? TIME : AMOUNT).test(fields[at]!));
}
