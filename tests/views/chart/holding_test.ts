import { assertEquals } from "@std/assert";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import type { FillEvent } from "../../../src/domain/run/event.ts";
import { Holding } from "../../../src/views/chart/holding.ts";

/** A fill with a fee of 1. */
function fill(side: "buy" | "sell", quantity: string, price: string, position: string): FillEvent {
  const rest = {
    time: "2026-11-29T13:31:14.000000Z",
    symbol: "BTCUSDT",
    tradeId: 1,
    signalTradeId: 1,
  } as const;
  return { type: "fill", ...rest, side, quantity, price, fee: "1", cash: "0", position };
}

/** What it says after these fills, and of the profit at a price of 120. */
function after(...fills: FillEvent[]): (string | null)[] {
  const holding = new Holding();
  for (const each of fills) holding.fill(each);
  return [holding.averagePrice, holding.profitAt(new Money("120"))].map((money) => money && plain(money));
}

Deno.test("Holding gives the price of a position with fees, over several buys and sales in part", () => {
  assertEquals(after(fill("buy", "2", "100", "2")), ["100.5", "39"]);
  assertEquals(after(fill("buy", "1", "99", "1"), fill("buy", "1", "109", "2")), ["105", "30"]);
  assertEquals(after(fill("buy", "2", "100", "2"), fill("sell", "1", "110", "1")), ["100.5", "19.5"]);
});

Deno.test("Holding gives nothing without a position, or for one whose buys were not seen", () => {
  assertEquals(after(), [null, null]);
  assertEquals(after(fill("buy", "2", "100", "2"), fill("sell", "2", "110", "0")), [null, null]);
  assertEquals(after(fill("buy", "1", "100", "3")), [null, null]);
  assertEquals(after(fill("sell", "1", "100", "2")), [null, null]);
  assertEquals(after(fill("sell", "3", "100", "0"), fill("buy", "1", "99", "1")), ["100", "20"]);
});
