/** Quote currencies as they end a symbol, longest first where one ends another. */
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

/** The currencies of a symbol such as BTCUSDT, for showing; "base" and "quote" where they cannot be told. */
export function assets(symbol: string): { readonly base: string; readonly quote: string } {
  const quote = QUOTES.find((candidate) => symbol.endsWith(candidate) && symbol.length > candidate.length);
  return quote === undefined
    ? { base: "base", quote: "quote" }
    : { base: symbol.slice(0, -quote.length), quote };
}
