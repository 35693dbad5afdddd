/** Symbols and assets as exchanges name them. */

/** Letters and digits of any script: exchanges list symbols such as 币安人生USDT and BTCUSDT_250328. */
const SYMBOL = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}_]{1,39}$/u;

/** The symbol in a text, in upper case; null unless it is 2 to 40 letters, digits and underscores. */
export function symbolIn(text: string): string | null {
  return SYMBOL.test(text) ? text.toUpperCase() : null;
}

/** An asset's name, in any script, without characters that a terminal would act on. */
const ASSET = /^[\p{L}\p{N}\p{M}_.-]{1,40}$/u;

/** Whether a value from outside may be the name of an asset. */
export function isAssetName(value: unknown): value is string {
  return typeof value === "string" && ASSET.test(value);
}
