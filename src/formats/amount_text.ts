/** Reads amounts that any program may have written, with an exponent or without, as exact integers. */
import { MAX_DECIMALS, MAX_QUANTITY, PRICE_TEXT, QUANTITY_TEXT } from "../domain/numbers/price.ts";

/** How messages describe the price, or the quantity, that was expected. */
export const PRICE_EXPECTED = `${PRICE_TEXT}, perhaps with an exponent, as in 6.1e4`;
export const QUANTITY_EXPECTED = `${QUANTITY_TEXT}, perhaps with an exponent, as in 1e-05`;

/** Digits with commas among them, and perhaps a point. */
const WITH_COMMAS = /^\d+(?:,\d+)+(?:\.\d*)?$|^\d{1,3}(?:\.\d{3})+,\d+$/;

/** What was expected instead of a text that is not an amount. For a text with a comma, it says what to change. */
export function amountExpected(text: string, expected: string): string {
  if (!WITH_COMMAS.test(text)) return expected;
  return `${expected}; this has a comma: write a point before the decimals, and nothing between thousands`;
}

const AMOUNT = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
/** The most digits of an amount, not counting zeros at either end. */
const MOST_DIGITS = 24;
const UNITS = 10 ** MAX_DECIMALS;
/** Every whole number with this many digits is exact in a double, and so is every power of ten up to this one. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, n) => 10 ** n);
const ZERO = 48, NINE = 57, POINT = 46;

/** An exact decimal: `digits` × 10^-decimals, without a zero at either end of the digits. */
interface Exact {
  readonly digits: string;
  readonly decimals: number;
}

/** A price as the stages count it: an integer count of 10^-decimals, trailing zeros dropped. */
export interface PriceRead {
  readonly price: number;
  readonly decimals: number;
}

/** A quantity: whole units, and hundred-millionths of one from 0 to 99,999,999. */
export interface QuantityRead {
  readonly whole: number;
  readonly fraction: number;
}

/**
 * The price in a text; null if the text is not a price, is 0, has more than 8 decimals, or has more than 2^53 - 1 units
 * of its last decimal.
 *
 * @example
 * ```ts
 * import { priceIn } from "./amount_text.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(priceIn("61607.850"), { price: 6160785, decimals: 2 });
 * assertEquals(priceIn("9.3e-06"), { price: 93, decimals: 7 });
 * assertEquals(priceIn("0.123456789"), null);
 * ```
 */
export function priceIn(text: string): PriceRead | null {
  const usual = usualIn(text);
  if (usual !== null) return usual.decimals > MAX_DECIMALS ? null : usual;
  const exact = exactIn(text);
  if (exact === null || exact.decimals > MAX_DECIMALS) return null;
  const { digits, decimals } = exact;
  const price = Number(decimals < 0 ? digits + "0".repeat(-decimals) : digits);
  // Rounding never brings a larger number down to 2^53 - 1.
  return price > Number.MAX_SAFE_INTEGER ? null : { price, decimals: Math.max(0, decimals) };
}

/**
 * The quantity in a text; null if the text is not a quantity, is 0, has more than 8 decimals, or is more than
 * MAX_QUANTITY.
 */
export function quantityIn(text: string): QuantityRead | null {
  const usual = usualIn(text);
  if (usual !== null) {
    const { price, decimals } = usual;
    if (decimals > MAX_DECIMALS) return null;
    const unit = POWERS[decimals]!;
    const whole = Math.floor(price / unit);
    return { whole, fraction: (price - whole * unit) * POWERS[MAX_DECIMALS - decimals]! };
  }
  const exact = exactIn(text);
  if (exact === null || exact.decimals > MAX_DECIMALS) return null;
  const units = exact.digits + "0".repeat(MAX_DECIMALS - exact.decimals);
  const whole = Number(units.slice(0, -MAX_DECIMALS));
  const fraction = Number(units.slice(-MAX_DECIMALS));
  return whole + fraction / UNITS > MAX_QUANTITY || whole >= MAX_QUANTITY && fraction > 0
    ? null
    : { whole, fraction };
}

/** The amount in a text of a few digits and perhaps a point, as most are; null for 0 and for any other text. */
function usualIn(text: string): PriceRead | null {
  if (text.length > EXACT_DIGITS + 1) return null;
  let price = 0;
  let point = -1;
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) {
      price = price * 10 + (code - ZERO);
      digits++;
    } else if (code === POINT && point < 0) point = at;
    else return null;
  }
  if (price === 0 || digits > EXACT_DIGITS) return null;
  let decimals = point < 0 ? 0 : text.length - point - 1;
  while (decimals > 0 && price % 10 === 0) {
    price /= 10;
    decimals--;
  }
  return { price, decimals };
}

/** The decimal in a text; null if it is not above 0, or has far too many digits. */
function exactIn(text: string): Exact | null {
  const [found, whole = "", fraction = "", exponent = "0"] = AMOUNT.exec(text) ?? [];
  if (found === undefined || whole === "" && fraction === "") return null;
  const all = whole + fraction;
  let end = all.length;
  while (end > 0 && all[end - 1] === "0") end--;
  let start = 0;
  while (start < end && all[start] === "0") start++;
  const decimals = fraction.length - Number(exponent) - (all.length - end);
  const isTooLong = end - start > MOST_DIGITS || end - start - decimals > MOST_DIGITS;
  return start === end || isTooLong ? null : { digits: all.slice(start, end), decimals };
}
