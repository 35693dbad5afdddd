import { assertEquals, assertStrictEquals } from "@std/assert";
import { TradeBar } from "../../../src/domain/market/bar.ts";
import { TradeBlock } from "../../../src/domain/market/trade_block.ts";
import { tickOf } from "../../support/ticks.ts";

Deno.test("TradeBar.at() has a trade's price, time and exact amounts, and lends the same object for the next", () => {
  const block = new TradeBlock("BTCUSDT", null, 2);
  block.take({
    ...tickOf({ price: 9_007_199_254_740_991, decimals: 2, time: 1_000 }),
    ...{ quantityWhole: 1e15, quantityFraction: 99_999_999 },
  });
  const bar = new TradeBar().at(block, 0);
  const price = 9_007_199_254_740_991;
  const { openTime, closeTime, open, high, low, close, decimals, volume, value, trades } = bar;
  assertEquals([openTime, closeTime, trades, decimals], [1_000, 1_000, 1, 2]);
  assertEquals([open, high, low, close], [price, price, price, price]);
  assertEquals(volume, 100_000_000_000_000_099_999_999n);
  assertEquals(value, 9_007_199_254_740_991n * 100_000_000_000_000_099_999_999n);
  const lent = new TradeBar();
  assertStrictEquals(lent.at(block, 0), lent.at(block, 0));
});
