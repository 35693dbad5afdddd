/** CSV rows name no symbol, but the names of files in Binance's archive do. Warns if they name another one. */
import type { Origin } from "../../formats/trade_file.ts";

/** As in `BTCUSDT-trades-2025-01-01.csv`, anywhere in a path or after an archive's name. */
const NAMED = /(?:^|[^\p{L}\p{N}_])([\p{Lu}\p{Lo}\p{N}_]{4,})-(?:aggT|t)rades-\d{4}/gu;

/** The symbol that an archive's file is named after; null if its name says none. */
export function symbolNamed(name: string): string | null {
  return [...name.matchAll(NAMED)].at(-1)?.[1] ?? null;
}

/** Compares the symbol asked for with those in the names of files; each other symbol is reported once. */
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
