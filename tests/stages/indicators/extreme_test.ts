import { assertEquals, assertThrows } from "@std/assert";
import { Extreme } from "../../../src/stages/indicators/extreme.ts";
import { closesOf, TULIP } from "./published_closes.ts";
import { testIndicator } from "./indicator_contract.ts";

for (const kind of ["highest", "lowest"] as const) {
  for (const window of [1, 5]) {
    testIndicator(`Extreme, the ${kind} of ${window}`, {
      make: () => new Extreme(kind, window),
      after: window,
      reference: (closes) =>
        closes.slice(-window).reduce((one, other) => {
          const isAbove = other.compare(one) > 0;
          return isAbove === (kind === "highest") ? other : one;
        }).toString(),
    });
  }
}

Deno.test("Extreme.value() is the highest and the lowest that Tulip Indicators publishes", () => {
  const published = {
    highest: "83.61 83.61 83.61 83.99 84.55 84.55 85.53 86.54 86.89 87.77 87.77",
    lowest: "81.06 81.06 82.84 82.84 82.84 82.84 82.84 83.99 84.36 84.36 85.53",
  };
  for (const kind of ["highest", "lowest"] as const) {
    const extreme = new Extreme(kind, 5);
    const found = closesOf(TULIP).flatMap(({ close, decimals }) => {
      extreme.add(close, decimals);
      return extreme.value() ?? [];
    });
    assertEquals(found.join(" "), published[kind]);
  }
});

Deno.test("Extreme.isBeyond() is true only beyond the extreme, not at it", () => {
  const [highest, lowest] = [new Extreme("highest", 2), new Extreme("lowest", 2)];
  for (const extreme of [highest, lowest]) [10, 12].forEach((close) => extreme.add(close, 0));
  assertEquals([11, 12, 13].map((close) => highest.isBeyond(close)), [false, false, true]);
  assertEquals([9, 10, 11].map((close) => lowest.isBeyond(close)), [true, false, false]);
});

Deno.test("new Extreme() refuses a window that is not a whole number from 1 on", () => {
  for (const window of [0, 2.5, NaN]) assertThrows(() => new Extreme("lowest", window), RangeError);
});
