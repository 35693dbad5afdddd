import { assertEquals } from "@std/assert";
import { Hold } from "../../../src/stages/strategies/hold.ts";
import { targetsOver } from "./targets.ts";
import { testStrategy } from "./strategy_contract.ts";

testStrategy("hold", () => new Hold(), [1]);

Deno.test("Hold.add() wants to be long from the first bar on", () => {
  assertEquals(targetsOver(new Hold(), ["5", "4", "3"]), [1, 1, 1]);
});
