/**
 * Money and its rounding rules. Ratios, statistics and the figures of views round where they are computed; amounts of
 * money round only here.
 *
 * Sums and products of money are exact (see amount.ts), and only the functions that say so round.
 */
import { Decimal } from "decimal.js";
import { Amount } from "./amount.ts";

/** An exact decimal amount: quote currency, base currency, a price or a rate. */
export type Money = Amount;

/** Makes an amount from decimal text, a number, or an integer and the number of its decimals. */
export const Money: typeof Amount = Amount;

/** Nothing, in any currency. */
export const ZERO: Money = new Money(0);

const ONE: Money = new Money(1);
const BASIS_POINTS: Money = new Money(10_000);
/** Decimal amounts as text, up to 18 digits before and after the point. */
export const DECIMAL = /^\d{1,18}(\.\d{1,18})?$/;

/** The decimals of a fee. */
export const FEE_DECIMALS = 8;
const RATIO_DECIMALS = 8;
const AMOUNT_DECIMALS = 8;
const SAMPLED_DIGITS = 6;
const COST_DECIMALS = 18;
const FILL_DECIMALS = 12;
const UNITS = 10n ** BigInt(RATIO_DECIMALS);
/** Up to these, count × 10^decimals × 10^8 is a safe integer. */
const SMALL_COUNT = 9_000;
const SMALL_DECIMALS = 4;

/** Which way an order goes. */
export type Side = "buy" | "sell";

/**
 * Plain decimal text: no exponent, no trailing zeros, never "-0".
 *
 * @example
 * ```ts
 * import { Money, plain } from "./money.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(plain(new Money("0.00000010")), "0.0000001");
 * ```
 */
export function plain(amount: Money): string {
  return amount.isZero() ? "0" : amount.toFixed();
}

/** The smallest step of a fee, quote currency. */
export const FEE_STEP: Money = new Money(`1e-${FEE_DECIMALS}`);

/** The fee on a notional (quote currency): notional × rate, rounded up to 8 decimals. */
export function feeOn(notional: Money, rate: Money): Money {
  return notional.timesTo(rate, FEE_DECIMALS, Decimal.ROUND_UP);
}

/**
 * The price an order fills at, in quote currency: `price` moved against the trader by `slippage` basis
 * points, then rounded to `tick` against the trader. Without slippage it is `price` itself, on the tick or
 * not.
 */
export function slippedPrice(side: Side, price: Money, slippage: Money, tick: Money): Money {
  if (slippage.isZero()) return price;
  const share = slippage.div(BASIS_POINTS);
  const factor = side === "buy" ? ONE.plus(share) : ONE.minus(share);
  return price.timesRatio(factor, tick, 0, side === "buy" ? Decimal.ROUND_CEIL : Decimal.ROUND_FLOOR).times(
    tick,
  );
}

/** A stake and its fee, computed once for many orders: amounts in quote currency. */
export interface Outlay {
  readonly stake: Money;
  /** 1 + fee rate. */
  readonly grossing: Money;
  /** The stake with its fee on top. */
  readonly grossStake: Money;
}

/** What buying for `stake` (quote currency) costs with its fee; the rate is a fraction. */
export function outlayOf(stake: Money, feeRate: Money): Outlay {
  const grossing = feeRate.plus(ONE);
  return { stake, grossing, grossStake: stake.times(grossing) };
}

/**
 * The quantity (base currency) that `min(stake, cash ÷ (1 + fee rate)) ÷ price` pays for, rounded down to the
 * lot size. One exact integer division: no intermediate quotient is rounded.
 */
export function affordableQuantity(
  { stake, grossing, grossStake }: Outlay,
  cash: Money,
  price: Money,
  lot: Money,
): Money {
  const lotPrice = price.times(lot);
  const lots = grossStake.lte(cash) ? stake.divToInt(lotPrice) : cash.divToInt(lotPrice.times(grossing));
  return lots.times(lot);
}

/**
 * The cost of `part` of a position of `whole` that cost `cost`: its share, to 18 decimals, half to even. The
 * rest is subtracted from the whole, so both still add up to it exactly.
 */
export function costShare(cost: Money, part: Money, whole: Money): Money {
  return cost.timesRatio(part, whole, COST_DECIMALS, Decimal.ROUND_HALF_EVEN);
}

/** A traded quantity (base currency) of `whole` units and `fraction` hundred-millionths of one, exactly. */
export function quantityOf(whole: number, fraction: number): Money {
  if (fraction === 0) return new Money(BigInt(whole));
  return new Money(BigInt(whole) * UNITS + BigInt(fraction), RATIO_DECIMALS);
}

/** A quantity (base currency) rounded down to whole lots. */
export function wholeLots(quantity: Money, lot: Money): Money {
  return quantity.inSteps(lot);
}

/** A quantity (base currency) rounded up to whole lots. */
export function lotsOrMore(quantity: Money, lot: Money): Money {
  return quantity.timesRatio(ONE, lot, 0, Decimal.ROUND_CEIL).times(lot);
}

/**
 * The volume-weighted average price of a quantity (base currency) that cost or brought `notional` (quote currency)
 * in several fills: Σ price × quantity ÷ Σ quantity, to 12 decimals, half to even (Berkowitz, Logue and Noser,
 * "The Total Cost of Transactions on the NYSE", Journal of Finance 43 (1), 1988).
 */
export function averagePriceText(notional: Money, quantity: Money): string {
  return plain(notional.timesRatio(ONE, quantity, FILL_DECIMALS, Decimal.ROUND_HALF_EVEN));
}

/**
 * The share of `fee`, charged on a quantity of `whole`, that falls to `part`, rounded down to 8 decimals. The
 * last part gets all that is left, so the parts add up to the fee exactly and none is below zero.
 */
export function feeShare(fee: Money, part: Money, whole: Money): Money {
  if (part.eq(whole)) return fee;
  return fee.timesRatio(part, whole, FEE_DECIMALS, Decimal.ROUND_DOWN);
}

/** What one unit of a position of `quantity` cost on average, for display: 8 decimals, half to even. */
export function averageCostText(cost: Money, quantity: Money): string {
  return amountText(cost.div(quantity));
}

/** `amount` as a double, within a few units of its last place: for estimates. Close cases are decided exactly. */
export function estimate(amount: Money): number {
  return amount.toDouble();
}

/** A fraction of the peak for display: 8 decimals, half to even. */
export function fractionText(fraction: Money): string {
  return plain(fraction.toDecimalPlaces(RATIO_DECIMALS, Decimal.ROUND_HALF_EVEN));
}

/**
 * A ratio of samples (a double), for display: six significant digits, half to even. The samples are differences of
 * doubles near each other, and have no more.
 */
export function sampledText(ratio: number): string {
  return plain(new Money(ratio).toSignificantDigits(SAMPLED_DIGITS, Decimal.ROUND_HALF_EVEN));
}

/** An average or another inexact amount for display, quote currency: 8 decimals, half to even. */
export function amountText(amount: Money): string {
  return plain(amount.toDecimalPlaces(AMOUNT_DECIMALS, Decimal.ROUND_HALF_EVEN));
}

/**
 * The mean of `count` times that add up to `total` µs, in ms: rounded to whole microseconds, half to even.
 */
export function meanMilliseconds(total: number, count: number): number {
  return new Money(total).div(count).toDecimalPlaces(0, Decimal.ROUND_HALF_EVEN).toNumber() / 1000;
}

/** `averageText` for small numbers: every intermediate is an integer below 2^53. */
function smallAverageText(sum: number, denominator: number): string {
  const whole = Math.floor(sum / denominator);
  const scaled = (sum - whole * denominator) * 10 ** RATIO_DECIMALS;
  const fraction = Math.floor(scaled / denominator);
  const twice = (scaled - fraction * denominator) * 2;
  const up = twice > denominator || (twice === denominator && fraction % 2 === 1);
  return up && fraction + 1 === 10 ** RATIO_DECIMALS
    ? pointText(whole + 1, 0)
    : pointText(whole, up ? fraction + 1 : fraction);
}

/** Whole units and hundred-millionths of one as decimal text, without trailing zeros. */
function pointText(whole: number | bigint, fraction: number): string {
  if (fraction === 0) return `${whole}`;
  let digits = RATIO_DECIMALS;
  while (fraction % 10 === 0) {
    fraction /= 10;
    digits--;
  }
  return `${whole}.${String(fraction).padStart(digits, "0")}`;
}

/**
 * `sum ÷ (count × 10^decimals)` to 8 decimals, half to even: an average of integer prices as decimal text.
 * Integer arithmetic throughout, so a tie is a tie.
 */
export function averageText(sum: number | bigint, count: number, decimals: number): string {
  if (typeof sum === "number" && count <= SMALL_COUNT && decimals <= SMALL_DECIMALS) {
    return smallAverageText(sum, count * 10 ** decimals);
  }
  const numerator = BigInt(sum) * 10n ** BigInt(RATIO_DECIMALS);
  const denominator = BigInt(count) * 10n ** BigInt(decimals);
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  const units = up ? quotient + 1n : quotient;
  return pointText(units / UNITS, Number(units % UNITS));
}
