import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { plain } from "../../../src/domain/numbers/money.ts";
import { MAX_DECIMALS, powerOfTen, priceAsMoney, priceText } from "../../../src/domain/numbers/price.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

Deno.test("powerOfTen() has the powers that a price can be rescaled by, and refuses others", () => {
  for (let n = 0; n <= MAX_DECIMALS; n++) assertEquals(powerOfTen(n), 10 ** n);
  for (const n of [-1, MAX_DECIMALS + 1, 0.5, NaN]) {
    assertThrows(() => powerOfTen(n), RangeError, `Cannot rescale by ${n} decimals: at most 8`);
  }
});

Deno.test("priceAsMoney() is the price to the last digit", () => {
  assertEquals(plain(priceAsMoney(954_205, 1)), "95420.5");
  assertEquals(plain(priceAsMoney(1, 8)), "0.00000001");
  assertEquals(plain(priceAsMoney(999_999_999_999_999, 8)), "9999999.99999999");
  assertEquals(plain(priceAsMoney(1_000_000_000_000_000, 8)), "10000000");
  fc.assert(fc.property(fc.integer({ min: 1, max: 10 ** 15 }), fc.nat(8), (price, decimals) => {
    assertEquals(plain(priceAsMoney(price, decimals)), new Exact(BigInt(price), decimals).toString());
  }));
});

Deno.test("priceText() is the price as priceAsMoney() and plain() write it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.nat(MAX_DECIMALS),
      (price, decimals) => {
        assertEquals(priceText(price, decimals), plain(priceAsMoney(price, decimals)));
        const round = Math.ceil(price / 1e8) * 100;
        assertEquals(priceText(round, decimals), plain(priceAsMoney(round, decimals)));
      },
    ),
    { numRuns: 5_000 },
  );
});
