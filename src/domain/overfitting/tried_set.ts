/** A set of configurations that stays small however many there are, as hashes of 48 bits. */

/** Up to this many different configurations, the count is exact. */
const MOST_KEPT = 16_384;
const HASHES = 2 ** 48;
/** The digits of a hash as text, eight of them, the highest bits first. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const DIGITS_EACH = 8;

/**
 * The smallest hashes of all that were added. With more than 16,384, the size of the whole set is estimated from how
 * close together they are, (k − 1) × 2⁴⁸ ÷ the largest of the k kept, with a standard error below 0.8 % (K. Beyer, P.
 * J. Haas, B. Reinwald, Y. Sismanis, R. Gemulla, On Synopses for Distinct-Value Estimation Under Multiset Operations,
 * SIGMOD 2007).
 *
 * @example
 * ```ts
 * import { TriedSet } from "./tried_set.ts";
 * import { assertEquals } from "@std/assert";
 * const tried = new TriedSet();
 * tried.add([7, 1_000, 7]);
 * assertEquals(tried.count, 2);
 * assertEquals(TriedSet.from(tried.text())?.count, 2);
 * ```
 */
export class TriedSet {
  /** In ascending order. */
  #hashes: Float64Array = new Float64Array();

  /** The set whose `text()` this is; null for any other text. */
  static from(text: string): TriedSet | null {
    const count = text.length / DIGITS_EACH;
    if (!Number.isInteger(count) || count > MOST_KEPT) return null;
    const hashes = new Float64Array(count);
    for (let at = 0; at < text.length; at++) {
      const digit = DIGITS.indexOf(text[at]!);
      if (digit < 0) return null;
      const index = Math.floor(at / DIGITS_EACH);
      hashes[index] = hashes[index]! * 64 + digit;
    }
    if (hashes.some((hash, at) => at > 0 && hash <= hashes[at - 1]!)) return null;
    const tried = new TriedSet();
    tried.#hashes = hashes;
    return tried;
  }

  /** Adds hashes, whole numbers from 0 to 2⁴⁸ − 1 that are spread evenly. */
  add(hashes: Iterable<number>): void {
    const all = Float64Array.from(new Set([...this.#hashes, ...hashes])).sort();
    this.#hashes = all.slice(0, MOST_KEPT);
  }

  /** How many different hashes were added: exact up to 16,384, an estimate beyond. It never falls. */
  get count(): number {
    const kept = this.#hashes.length;
    return kept < MOST_KEPT
      ? kept
      : Math.max(kept, Math.round((kept - 1) * HASHES / this.#hashes[kept - 1]!));
  }

  /** The set as text, for `from`: eight characters per hash, at most 131,072. */
  text(): string {
    const parts: string[] = [];
    for (const hash of this.#hashes) {
      for (let power = 64 ** (DIGITS_EACH - 1); power >= 1; power /= 64) {
        parts.push(DIGITS[Math.floor(hash / power) % 64]!);
      }
    }
    return parts.join("");
  }
}
