import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Ema } from "../../../src/stages/indicators/ema.ts";
import { Exact } from "../../support/exact.ts";
import { closesOf, TA_LIB } from "./published_closes.ts";
import { testIndicator } from "./indicator_contract.ts";
import { doubleOf, meanOf } from "./reference_doubles.ts";

/** The definition, from the first close on. */
function emaOf(window: number, closes: readonly Exact[]): number {
  let value = meanOf(closes.slice(0, window));
  for (const close of closes.slice(window)) value += 2 / (window + 1) * (doubleOf(close) - value);
  return value;
}

for (const window of [1, 7]) {
  testIndicator(`Ema of ${window}`, {
    make: () => new Ema(window),
    after: window,
    reference: (closes) => emaOf(window, closes),
  });
}

Deno.test("Ema.value() equals what TA-Lib publishes for its 252 closes", () => {
  // test_ma.c: period, the bar after the first value, the value.
  const published = [
    ...[[2, 0, 93.15], [2, 1, 93.96], [2, 250, 108.21]],
    ...[[10, 0, 93.22], [10, 1, 93.75], [10, 20, 86.46], [10, 242, 108.97]],
  ] as const;
  for (const [window, bar, expected] of published) {
    const ema = new Ema(window);
    for (const { close, decimals } of closesOf(TA_LIB).slice(0, window + bar)) ema.add(close, decimals);
    // It publishes two decimals, some of them cut off.
    assertAlmostEquals(ema.value()!, expected, 0.01);
  }
});

Deno.test("Ema.value() keeps to its order of operations, bit by bit", () => {
  const ema = new Ema(3);
  const values = [[1, 0], [2, 0], [4, 0], [51, 1], [1_003, 2]].map(([close, decimals]) => {
    ema.add(close!, decimals!);
    return ema.value();
  });
  const first = 7 / 3;
  const second = first + 0.5 * (5.1 - first);
  assertEquals(values, [null, null, first, second, second + 0.5 * (10.03 - second)]);
});

Deno.test("Ema.value() starts from the exact mean, even where the sum is beyond 2^53", () => {
  const price = 9_007_199_254_740_991;
  const ema = new Ema(3);
  for (const close of [price, price - 2, price - 4]) ema.add(close, 8);
  assertEquals(ema.value(), Number("90071992.54740989"));
});

Deno.test("new Ema() refuses a window that is not a whole number from 1 to 1000000", () => {
  for (const window of [0, -1, 1.5, NaN, 1_000_001]) {
    assertThrows(
      () => new Ema(window),
      RangeError,
      `A window must be whole, from 1 to 1000000: got ${window}`,
    );
  }
});
