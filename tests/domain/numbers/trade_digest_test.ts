import { assert, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createTick, type Tick } from "../../../src/domain/market/tick.ts";
import { TradeDigest } from "../../../src/domain/numbers/trade_digest.ts";
import { blocksOf } from "../../support/blocks.ts";
import { assertEquals } from "../../support/equals.ts";

const anyTick = fc.record({
  firstId: fc.nat(1_000_000_000),
  span: fc.nat(100),
  time: fc.integer({ min: 1, max: 2 ** 51 }),
  price: fc.integer({ min: 1, max: 1e15 }),
  decimals: fc.nat(8),
  quantityWhole: fc.nat(1e15),
  quantityFraction: fc.nat(99_999_999),
  buyerIsMaker: fc.boolean(),
  late: fc.boolean(),
}).map(({ firstId, span, late, ...trade }): Tick => {
  const fields = { ...trade, firstId, lastId: firstId + span };
  return createTick("BTCUSDT", fields, trade.price, trade.decimals, 0, 0, late);
});

/** Another value for each field that the digest is over. */
const anyChange = fc.oneof(
  fc.record({ firstId: fc.nat(1_000_000_000) }),
  fc.record({ id: fc.integer({ min: 1_000_000_101, max: 2 ** 53 - 1 }) }),
  fc.record({ time: fc.integer({ min: 1, max: 2 ** 51 }) }),
  fc.record({ price: fc.integer({ min: 1, max: 1e15 }) }),
  fc.record({ decimals: fc.nat(8) }),
  fc.record({ quantityWhole: fc.nat(1e15) }),
  fc.record({ quantityFraction: fc.nat(99_999_999) }),
  fc.record({ buyerIsMaker: fc.boolean() }),
  fc.record({ late: fc.boolean() }),
) as fc.Arbitrary<Partial<Tick>>;

function digestOf(ticks: readonly Tick[], from?: string, rows = 1): string {
  const digest = new TradeDigest();
  if (from !== undefined) digest.restore(from);
  for (const block of blocksOf(ticks, rows)) digest.add(block);
  return digest.snapshot();
}

Deno.test("TradeDigest is never the same when one field of one trade differs", () => {
  fc.assert(
    fc.property(
      fc.array(anyTick, { minLength: 1, maxLength: 20 }),
      fc.nat(),
      anyChange,
      (ticks, place, change) => {
        const at = place % ticks.length;
        const changed = { ...ticks[at]!, ...change };
        const [name, value] = Object.entries(change)[0]!;
        fc.pre(ticks[at]![name as keyof Tick] !== value);
        assertNotEquals(digestOf(ticks.with(at, changed)), digestOf(ticks));
      },
    ),
    { numRuns: 5_000 },
  );
});

Deno.test("TradeDigest notices trades in another order, and one that is missing or duplicated", () => {
  fc.assert(
    fc.property(fc.array(anyTick, { minLength: 2, maxLength: 20 }), fc.nat(), (ticks, place) => {
      const at = place % (ticks.length - 1);
      const [one, other] = [ticks[at]!, ticks[at + 1]!];
      const whole = digestOf(ticks);
      assertNotEquals(digestOf(ticks.toSpliced(at, 1)), whole);
      assertNotEquals(digestOf(ticks.toSpliced(at, 0, one)), whole);
      if (one.time !== other.time) assertNotEquals(digestOf(ticks.toSpliced(at, 2, other, one)), whole);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("TradeDigest.restore() continues as if there had been no break", () => {
  fc.assert(
    fc.property(fc.array(anyTick, { maxLength: 20 }), fc.nat(20), (ticks, cut) => {
      const half = digestOf(ticks.slice(0, cut));
      assert(/^[0-9a-f]{16}$/.test(half), half);
      assertEquals(digestOf(ticks.slice(cut), half), digestOf(ticks));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("TradeDigest.restore() throws a RangeError for a text that is not a digest", () => {
  for (const text of ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdef0", "0123456789abcdeg"]) {
    assertThrows(() => new TradeDigest().restore(text), RangeError, `has 16 hexadecimal digits: got ${text}`);
  }
});
