/** When a bar closes, as `--bars` gives it. */
import { durationText, millisecondsIn } from "../numbers/duration.ts";
import { DECIMAL, Money, plain } from "../numbers/money.ts";
import { QUANTITY_PARTS } from "./bar.ts";

/** The measure of a bar, and how much of it a bar has. */
export type BarSize =
  /** Every trade is a bar. */
  | { readonly by: "trade" }
  /** Intervals of this many µs since 1970, UTC. */
  | { readonly by: "time"; readonly length: number }
  | { readonly by: "count"; readonly trades: number }
  /** In hundred-millionths of base currency. */
  | { readonly by: "volume"; readonly volume: bigint }
  /** In hundred-millionths of quote currency. */
  | { readonly by: "value"; readonly value: bigint };

/** The default bar size. */
export const EACH_TRADE = "trades";

/** What `barSizeIn` reads. */
export const BAR_SIZE_TEXT =
  "trades (every trade is a bar), a duration from 1ms to 365d such as 1m or 4h, or a number with its unit: " +
  "trades such as 100t, base volume such as 50v, or quote value such as 1000000q";

const DAY = 86_400_000;
const LONGEST = 365 * DAY;
const MOST_TRADES = 1_000_000_000;
/** Quantities and values have no more decimals than this. */
const DECIMALS = 8;

/**
 * The bar size in a text; null if it is not one.
 *
 * @example
 * ```ts
 * import { barSizeIn } from "./bar_size.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(barSizeIn("1m"), { by: "time", length: 60_000_000 });
 * assertEquals(barSizeIn("0.5v"), { by: "volume", volume: 50_000_000n });
 * assertEquals(barSizeIn("daily"), null);
 * ```
 */
export function barSizeIn(text: string): BarSize | null {
  if (text === EACH_TRADE) return { by: "trade" };
  const unit = text.at(-1);
  if (unit === "t" || unit === "v" || unit === "q") return measured(text.slice(0, -1), unit);
  const length = millisecondsIn(text);
  return length === null || length < 1 || length > LONGEST ? null : { by: "time", length: length * 1000 };
}

function measured(digits: string, unit: "t" | "v" | "q"): BarSize | null {
  if (!DECIMAL.test(digits)) return null;
  const amount = new Money(digits);
  if (amount.isZero() || amount.decimalPlaces() > DECIMALS) return null;
  if (unit !== "t") {
    const parts = BigInt(plain(amount.times(`${QUANTITY_PARTS}`)));
    return unit === "v" ? { by: "volume", volume: parts } : { by: "value", value: parts };
  }
  return amount.decimalPlaces() > 0 || amount.gt(MOST_TRADES)
    ? null
    : { by: "count", trades: amount.toNumber() };
}

/** What windows count if bars have this size, which may be given as text: `trades`, or `bars of 1m`. */
export function barsCounted(size: BarSize | string): string {
  const text = typeof size === "string" ? size : barSizeText(size);
  return text === EACH_TRADE ? text : `bars of ${text}`;
}

/** The shortest text of a bar size. */
export function barSizeText(size: BarSize): string {
  switch (size.by) {
    case "trade":
      return EACH_TRADE;
    case "time": {
      const milliseconds = size.length / 1000;
      return milliseconds % DAY === 0 ? `${milliseconds / DAY}d` : durationText(milliseconds);
    }
    case "count":
      return `${size.trades}t`;
    case "volume":
      return `${plain(new Money(size.volume, DECIMALS))}v`;
    case "value":
      return `${plain(new Money(size.value, DECIMALS))}q`;
  }
}
