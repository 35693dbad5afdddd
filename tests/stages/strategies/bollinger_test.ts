import { assertEquals, assertThrows } from "@std/assert";
import { Bollinger } from "../../../src/stages/strategies/bollinger.ts";
import { targetsOver } from "./targets.ts";
import { testStrategy } from "./strategy_contract.ts";

testStrategy("bollinger", () => new Bollinger(5, 1.5));

Deno.test("Bollinger.add() wants long below the lower band, flat above the upper, nothing new on or between them", () => {
  // Of 1 and 3: mean 2, deviation 1.
  const on = new Bollinger(2, 1);
  assertEquals(targetsOver(on, ["1", "3", "1"]), [0, 0, 0]);
  assertEquals(on.values(), { close: "1", lowerBand: "1", upperBand: "3" });
  assertEquals(targetsOver(new Bollinger(2, 0.999999), ["1", "3", "1"]), [0, -1, 1]);
  assertEquals(targetsOver(new Bollinger(3, 2), ["0.7", "0.7", "0.7", "0.7"]), [0, 0, 0, 0]);
});

Deno.test("new Bollinger() refuses a period below 2 and a width that is not above 0 and up to 100", () => {
  assertThrows(() => new Bollinger(1, 2), RangeError, "at least 2: got 1");
  for (const width of [0, -1, 100.5, NaN]) {
    assertThrows(() => new Bollinger(20, width), RangeError, `above 0 and up to 100: got ${width}`);
  }
});
