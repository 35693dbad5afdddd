import { assert } from "@std/assert";
import fc from "fast-check";
import {
  affordableQuantity,
  averageCostText,
  averageText,
  estimate,
  feeOn,
  feeShare,
  fractionText,
  Money,
  outlayOf,
  plain,
  slippedPrice,
} from "../../../src/domain/numbers/money.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

const m = (amount: string) => new Money(amount);

/** Decimal text with up to `decimals` decimals, from `least` to `most` units of the last. */
const amount = (decimals: number, most: bigint, least = 1n) =>
  fc.record({ units: fc.bigInt(least, most), scale: fc.nat(decimals) })
    .map(({ units, scale }) => new Exact(units, scale).toString());

const side = fc.constantFrom("buy" as const, "sell" as const);
const price = amount(8, 10n ** 15n);

Deno.test("plain() writes no exponent, no trailing zeros and no negative zero", () => {
  const cases = {
    "0.00000010": "0.0000001",
    "1e21": "1000000000000000000000",
    "1.5e-20": "0.000000000000000000015",
    "-0": "0",
    "0.000": "0",
    "100": "100",
    "-12.50": "-12.5",
  };
  for (const [text, expected] of Object.entries(cases)) assertEquals(plain(m(text)), expected);
});

Deno.test("feeOn() rounds up at the eighth decimal, and only when there is something to round", () => {
  assertEquals(plain(feeOn(m("1000"), m("0.001"))), "1");
  assertEquals(plain(feeOn(m("0.00001"), m("0.001"))), "0.00000001");
  assertEquals(plain(feeOn(m("0.00001000000001"), m("0.001"))), "0.00000002");
  assertEquals(plain(feeOn(m("1e-30"), m("0.001"))), "0.00000001");
  assertEquals(plain(feeOn(m("123"), m("0"))), "0");
});

Deno.test("feeOn() equals an exact reference", () => {
  fc.assert(
    fc.property(amount(16, 10n ** 30n), amount(12, 10n ** 12n), (notional, rate) => {
      assertEquals(
        plain(feeOn(m(notional), m(rate))),
        Exact.of(notional).times(Exact.of(rate)).up(8).toString(),
      );
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("slippedPrice() moves against the trader onto the tick, whether the price was on it or not", () => {
  const at = (side: "buy" | "sell", price: string, slippage: string, tick: string) =>
    plain(slippedPrice(side, m(price), m(slippage), m(tick)));
  // 100 × 1.0001 = 100.01 is on the tick already.
  assertEquals(at("buy", "100", "1", "0.01"), "100.01");
  assertEquals(at("sell", "100", "1", "0.01"), "99.99");
  // 61607.85 × 1.00015 = 61617.0911775 and × 0.99985 = 61598.6088225.
  assertEquals(at("buy", "61607.85", "1.5", "0.01"), "61617.1");
  assertEquals(at("sell", "61607.85", "1.5", "0.01"), "61598.6");
  assertEquals(at("buy", "100.003", "1", "0.01"), "100.02");
  assertEquals(at("sell", "100.003", "1", "0.01"), "99.99");
  assertEquals(at("buy", "1", "0.0001", "5"), "5");
  assertEquals(at("sell", "1", "0.0001", "5"), "0");
});

Deno.test("slippedPrice() without slippage is the price itself, on the tick or off it", () => {
  assertEquals(plain(slippedPrice("buy", m("0.123456"), m("0"), m("0.01"))), "0.123456");
  assertEquals(plain(slippedPrice("sell", m("0.123456"), m("0.000"), m("0.01"))), "0.123456");
});

Deno.test("slippedPrice() equals an exact reference, and is never better than the price", () => {
  fc.assert(
    fc.property(side, price, amount(6, 9_999n), amount(8, 1_000_000n), (side, price, slippage, tick) => {
      const found = slippedPrice(side, m(price), m(slippage), m(tick));
      const points = new Exact(10_000n);
      const share = side === "buy" ? points.plus(Exact.of(slippage)) : points.minus(Exact.of(slippage));
      const moved = Exact.of(price).times(share).times(new Exact(1n, 4));
      const unit = Exact.of(tick);
      const ticks = side === "buy" ? moved.wholeTimesUp(unit) : moved.wholeTimes(unit);
      assertEquals(plain(found), new Exact(ticks).times(unit).toString());
      assert(side === "buy" ? found.gt(price) : found.lt(price));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("affordableQuantity() spends the stake, or what the cash leaves after the fee, in whole lots", () => {
  const of = (stake: string, cash: string, feeRate: string, price: string, lot: string) =>
    plain(
      affordableQuantity(outlayOf(m(stake), m(feeRate)), m(cash), m(price), m(lot)),
    );
  assertEquals(of("1000", "10000", "0.001", "61607.85", "0.00001"), "0.01623");
  assertEquals(of("1000", "1001", "0.001", "10", "1"), "100");
  assertEquals(of("1000", "1000.999999", "0.001", "10", "1"), "99");
  assertEquals(of("1000", "500", "0", "10", "0.5"), "50");
  assertEquals(of("1000", "10000", "0.001", "3", "0.00001"), "333.33333");
  assertEquals(of("9.99", "10000", "0.001", "10", "1"), "0");
  assertEquals(of("1000", "0", "0.001", "10", "1"), "0");
});

Deno.test("affordableQuantity() equals an exact reference to the last lot", () => {
  const money = amount(10, 10n ** 18n);
  fc.assert(
    fc.property(
      money,
      money,
      amount(12, 10n ** 11n, 0n),
      price,
      amount(8, 10n ** 9n),
      (stake, cash, rate, price, lot) => {
        const found = affordableQuantity(outlayOf(m(stake), m(rate)), m(cash), m(price), m(lot));
        // The most lots whose price the stake pays, and whose price and fee the cash pays.
        const lotCost = Exact.of(price).times(Exact.of(lot));
        const grossed = lotCost.times(new Exact(1n).plus(Exact.of(rate)));
        const byStake = Exact.of(stake).wholeTimes(lotCost);
        const byCash = Exact.of(cash).wholeTimes(grossed);
        const lots = byStake < byCash ? byStake : byCash;
        assertEquals(plain(found), new Exact(lots).times(Exact.of(lot)).toString());
      },
    ),
    { numRuns: 3_000 },
  );
});

Deno.test("affordableQuantity() keeps a lot that the cash just pays for, and drops it one digit below", () => {
  fc.assert(
    fc.property(
      amount(8, 10n ** 12n),
      price,
      amount(8, 10n ** 9n),
      amount(6, 10n ** 5n),
      fc.boolean(),
      (count, price, lot, rate, short) => {
        const lots = new Exact(Exact.of(count).wholeTimes(new Exact(1n, 8)));
        const due = lots.times(Exact.of(lot)).times(Exact.of(price)).times(
          new Exact(1n).plus(Exact.of(rate)),
        );
        const cash = short ? due.minus(new Exact(1n, 60)) : due;
        const [stake, money] = [m(cash.toString()).times(2), m(cash.toString())];
        const found = affordableQuantity(outlayOf(stake, m(rate)), money, m(price), m(lot));
        const expected = short ? lots.minus(new Exact(1n)) : lots;
        assertEquals(plain(found), expected.times(Exact.of(lot)).toString());
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("feeShare() rounds parts down to 8 decimals and gives the last one the rest, so that they add up to the fee", () => {
  assertEquals(plain(feeShare(m("1"), m("1"), m("3"))), "0.33333333");
  assertEquals(plain(feeShare(m("0.00000002"), m("2"), m("3"))), "0.00000001");
  assertEquals(plain(feeShare(m("0.123456789"), m("3"), m("3"))), "0.123456789");
  const anyParts = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(anyParts, fc.nat(1_000_000_000), (parts, units) => {
    const whole = parts.reduce((sum, part) => sum + part, 0);
    let [left, fee] = [m(`${whole}`), m(`${units}`).div(1e8)];
    for (const part of parts) {
      const share = feeShare(fee, m(`${part}`), left);
      const even = m(`${units}`).div(1e8).times(part).div(whole);
      // What earlier parts were rounded down by goes to later ones.
      assert(share.gte(0) && share.minus(even).abs().lte(m("1e-8").times(parts.length)), plain(share));
      fee = fee.minus(share);
      left = left.minus(part);
    }
    assertEquals(plain(fee), "0");
  }));
});

Deno.test("averageCostText() gives 8 decimals, half to even", () => {
  assertEquals(averageCostText(m("1000.7"), m("0.0167")), "59922.15568862");
  assertEquals(averageCostText(m("0.00000001"), m("2")), "0");
});

Deno.test("fractionText() gives 8 decimals, half to even", () => {
  assertEquals(fractionText(m("1").div("3")), "0.33333333");
  assertEquals(fractionText(m("2").div("3")), "0.66666667");
  assertEquals(fractionText(m("0.000000005").div("1")), "0");
  assertEquals(fractionText(m("0.000000015").div("1")), "0.00000002");
  assertEquals(fractionText(m("0").div("10000")), "0");
  assertEquals(fractionText(m("10000").div("10000")), "1");
});

Deno.test("averageText() rounds a tie to the even digit", () => {
  // 1 and 3 units of 10^-8 over two trades: 0.5 and 1.5 units.
  assertEquals(averageText(1, 2, 8), "0");
  assertEquals(averageText(3, 2, 8), "0.00000002");
  assertEquals(averageText(5n, 2, 8), "0.00000002");
  assertEquals(averageText(7n, 2, 8), "0.00000004");
  assertEquals(averageText(1, 3, 8), "0");
  assertEquals(averageText(2, 3, 8), "0.00000001");
});

Deno.test("averageText() writes plain text for a sum of any size", () => {
  assertEquals(averageText(954_205, 1, 1), "95420.5");
  assertEquals(averageText(10n ** 21n, 1_000_000, 8), "10000000");
  assertEquals(averageText(100, 1, 0), "100");
  assertEquals(averageText(0, 7, 3), "0");
});

Deno.test("averageText() equals an exact reference, for numbers and for bigints", () => {
  const sum = fc.bigInt(0n, BigInt(Number.MAX_SAFE_INTEGER));
  fc.assert(
    fc.property(
      sum,
      fc.bigInt(1n, 10n ** 6n),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.nat(8),
      (sum, times, count, decimals) => {
        const average = (total: bigint) =>
          new Exact(total, decimals).ratio(new Exact(BigInt(count)), 8).toString();
        assertEquals(averageText(Number(sum), count, decimals), average(sum));
        assertEquals(averageText(sum * times, count, decimals), average(sum * times));
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("estimate() is within a few units of the last place of the amount", () => {
  const digits = fc.tuple(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.integer({ min: 0, max: 30 }));
  fc.assert(
    fc.property(digits, ([units, decimals]) => {
      const money = m(`${units}e-${decimals}`);
      const exact = Number(`${units}e-${decimals}`);
      assert(Math.abs(estimate(money) - exact) <= 8 * Number.EPSILON * Math.abs(exact), plain(money));
    }),
    { numRuns: 5_000 },
  );
  assertEquals(estimate(m("0")), 0);
  assertEquals(estimate(m("60123.45")), 60123.45);
  assertEquals(estimate(m("-0.00000893")), -0.00000893);
  assertEquals(estimate(m("Infinity")), Infinity);
});

Deno.test("Money does not write out numbers beyond any amount, whose text would have a billion digits", () => {
  assertEquals([new Money("1e999999999").toFixed(), new Money("-1e999999999").toFixed()], [
    "Infinity",
    "-Infinity",
  ]);
  assertEquals(new Money("1e-999999999").toFixed(), "0");
  // The most that a price can grow in a day's file, to the power of the days in a year.
  assertEquals(new Money("1e31").pow(365).toFixed().length, 31 * 365 + 1);
});
