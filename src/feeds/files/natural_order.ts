/** The order that people give names with numbers in them: `part2` before `part10`. */

const PIECES = /\d+|\D+/g;

/**
 * Compares two names: below 0 if `one` comes first, above 0 if `other` does, 0 only if they are equal. Digits count as
 * numbers, however many there are; the rest is compared by code units.
 *
 * @example
 * ```ts
 * import { naturalOrder } from "./natural_order.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(["part10", "part2", "part1"].sort(naturalOrder), ["part1", "part2", "part10"]);
 * ```
 */
export function naturalOrder(one: string, other: string): number {
  const ones = one.match(PIECES) ?? [];
  const others = other.match(PIECES) ?? [];
  for (let at = 0; at < ones.length && at < others.length; at++) {
    const order = compared(ones[at]!, others[at]!);
    if (order !== 0) return order;
  }
  // Equal numbers may have more or fewer leading zeros.
  return ones.length - others.length || plainly(one, other);
}

function compared(one: string, other: string): number {
  if (!isNumber(one) || !isNumber(other)) return plainly(one, other);
  const digits = one.replace(/^0+/, "");
  const otherDigits = other.replace(/^0+/, "");
  return digits.length - otherDigits.length || plainly(digits, otherDigits);
}

function isNumber(piece: string): boolean {
  return piece[0]! >= "0" && piece[0]! <= "9";
}

function plainly(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
