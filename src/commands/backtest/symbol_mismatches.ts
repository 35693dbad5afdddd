/** Warns if a CSV file is named after another symbol, as Binance's archive names files. Its rows name no symbol. */
import type { Origin } from "../../formats/trade_file.ts";

/**
 * A name such as `BTCUSDT-trades-2025-01-01.csv` or `BTCUSDT-1m-2025-01.csv`, anywhere in a path or after an archive's
 * name. OKX's `BTC-USDT-trades-2025-01-01.csv` has no such name in it.
 */
const NAMED =
  /(?:^|[^\p{L}\p{N}_])(?<![\p{Lu}\p{N}]-)([\p{Lu}\p{Lo}\p{N}_]{4,})-(?:(?:aggT|t)rades|\d{1,2}(?:[smhdw]|mo))-\d{4}/gu;

/** The symbol that an archive's file is named after; null if its name contains none. */
export function symbolNamed(name: string): string | null {
  return [...name.matchAll(NAMED)].at(-1)?.[1] ?? null;
}

/** Compares the configured symbol with those in file names, and reports each other symbol once. */
export class SymbolMismatches {
  readonly #symbol: string;
  readonly #warned = new Set<string>();

  constructor(symbol: string) {
    this.#symbol = symbol;
  }

  /** The warning about the file of the next chunk, or null. */
  warningOf({ name, layout }: Origin): string | null {
    if (layout.namesSymbol) return null;
    const symbol = symbolNamed(name);
    if (symbol === null || symbol === this.#symbol || this.#warned.has(symbol)) return null;
    this.#warned.add(symbol);
    return `${name} has ${symbol} in its name, but is read as ${this.#symbol}: if that is wrong, give --symbol ${symbol}`;
  }
}
