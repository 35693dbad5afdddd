import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Donchian } from "../../../src/stages/strategies/donchian.ts";
import { closes, exactly } from "../indicators/closes.ts";
import { flatBar } from "../../support/bars.ts";
import { targetsOver } from "./targets.ts";
import { testStrategy } from "./strategy_contract.ts";

testStrategy("donchian", () => new Donchian(6, 3));
testStrategy("donchian with a longer exit", () => new Donchian(2, 5));

Deno.test("Donchian.add() compares a close with the bars before it, and an equal price is not beyond them", () => {
  const strategy = new Donchian(3, 2);
  assertEquals(targetsOver(strategy, ["5", "9", "7", "9", "9.01", "8"]), [0, 0, 0, 0, 1, -1]);
  // Of 7, 9 and 9.01; of 9 and 9.01: what came before the last close.
  assertEquals(strategy.values(), { close: "8", highest: "9.01", lowest: "9" });
});

Deno.test("Donchian.add() equals a search through all the bars before, at any unit", () => {
  const windows = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
  fc.assert(fc.property(closes, windows, (some, [entry, exit]) => {
    const strategy = new Donchian(entry, exit);
    for (const [at, { close, decimals }] of some.entries()) {
      const before = some.slice(0, at).map(exactly);
      const own = exactly({ close, decimals });
      const isReady = at >= Math.max(entry, exit);
      const isAbove = before.slice(-entry).every((one) => own.compare(one) > 0);
      const isBelow = before.slice(-exit).every((one) => own.compare(one) < 0);
      assertEquals(strategy.add(flatBar(close, decimals)), !isReady ? 0 : isAbove ? 1 : isBelow ? -1 : 0);
    }
  }));
});
