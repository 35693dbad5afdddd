import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Rsi } from "../../../src/stages/indicators/rsi.ts";
import { Exact } from "../../support/exact.ts";
import { closesOf, TA_LIB, TULIP } from "./published_closes.ts";
import { testIndicator } from "./indicator_contract.ts";
import { doubleOf, meanOf } from "./reference_doubles.ts";

const NOTHING = new Exact(0n);

/** The definition, from the first close on. */
function rsiOf(period: number, closes: readonly Exact[]): number {
  const changes = closes.slice(1).map((close, at) => close.minus(closes[at]!));
  const rises = changes.map((change) => change.compare(NOTHING) > 0 ? change : NOTHING);
  const falls = changes.map((change) => change.compare(NOTHING) < 0 ? NOTHING.minus(change) : NOTHING);
  const [gain, loss] = [rises, falls].map((some) => {
    let mean = meanOf(some.slice(0, period));
    for (const change of some.slice(period)) mean = (mean * (period - 1) + doubleOf(change)) / period;
    return mean;
  });
  return gain! + loss! === 0 ? 50 : 100 * (gain! / (gain! + loss!));
}

for (const period of [1, 5]) {
  testIndicator(`Rsi of ${period}`, {
    make: () => new Rsi(period),
    after: period + 1,
    reference: (closes) => rsiOf(period, closes),
  });
}

/** The values over these prices, from the first one on. */
function valuesOver(period: number, prices: readonly string[]): number[] {
  const rsi = new Rsi(period);
  return closesOf(prices).flatMap(({ close, decimals }) => {
    rsi.add(close, decimals);
    return rsi.value() ?? [];
  });
}

Deno.test("Rsi.value() equals what Tulip Indicators publishes", () => {
  const published = [72.034, 64.927, 75.936, 79.796, 74.713, 83.033, 87.478, 88.755, 91.483, 78.498];
  const found = valuesOver(5, TULIP);
  assertEquals(found.map((value) => Number(value.toFixed(3))), published);
});

Deno.test("Rsi.value() equals what TA-Lib publishes for its 252 closes", () => {
  const found = valuesOver(14, TA_LIB);
  assertEquals(found.length, 252 - 14);
  for (const [at, expected] of [[0, 49.14], [1, 52.32], [2, 46.07], [found.length - 1, 49.63]] as const) {
    assertAlmostEquals(found[at]!, expected, 0.01);
  }
});

Deno.test("Rsi.value() is 100 without a fall, 0 without a rise, and 50 while nothing moves", () => {
  assertEquals(valuesOver(2, ["1", "2", "3"]), [100]);
  assertEquals(valuesOver(2, ["3", "2", "1"]), [0]);
  assertEquals(valuesOver(2, ["3", "3", "3", "3"]), [50, 50]);
});

Deno.test("new Rsi() refuses a period that is not a whole number from 1 to 1000000", () => {
  for (const period of [0, 2.5, NaN, 1_000_001]) {
    assertThrows(() => new Rsi(period), RangeError, `from 1 to 1000000: got ${period}`);
  }
});
