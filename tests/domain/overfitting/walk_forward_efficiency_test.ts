import { assertEquals } from "@std/assert";
import { fractionText, Money } from "../../../src/domain/numbers/money.ts";
import { walkForwardEfficiency } from "../../../src/domain/overfitting/walk_forward_efficiency.ts";

const DAY = 86_400_000_000;

function efficiency(inProfit: string, inDays: number, outProfit: string, outDays: number): string | null {
  const kept = walkForwardEfficiency(
    { profit: new Money(inProfit), span: inDays * DAY },
    { profit: new Money(outProfit), span: outDays * DAY },
  );
  return kept === null ? null : fractionText(kept);
}

Deno.test("walkForwardEfficiency() compares profits a year", () => {
  // 25,000 a year in sample and 15,000 a year out of it.
  assertEquals(efficiency("50000", 730, "7500", 182.5), "0.6");
  assertEquals(efficiency("100", 3, "-50", 1), "-1.5");
  assertEquals(efficiency("1", 3, "1", 1), "3");
  assertEquals(efficiency("7", 1, "0", 1), "0");
});

Deno.test("walkForwardEfficiency() does not exist without a profit or without time", () => {
  assertEquals(efficiency("0", 3, "5", 1), null);
  assertEquals(efficiency("-1", 3, "5", 1), null);
  assertEquals(efficiency("5", 0, "5", 1), null);
  assertEquals(efficiency("5", 3, "5", 0), null);
});
