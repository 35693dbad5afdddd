import { assertEquals, assertThrows } from "@std/assert";
import { MacdCross } from "../../../src/stages/strategies/macd.ts";
import { targetsOver } from "./targets.ts";
import { testStrategy } from "./strategy_contract.ts";

testStrategy("macd", () => new MacdCross(2, 5, 3));

Deno.test("MacdCross.add() wants long above its average and flat below, from the first bar at which both exist", () => {
  // EMA(1) is the close. EMA(2) starts with the mean of 4 and 8 and takes two thirds of each difference.
  const strategy = new MacdCross(1, 2, 2);
  // Lines: 8 - 6, 14 - 34/3 = 8/3; their mean is 7/3.
  assertEquals(targetsOver(strategy, ["4", "8", "14"]), [0, 0, 1]);
  assertEquals(strategy.values(), { macd: "2.66666667", smoothed: "2.33333333" });
  assertEquals(targetsOver(strategy, ["14"]), [-1]);
  assertEquals(targetsOver(new MacdCross(2, 3, 2), Array(9).fill("7.01")), Array(9).fill(0));
});

Deno.test("new MacdCross() refuses windows that are not fast < slow", () => {
  assertThrows(() => new MacdCross(26, 12, 9), RangeError, "Windows must be fast < slow");
});
