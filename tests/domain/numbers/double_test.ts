import fc from "fast-check";
import { doubleText, nearestDouble, nearestRatio } from "../../../src/domain/numbers/double.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

Deno.test("nearestDouble() gives the double of the price's text, in any unit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 0, max: 8 }),
      (count, decimals) => {
        assertEquals(nearestDouble(count, decimals), Number(`${count}e-${decimals}`));
      },
    ),
    { numRuns: 5_000 },
  );
});

Deno.test("nearestRatio() rounds the exact ratio once, half to even", () => {
  const large = fc.bigInt({ min: 1n, max: 1n << 200n });
  fc.assert(
    fc.property(large, fc.bigInt({ min: 1n, max: 1n << 80n }), (numerator, denominator) => {
      // 200 digits decide any rounding but that of a tie, which the next test has.
      const text = new Exact(numerator).ratio(new Exact(denominator), 200).toString();
      assertEquals(nearestRatio(numerator, denominator), Number(text));
    }),
    { numRuns: 2_000 },
  );
  const half = (1n << 54n) + 2n;
  assertEquals(nearestRatio(half, 4n), 2 ** 52 + 0.5);
  // Between two doubles: the even one, and the nearer one a trace beside the middle.
  assertEquals(nearestRatio((1n << 54n) + 1n, 2n), 2 ** 53);
  assertEquals(nearestRatio((1n << 54n) + 3n, 2n), 2 ** 53 + 2);
  assertEquals(nearestRatio(((1n << 54n) + 2n) * 10n ** 60n + 1n, 2n * 10n ** 60n), 2 ** 53 + 2);
  assertEquals(nearestRatio(((1n << 54n) + 2n) * 10n ** 60n, 2n * 10n ** 60n), 2 ** 53);
  assertEquals(nearestRatio(0n, 1n << 99n), 0);
});

/** A double's exact value. */
function exactOf(value: number): Exact {
  let scale = 0;
  while (!Number.isInteger(value)) {
    value *= 2;
    scale++;
  }
  return new Exact(BigInt(value) * 5n ** BigInt(scale), scale);
}

Deno.test("doubleText() rounds the double itself to 8 decimals, half to even", () => {
  const ties = fc.integer({ min: 0, max: 1 << 20 }).map((at) => (2 * at + 1) / 512);
  const amounts = fc.oneof(
    ties,
    fc.double({ min: 0, max: 1e9, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  fc.assert(
    fc.property(amounts, fc.boolean(), (value, isNegative) => {
      const expected = exactOf(value).ratio(new Exact(1n), 8).toString();
      const text = expected === "0" || !isNegative ? expected : `-${expected}`;
      assertEquals(doubleText(isNegative ? -value : value), text);
    }),
    { numRuns: 3_000 },
  );
  assertEquals([1 / 512, 3 / 512, -1 / 512, 100, 0, -0].map(doubleText), [
    ...["0.00195312", "0.00585938", "-0.00195312", "100", "0", "0"],
  ]);
});
