import { assertEquals, assertThrows } from "@std/assert";
import { RsiLevels } from "../../../src/stages/strategies/rsi.ts";
import { targetsOver } from "./targets.ts";
import { testStrategy } from "./strategy_contract.ts";

testStrategy("rsi", () => new RsiLevels(3, 40, 60));

Deno.test("RsiLevels.add() wants long below one level, flat above the other, nothing new between or at them", () => {
  // Changes +1, -3: a mean gain of 0.5 and loss of 1.5, an index of 25. Then 4/7, 50, and more rises.
  const strategy = new RsiLevels(2, 25, 50);
  assertEquals(targetsOver(strategy, ["10", "11", "8"]), [0, 0, 0]);
  assertEquals(strategy.values(), { rsi: "25" });
  assertEquals(targetsOver(new RsiLevels(2, 25.000001, 50), ["10", "11", "8"]), [0, 0, 1]);
  assertEquals(targetsOver(new RsiLevels(2, 10, 24.999999), ["10", "11", "8"]), [0, 0, -1]);
  assertEquals(targetsOver(new RsiLevels(2, 30, 70), ["5", "5", "5", "5"]), [0, 0, 0, 0]);
});

Deno.test("new RsiLevels() refuses levels unless 0 ≤ below < above ≤ 100", () => {
  for (const [below, above] of [[-1, 50], [70, 30], [50, 50], [10, 101], [NaN, 50]] as const) {
    assertThrows(
      () => new RsiLevels(14, below, above),
      RangeError,
      `Levels must be 0 ≤ below < above ≤ 100: got ${below} and ${above}`,
    );
  }
});
