/**
 * Exact decimal arithmetic on bigints: a second opinion on every figure that shares no code with the program.
 */

const POWERS = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent));

/** Numbers that were read before, by their text: most texts come again and again. */
const KNOWN = new Map<string, Exact>();
const MOST_KNOWN = 1_000;

/** 10^exponent. */
function powerOfTen(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent);
}

/** A decimal number, units ÷ 10^scale, that never loses a digit. */
export class Exact {
  readonly units: bigint;
  readonly scale: number;

  constructor(units: bigint, scale = 0) {
    this.units = units;
    this.scale = scale;
  }

  /**
   * Reads plain decimal text: digits, at most one point, perhaps a minus sign. Trailing zeros are dropped.
   */
  static of(text: string): Exact {
    const known = KNOWN.get(text);
    if (known !== undefined) return known;
    if (KNOWN.size >= MOST_KNOWN) KNOWN.clear();
    const read = Exact.#read(text);
    KNOWN.set(text, read);
    return read;
  }

  static #read(text: string): Exact {
    const match = /^(-?)(\d+)(?:\.(\d+?)0*)?$/.exec(text);
    if (match === null) throw new TypeError(`Not plain decimal text: ${text}`);
    const [, sign, whole, fraction = ""] = match;
    const units = BigInt(`${whole}${fraction}`);
    return new Exact(sign === "-" ? -units : units, fraction.length);
  }

  plus(other: Exact): Exact {
    const scale = Math.max(this.scale, other.scale);
    return new Exact(this.unitsAt(scale) + other.unitsAt(scale), scale);
  }

  minus(other: Exact): Exact {
    const scale = Math.max(this.scale, other.scale);
    return new Exact(this.unitsAt(scale) - other.unitsAt(scale), scale);
  }

  times(other: Exact): Exact {
    return new Exact(this.units * other.units, this.scale + other.scale);
  }

  /** Below zero if this is less than `other`, above zero if it is more, else zero. */
  compare(other: Exact): number {
    const scale = Math.max(this.scale, other.scale);
    const [left, right] = [this.unitsAt(scale), other.unitsAt(scale)];
    return left < right ? -1 : left > right ? 1 : 0;
  }

  isZero(): boolean {
    return this.units === 0n;
  }

  /** The whole part of this ÷ other, both of them zero or more. */
  wholeTimes(other: Exact): bigint {
    const scale = Math.max(this.scale, other.scale);
    return this.unitsAt(scale) / other.unitsAt(scale);
  }

  /** The smallest whole number at or above this ÷ other, both of them zero or more. */
  wholeTimesUp(other: Exact): bigint {
    const scale = Math.max(this.scale, other.scale);
    return (this.unitsAt(scale) + other.unitsAt(scale) - 1n) / other.unitsAt(scale);
  }

  /** Rounded up to `decimals`; for amounts of zero or more. */
  up(decimals: number): Exact {
    return new Exact(this.wholeTimesUp(new Exact(1n, decimals)), decimals);
  }

  /** This ÷ other, rounded half to even to `decimals`; this zero or more, `other` above zero. */
  ratio(other: Exact, decimals: number): Exact {
    const scale = Math.max(this.scale, other.scale);
    const numerator = this.unitsAt(scale) * powerOfTen(decimals);
    const denominator = other.unitsAt(scale);
    let quotient = numerator / denominator;
    const rest = 2n * (numerator - quotient * denominator);
    if (rest > denominator || (rest === denominator && quotient % 2n === 1n)) quotient += 1n;
    return new Exact(quotient, decimals);
  }

  /** Plain decimal text without trailing zeros. */
  toString(): string {
    const digits = (this.units < 0n ? -this.units : this.units).toString().padStart(this.scale + 1, "0");
    const whole = digits.slice(0, digits.length - this.scale);
    const fraction = digits.slice(digits.length - this.scale).replace(/0+$/, "");
    return `${this.units < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
  }

  /** This number's units at a finer scale. */
  unitsAt(scale: number): bigint {
    return scale === this.scale ? this.units : this.units * powerOfTen(scale - this.scale);
  }
}
