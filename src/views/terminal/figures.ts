/** Figures as people read them. */
import { Money } from "../../domain/numbers/money.ts";

/** Shown for a figure that does not exist. */
export const NONE = "–";

/** A whole number with commas between thousands. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A number of things: `1 trade`, `1,200 trades`. */
export function counted(n: number, what: string): string {
  return `${grouped(n)} ${what}${n === 1 ? "" : "s"}`;
}

/** An amount with all its digits, commas between thousands, and at least `places` decimals. */
export function exactly(amount: string, places = 0): string {
  const [whole = "", decimals = ""] = amount.split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const shown = decimals.padEnd(places, "0");
  return shown === "" ? groups : `${groups}.${shown}`;
}

/** A length of time in its two largest units: `1 d 4 h`, `12 m 3 s`, `0.35 s`, `4 ms`. */
export function span(milliseconds: number | null): string {
  if (milliseconds === null) return NONE;
  if (milliseconds < 100) return `${Number(milliseconds.toFixed(1))} ms`;
  const total = Math.round(milliseconds / 1000);
  const days = Math.floor(total / 86_400);
  const hours = Math.floor(total / 3_600) % 24;
  const minutes = Math.floor(total / 60) % 60;
  if (days > 0) return `${grouped(days)} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} m`;
  if (minutes > 0) return `${minutes} m ${total % 60} s`;
  return milliseconds < 10_000 ? `${Number((milliseconds / 1000).toFixed(2))} s` : `${total} s`;
}

/** From this value on, a figure is written with an exponent. */
const HUGE = 1e12;
/** A smaller amount is shown with four significant digits, for coins that are worth very little. */
const SMALL = 0.1;

/** An amount to the hundredth with commas between thousands, or to four significant digits if it is small. */
export function money(amount: string | null): string {
  if (amount === null) return NONE;
  const value = new Money(amount);
  const isSmall = !value.isZero() && value.abs().lt(SMALL);
  return isSmall ? value.toSignificantDigits(4).toFixed() : hundredths(value);
}

/** An amount as `money` shows it, with a plus before amounts above zero. */
export function signedMoney(amount: string | null): string {
  return amount === null ? NONE : withPlus(new Money(amount), money(amount));
}

/** From this value on, hundredths do not matter: amounts in rupiah and won are in the millions. */
const LARGE = 1e8;

/** An amount as `money` shows it, but without decimals if it is large. */
export function shortMoney(amount: string): string {
  const value = new Money(amount);
  return value.abs().gte(LARGE) ? exactly(value.toFixed(0)) : money(amount);
}

/** From this value on, a price gets no decimals beyond its own. */
const HIGH_PRICE = 1e6;

/** A price with all its digits, and at least two decimals unless it is high: `60,003.85`, `1,650,000,000`. */
export function priceText(price: string): string {
  return exactly(price, new Money(price).gte(HIGH_PRICE) ? 0 : 2);
}

/** A mean of prices, with as many decimals as are shown of `price`. */
export function meanPriceText(mean: string, price: string): string {
  return exactly(new Money(mean).toFixed(placesOf(priceText(price))));
}

/**
 * Values to show next to `price`, with as many decimals as it has, and more where two different values would look the
 * same.
 */
export function valuesText(values: readonly string[], price: string): readonly string[] {
  const exact = values.map((value) => new Money(value));
  const differ = new Set(exact.map((value) => value.toFixed())).size;
  let places = placesOf(priceText(price));
  const most = Math.max(places, ...exact.map((value) => value.decimalPlaces()));
  while (places < most && new Set(exact.map((value) => value.toFixed(places))).size < differ) places++;
  return exact.map((value) => exactly(value.toFixed(places)));
}

function placesOf(shown: string): number {
  return shown.split(".")[1]?.length ?? 0;
}

/** A fraction in per cent, to the hundredth, with its sign. */
export function percent(fraction: string | null): string {
  return fraction === null ? NONE : withPlus(new Money(fraction), unsignedPercent(fraction));
}

/** A fraction in per cent without a plus; to two significant digits if hundredths would hide it. */
export function unsignedPercent(fraction: string | null): string {
  if (fraction === null) return NONE;
  const value = new Money(fraction).times(100);
  const isHidden = !value.isZero() && value.toDecimalPlaces(2).isZero();
  return `${isHidden ? value.toSignificantDigits(2).toFixed() : hundredths(value)} %`;
}

/** Two decimals, commas between thousands, and no sign before a figure that is shown as zero. */
export function hundredths(value: Money): string {
  if (value.abs().gte(HUGE)) return value.toExponential(2);
  const [whole = "", decimals = ""] = value.abs().toFixed(2).split(".");
  const sign = value.isNegative() && !value.toDecimalPlaces(2).isZero() ? "-" : "";
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${decimals}`;
}

/** A plus before a figure that is shown as more than zero. */
function withPlus(value: Money, shown: string): string {
  return value.isPositive() && /[1-9]/.test(shown) ? `+${shown}` : shown;
}

/** `2024-08-08 23:54:15`. */
export function moment(time: string | null): string {
  return time === null ? NONE : time.slice(0, 19).replace("T", " ");
}

/** A stake in words: an amount, or a share of the cash. */
export function stakeWords(stake: unknown): string {
  return String(stake).endsWith("%") ? `${stake} of the cash` : String(stake);
}
