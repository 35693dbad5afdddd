/** The values of Parquet columns as text, exactly as the file means them. */
import type { UsedColumn } from "./record_columns.ts";

const DECODER = new TextDecoder();
/** The largest number of significant digits that a 32-bit number needs. */
const FLOAT_DIGITS = 9;

/**
 * A value as decimal text, as a word, or as its own text; empty for a missing value. A floating-point number becomes
 * the shortest decimal that reads back as the same number, as other programs print it.
 */
export function valueText({ physical, scale }: UsedColumn, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Uint8Array) {
    return scale === null ? DECODER.decode(value) : scaled(wholeOf(value), scale);
  }
  if (typeof value === "number" && physical === "float") return floatText(value);
  return scale === null ? String(value) : scaled(BigInt(value as number | bigint), scale);
}

/** The shortest text of a 32-bit number, not that of the double with the same value. */
function floatText(value: number): string {
  for (let digits = 1; digits < FLOAT_DIGITS; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(FLOAT_DIGITS)));
}

/** A whole number in two's complement, the highest byte first. */
function wholeOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** `value` × 10^-scale. */
function scaled(value: bigint, scale: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = `${value < 0n ? -value : value}`.padStart(scale + 1, "0");
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
