import { assertEquals, assertThrows } from "@std/assert";
import { Sma } from "../../../src/stages/indicators/sma.ts";
import { Exact } from "../../support/exact.ts";
import { SeededRandom } from "../../support/random.ts";
import { testIndicator } from "./indicator_contract.ts";

for (const window of [1, 2, 7, 30]) {
  testIndicator(`Sma of ${window}`, {
    make: () => new Sma(window),
    after: window,
    reference: (closes) => {
      const sum = closes.slice(-window).reduce((sum, close) => sum.plus(close), new Exact(0n));
      return sum.ratio(new Exact(BigInt(window)), 8).toString();
    },
  });
}

Deno.test("Sma.value() stays exact across a million closes, at the finest unit and the largest price", () => {
  const window = 1_000_000;
  const random = new SeededRandom(7);
  const closes = new Float64Array(window + 1_000).map(() =>
    random.whole(Number.MAX_SAFE_INTEGER - 10_000_000, Number.MAX_SAFE_INTEGER)
  );
  const sma = new Sma(window);
  for (const close of closes) sma.add(close, 8);
  const sum = Array.from(closes.slice(-window), BigInt).reduce((sum, close) => sum + close, 0n);
  assertEquals(sma.value(), new Exact(sum, 8).ratio(new Exact(BigInt(window)), 8).toString());
});

Deno.test("Sma.closes() gives the last closes in its unit, at most as many as asked for or as the window has", () => {
  const sma = new Sma(3);
  assertEquals(sma.closes(5), { decimals: 0, values: [] });
  for (const close of [1, 2, 3, 4]) sma.add(close, 0);
  sma.add(55, 1);
  assertEquals(sma.closes(2), { decimals: 1, values: [40, 55] });
  assertEquals(sma.closes(9), { decimals: 1, values: [30, 40, 55] });
});

Deno.test("Sma.compare() orders averages, to the last unit", () => {
  const of = (window: number, ...closes: readonly number[]) => {
    const sma = new Sma(window);
    for (const close of closes) sma.add(close, 8);
    return sma;
  };
  const large = 9_000_000_000_000_000;
  assertEquals(of(2, 10, 12).compare(of(3, 10, 11, 12)), 0);
  assertEquals(of(2, 10, 13).compare(of(3, 10, 11, 12)), 1);
  assertEquals(of(3, large, large, large - 1).compare(of(2, large, large)), -1);
  assertEquals(of(3, large, large, large + 1).compare(of(1, large)), 1);
});

Deno.test("new Sma() refuses a window that is not a whole number from 1 to 1000000", () => {
  for (const window of [0, -1, 1.5, NaN, 1_000_001]) {
    assertThrows(
      () => new Sma(window),
      RangeError,
      `A window must be whole, from 1 to 1000000: got ${window}`,
    );
  }
  new Sma(1_000_000);
});

Deno.test("Sma.numberOf() is the double nearest to the average, in every unit", () => {
  for (const decimals of [0, 2, 5, 8]) {
    const sma = new Sma(8);
    const sums = new Float64Array(8);
    sma.addAll(Float64Array.from({ length: 8 }, (_, row) => 10 ** 12 + row ** 3), 8, decimals, sums);
    // An eighth has three more decimals than the closes.
    assertEquals(
      sma.numberOf(sums[7]!),
      Number(`${sums[7]! * 125}e-${decimals + 3}`),
      `${decimals} decimals`,
    );
  }
});
