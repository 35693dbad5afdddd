import type { StartedEvent } from "../../domain/run/event.ts";
import { printable } from "./terminal.ts";

/** Quote currencies at the end of symbols. If one ends with another, the longer one comes first. */
const QUOTES = [
  "FDUSD",
  "USDT",
  "USDC",
  "TUSD",
  "BUSD",
  "DAI",
  "USD",
  "EUR",
  "TRY",
  "BRL",
  "JPY",
  "BTC",
  "ETH",
  "BNB",
] as const;

/** The exchange's names for a symbol's two assets, if it sent them. */
export interface NamedAssets {
  readonly base?: string;
  readonly quote?: string;
}

/**
 * The assets of a symbol such as BTCUSDT or BTCUSDT_250328, for people: the `named` ones, otherwise the symbol split
 * before a known quote currency, otherwise "base" and "quote".
 */
export function assets(
  symbol: string,
  named: NamedAssets | null = null,
): { readonly base: string; readonly quote: string } {
  const { base, quote } = named ?? {};
  // These names may come from a file or a journal that someone else made.
  if (base !== undefined && quote !== undefined) return { base: printable(base), quote: printable(quote) };
  const [pair = ""] = symbol.split("_");
  const found = QUOTES.find((candidate) => pair.endsWith(candidate) && pair.length > candidate.length);
  return found === undefined
    ? { base: "base", quote: "quote" }
    : { base: pair.slice(0, -found.length), quote: found };
}

/** The names of the assets in an instrument's origin, as events and journals have it; null if it has none. */
export function namedAssets(instrument: StartedEvent["config"][string] | undefined): NamedAssets | null {
  return typeof instrument === "object" ? instrument?.exchangeInfo ?? null : null;
}
