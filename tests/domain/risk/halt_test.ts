import { assertEquals } from "@std/assert";
import { Money } from "../../../src/domain/numbers/money.ts";
import { haltAtLoss } from "../../../src/domain/risk/halt.ts";

Deno.test("haltAtLoss() gives the limit as it was set and the loss as a fraction", () => {
  const loss = { reason: "max-daily-loss", limit: new Money("0.05"), value: new Money("0.0625") } as const;
  assertEquals(haltAtLoss(loss, "flatten", 7), {
    reason: "max-daily-loss",
    limit: "0.05",
    value: "0.0625",
    tradeId: 7,
    action: "flatten",
  });
});
