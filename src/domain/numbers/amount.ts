/**
 * Exact decimal amounts as scaled integers: a `bigint`, and how many of its digits are decimals. A fill
 * consists of sums, differences, products and comparisons. These are one or two operations on integers, at a
 * fraction of what they cost with decimal.js. Everything else is left to decimal.js, and so are amounts with
 * more digits than money ever has, such as a third.
 *
 * money.ts names these amounts and decides how they round.
 */
import { Decimal } from "decimal.js";

/** The other side of an operation; strings and numbers are read as decimal.js reads them. */
export type Operand = Amount | number | string;

/** 100 significant digits, far more than any product of a price (at most 16) and a quantity (at most 23) needs. */
const Wide: Decimal.Constructor = Decimal.clone({
  defaults: true,
  precision: 100,
  // No price and no annualised growth reaches these exponents. A number such as 1e999999999 in a file becomes infinite
  // instead of being written out digit by digit.
  maxE: 100_000,
  minE: -100_000,
  rounding: Decimal.ROUND_HALF_EVEN,
});

// decimal.js gives its constructors so many properties that V8 looks them up in a hash table, even for the `instanceof`
// in every `new`. An object that is the prototype of another keeps fast properties.
for (const constructor of [Decimal, Wide]) Object.create(constructor);

const PLAIN = /^(-?)(\d{1,60})(?:\.(\d{1,60}))?$/;
/** The most digits before or after the point that become an integer; money has fewer. */
const MOST_DIGITS = 60;
/** decimal.js keeps seven digits in each word, counted from the point in both directions. */
const WORD = 10_000_000;
const BIG_PAIR = 100_000_000_000_000n;
const DIGITS_A_WORD = 7;
/** The double of an amount with at most this many words is computed from the words. */
const FEW_WORDS = 4;
/** The powers of ten that have been needed so far. */
const POWERS: bigint[] = [1n];
/** Exact up to 10^22. */
const DOUBLE_POWERS: readonly number[] = Array.from({ length: 29 }, (_, n) => Number(`1e${n}`));

/** 10^n. */
function power(n: number): bigint {
  while (POWERS.length <= n) POWERS.push(POWERS.at(-1)! * 10n);
  return POWERS[n]!;
}

/** An exact amount. It never changes. */
export class Amount {
  /** The amount is `units` × 10^-`scale`. Null if only decimal.js can hold it. */
  readonly units: bigint | null;
  readonly scale: number;
  #decimal: Decimal | null;
  #double: number | null = null;

  /** Takes what decimal.js reads, or an integer and the number of its decimals. */
  constructor(value: Operand | Decimal | bigint, scale = 0) {
    // Short, so that V8 inlines it into the operations below.
    if (typeof value === "bigint") {
      this.units = value;
      this.scale = scale;
      this.#decimal = null;
    } else {
      const { units, scale: decimals, decimal } = partsOf(value);
      this.units = units;
      this.scale = decimals;
      this.#decimal = decimal;
    }
  }

  /** The largest of some amounts. */
  static max(...amounts: readonly Operand[]): Amount {
    return amounts.map(amountOf).reduce((most, next) => next.gt(most) ? next : most);
  }

  /** The smallest of some amounts. */
  static min(...amounts: readonly Operand[]): Amount {
    return amounts.map(amountOf).reduce((least, next) => next.lt(least) ? next : least);
  }

  /** The same amount for decimal.js. */
  get decimal(): Decimal {
    return this.#decimal ??= new Wide(`${this.units}e-${this.scale}`);
  }

  plus(operand: Operand): Amount {
    const other = amountOf(operand);
    const { units, scale } = this;
    const { units: others, scale: otherScale } = other;
    if (units === null || others === null) return new Amount(this.decimal.plus(other.decimal));
    if (scale === otherScale) return new Amount(units + others, scale);
    return scale > otherScale
      ? new Amount(units + others * power(scale - otherScale), scale)
      : new Amount(units * power(otherScale - scale) + others, otherScale);
  }

  minus(operand: Operand): Amount {
    const other = amountOf(operand);
    const { units, scale } = this;
    const { units: others, scale: otherScale } = other;
    if (units === null || others === null) return new Amount(this.decimal.minus(other.decimal));
    if (scale === otherScale) return new Amount(units - others, scale);
    return scale > otherScale
      ? new Amount(units - others * power(scale - otherScale), scale)
      : new Amount(units * power(otherScale - scale) - others, otherScale);
  }

  times(operand: Operand): Amount {
    const other = amountOf(operand);
    const { units } = this;
    const { units: others } = other;
    if (units === null || others === null) return new Amount(this.decimal.times(other.decimal));
    return new Amount(units * others, this.scale + other.scale);
  }

  /** To 100 significant digits, half to even. */
  div(operand: Operand): Amount {
    return new Amount(this.decimal.div(amountOf(operand).decimal));
  }

  /** The whole part of the quotient. */
  divToInt(operand: Operand): Amount {
    const other = amountOf(operand);
    if (this.units === null || !other.units) return new Amount(this.decimal.divToInt(other.decimal));
    const [numerator, denominator] = aligned(this.units, this.scale, other.units, other.scale);
    return new Amount(numerator / denominator);
  }

  /** `this × factor ÷ divisor`, rounded once, to `places` decimals. */
  timesRatio(factor: Amount, divisor: Amount, places: number, rounding: Decimal.Rounding): Amount {
    const { units, scale } = this.times(factor);
    if (units === null || !divisor.units) {
      const quotient = this.decimal.times(factor.decimal).div(divisor.decimal);
      return new Amount(quotient.toDecimalPlaces(places, rounding));
    }
    const [numerator, denominator] = aligned(units, scale, divisor.units, divisor.scale);
    return new Amount(rounded(numerator * power(places), denominator, rounding), places);
  }

  /** The largest multiple of `step` that is not above this amount, which must be zero or more. */
  inSteps(step: Amount): Amount {
    const { units, scale } = this;
    if (units === null || !step.units) return this.divToInt(step).times(step);
    // The step has few digits. In its unit, everything that is computed from the result has few digits too.
    return scale > step.scale
      ? new Amount(units / (step.units * power(scale - step.scale)) * step.units, step.scale)
      : new Amount(units * power(step.scale - scale) / step.units * step.units, step.scale);
  }

  /** `this × factor`, rounded to `places` decimals. */
  timesTo(factor: Amount, places: number, rounding: Decimal.Rounding): Amount {
    const more = this.scale + factor.scale - places;
    if (this.units === null || factor.units === null || more <= 0) {
      return this.times(factor).toDecimalPlaces(places, rounding);
    }
    return new Amount(rounded(this.units * factor.units, power(more), rounding), places);
  }

  /** The remainder of the division, with the sign of this amount. */
  mod(operand: Operand): Amount {
    return this.minus(this.divToInt(operand).times(operand));
  }

  neg(): Amount {
    return this.units === null ? new Amount(this.decimal.neg()) : new Amount(-this.units, this.scale);
  }

  abs(): Amount {
    return this.isNegative() ? this.neg() : this;
  }

  pow(exponent: Operand): Amount {
    return new Amount(this.decimal.pow(amountOf(exponent).decimal));
  }

  sqrt(): Amount {
    return new Amount(this.decimal.sqrt());
  }

  toDecimalPlaces(places: number, rounding: Decimal.Rounding = Decimal.ROUND_HALF_EVEN): Amount {
    const { units, scale } = this;
    if (units === null) return new Amount(this.decimal.toDecimalPlaces(places, rounding));
    return scale <= places ? this : new Amount(rounded(units, power(scale - places), rounding), places);
  }

  toSignificantDigits(digits: number, rounding: Decimal.Rounding = Decimal.ROUND_HALF_EVEN): Amount {
    return new Amount(this.decimal.toSignificantDigits(digits, rounding));
  }

  /** Below zero if this is less than the other, above zero if it is more, otherwise zero. */
  cmp(operand: Operand): number {
    const other = amountOf(operand);
    const { units, scale } = this;
    const { units: others, scale: otherScale } = other;
    if (units === null || others === null) return this.decimal.cmp(other.decimal);
    if (scale === otherScale) return compared(units, others);
    return scale > otherScale
      ? compared(units, others * power(scale - otherScale))
      : compared(units * power(otherScale - scale), others);
  }

  eq(other: Operand): boolean {
    return this.cmp(other) === 0;
  }

  lt(other: Operand): boolean {
    return this.cmp(other) < 0;
  }

  lte(other: Operand): boolean {
    return this.cmp(other) <= 0;
  }

  gt(other: Operand): boolean {
    return this.cmp(other) > 0;
  }

  gte(other: Operand): boolean {
    return this.cmp(other) >= 0;
  }

  isZero(): boolean {
    return this.units === null ? this.decimal.isZero() : this.units === 0n;
  }

  isNegative(): boolean {
    return this.units === null ? this.decimal.isNegative() : this.units < 0n;
  }

  isPositive(): boolean {
    return this.units === null ? this.decimal.isPositive() : this.units >= 0n;
  }

  decimalPlaces(): number {
    return this.decimal.decimalPlaces();
  }

  /** Plain decimal text; without `places` it has all decimals and no trailing zeros. */
  toFixed(places?: number): string {
    if (this.units === null || places !== undefined) return this.decimal.toFixed(places);
    return plainText(this.units, this.scale);
  }

  toExponential(places: number): string {
    return this.decimal.toExponential(places);
  }

  toString(): string {
    return this.decimal.toString();
  }

  toJSON(): string {
    return this.decimal.toJSON();
  }

  toNumber(): number {
    return this.decimal.toNumber();
  }

  /**
   * The amount as a double, within a few units of its last place. The operations and their order must stay
   * those on decimal.js's words, because journals hold their results.
   */
  toDouble(): number {
    return this.#double ??= this.units === null
      ? this.toNumber()
      : doubleOf(this.units, this.scale) ?? this.toNumber();
  }
}

/** The parts of an amount that is made from something other than an integer. */
function partsOf(value: Operand | Decimal): {
  readonly units: bigint | null;
  readonly scale: number;
  readonly decimal: Decimal | null;
} {
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    return { units: BigInt(value), scale: 0, decimal: null };
  }
  if (value instanceof Amount) {
    const { units, scale } = value;
    return { units, scale, decimal: units === null ? value.decimal : null };
  }
  const text = typeof value === "string" ? value : textOf(value);
  const [, sign = "", whole = null, fraction = ""] = PLAIN.exec(text) ?? [];
  return whole === null
    ? { units: null, scale: 0, decimal: new Wide(value) }
    : { units: BigInt(sign + whole + fraction), scale: fraction.length, decimal: null };
}

function amountOf(operand: Operand): Amount {
  return typeof operand === "object" ? operand : new Amount(operand);
}

/** Plain text; empty if the value is too large or too fine for an integer. */
function textOf(value: number | Decimal): string {
  if (typeof value === "number") return String(value);
  const isPlain = value.isFinite() && Math.abs(value.e) < MOST_DIGITS && value.decimalPlaces() <= MOST_DIGITS;
  return isPlain ? value.toFixed() : "";
}

function compared(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Two amounts as integers of the same unit. */
function aligned(one: bigint, scale: number, other: bigint, otherScale: number): [bigint, bigint] {
  return scale < otherScale
    ? [one * power(otherScale - scale), other]
    : [one, other * power(scale - otherScale)];
}

/** The quotient as an integer, by one of decimal.js's rounding rules. */
function rounded(numerator: bigint, denominator: bigint, rounding: Decimal.Rounding): bigint {
  const quotient = numerator / denominator;
  const rest = numerator - quotient * denominator;
  if (rest === 0n) return quotient;
  const isNegative = rest < 0n !== denominator < 0n;
  const away = isNegative ? quotient - 1n : quotient + 1n;
  switch (rounding) {
    case Decimal.ROUND_UP:
      return away;
    case Decimal.ROUND_DOWN:
      return quotient;
    case Decimal.ROUND_CEIL:
      return isNegative ? quotient : away;
    case Decimal.ROUND_FLOOR:
      return isNegative ? away : quotient;
    case Decimal.ROUND_HALF_EVEN: {
      const twice = (rest < 0n ? -rest : rest) * 2n;
      const whole = denominator < 0n ? -denominator : denominator;
      return twice > whole || twice === whole && quotient % 2n !== 0n ? away : quotient;
    }
    default:
      throw new RangeError(`Amounts are not rounded by rule ${rounding}`);
  }
}

function plainText(units: bigint, scale: number): string {
  if (scale === 0) return `${units}`;
  const digits = `${units < 0n ? -units : units}`.padStart(scale + 1, "0");
  let end = digits.length;
  const point = end - scale;
  while (end > point && digits[end - 1] === "0") end--;
  const text = end === point
    ? digits.slice(0, point)
    : `${digits.slice(0, point)}.${digits.slice(point, end)}`;
  return units < 0n ? `-${text}` : text;
}

/** The double of an amount of few words; null if it has too many. */
function doubleOf(units: bigint, scale: number): number | null {
  const plain = Number(units);
  return Math.abs(plain) <= Number.MAX_SAFE_INTEGER ? plainDouble(plain, scale) : wideDouble(units, scale);
}

/** The same for units that are a safe integer: the words, in plain numbers. */
function plainDouble(units: number, scale: number): number | null {
  const missing = (DIGITS_A_WORD - scale % DIGITS_A_WORD) % DIGITS_A_WORD;
  let words = (scale + missing) / DIGITS_A_WORD;
  const all = Math.abs(units);
  const high = Math.floor(all / DOUBLE_POWERS[DIGITS_A_WORD - missing]!);
  const last = (all - high * DOUBLE_POWERS[DIGITS_A_WORD - missing]!) * DOUBLE_POWERS[missing]!;
  let value = high;
  if (last !== 0) value = high * WORD + last;
  else for (words--; value >= WORD && value % WORD === 0; words--) value /= WORD;
  const factor = DOUBLE_POWERS[Math.abs(words) * DIGITS_A_WORD];
  if (factor === undefined) return null;
  const double = words > 0 ? value / factor : value * factor;
  return units < 0 ? -double : double;
}

/** The same for any units. */
function wideDouble(units: bigint, scale: number): number | null {
  const missing = (DIGITS_A_WORD - scale % DIGITS_A_WORD) % DIGITS_A_WORD;
  let words = (scale + missing) / DIGITS_A_WORD;
  const all = (units < 0n ? -units : units) * power(missing);
  // Two words of the integer at a time, as numbers: operations on a bigint of this size cost more.
  const digits: number[] = [];
  for (let rest = all; rest > 0n; rest /= BIG_PAIR) {
    const pair = Number(rest % BIG_PAIR);
    const high = Math.floor(pair / WORD);
    digits.push(pair - high * WORD, high);
  }
  while (digits.at(-1) === 0) digits.pop();
  const first = digits.findIndex((word) => word !== 0);
  words -= first;
  if (digits.length - first > FEW_WORDS) return null;
  let value = 0;
  for (let at = digits.length - 1; at >= first; at--) value = value * WORD + digits[at]!;
  const factor = DOUBLE_POWERS[Math.abs(words) * DIGITS_A_WORD];
  if (factor === undefined) return null;
  const double = words > 0 ? value / factor : value * factor;
  return units < 0n ? -double : double;
}
