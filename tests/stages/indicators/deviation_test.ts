import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Deviation, type DeviationValue } from "../../../src/stages/indicators/deviation.ts";
import { Exact } from "../../support/exact.ts";
import { SeededRandom } from "../../support/random.ts";
import { closesOf, TA_LIB, TULIP } from "./published_closes.ts";
import { testIndicator } from "./indicator_contract.ts";
import { meanOf, nearestOf } from "./reference_doubles.ts";

/** The definition over the last closes, exactly up to the two roundings and the root. */
function deviationOf(window: number, closes: readonly Exact[]): DeviationValue {
  const last = closes.slice(-window);
  const count = new Exact(BigInt(window));
  const sum = last.reduce((sum, close) => sum.plus(close), new Exact(0n));
  const squares = last.reduce((sum, close) => sum.plus(close.times(close)), new Exact(0n));
  const spread = squares.times(count).minus(sum.times(sum));
  return { mean: meanOf(last), deviation: Math.sqrt(nearestOf(spread, count.times(count))) };
}

for (const window of [1, 6]) {
  testIndicator(`Deviation of ${window}`, {
    make: () => new Deviation(window),
    after: window,
    reference: (closes) => deviationOf(window, closes),
  });
}

Deno.test("Deviation.value() gives the Bollinger bands that Tulip Indicators publishes", () => {
  const published = [
    [80.530, 80.987, 82.533, 82.472, 82.418, 82.435, 82.511, 83.143, 83.536, 83.870, 85.289],
    [82.426, 82.738, 83.094, 83.318, 83.628, 83.778, 84.254, 84.994, 85.574, 86.218, 86.804],
    [84.322, 84.489, 83.655, 84.164, 84.838, 85.121, 85.997, 86.845, 87.612, 88.566, 88.319],
  ];
  const indicator = new Deviation(5);
  const found = closesOf(TULIP).flatMap(({ close, decimals }) => {
    indicator.add(close, decimals);
    return indicator.value() ?? [];
  });
  for (const [at, { mean, deviation }] of found.entries()) {
    for (const [band, width] of [-2, 0, 2].entries()) {
      assertAlmostEquals(mean + width * deviation, published[band]![at]!, 6e-4);
    }
  }
  assertEquals(found.length, 11);
});

Deno.test("Deviation.value() gives the Bollinger bands that TA-Lib publishes", () => {
  const indicator = new Deviation(20);
  for (const { close, decimals } of closesOf(TA_LIB).slice(0, 20)) indicator.add(close, decimals);
  const { mean, deviation } = indicator.value()!;
  assertAlmostEquals(mean + 2 * deviation, 98.0734, 1e-4);
  assertAlmostEquals(mean, 92.8910, 1e-4);
  assertAlmostEquals(mean - 2 * deviation, 87.7086, 1e-4);
});

Deno.test("Deviation.value() stays exact where sums of squares are far beyond 2^53, and after they were", () => {
  const random = new SeededRandom(3);
  const indicator = new Deviation(7);
  const closes: Exact[] = [];
  for (let at = 0; at < 400; at++) {
    const close = at < 200
      ? random.whole(Number.MAX_SAFE_INTEGER - 1_000_000_000_000, Number.MAX_SAFE_INTEGER)
      : random.whole(1, 1_000);
    indicator.add(close, 8);
    closes.push(new Exact(BigInt(close), 8));
    if (at >= 6) assertEquals(indicator.value(), deviationOf(7, closes));
  }
});

Deno.test("new Deviation() refuses a window that is not a whole number from 1 to 1000000", () => {
  for (const window of [0, 2.5, NaN, 1_000_001]) {
    assertThrows(() => new Deviation(window), RangeError, `from 1 to 1000000: got ${window}`);
  }
});
