import { assertEquals } from "@std/assert";
import { createTick } from "../../../src/domain/market/tick.ts";

Deno.test("createTick() copies what was read and leaves every later stage's slot empty", () => {
  const read = {
    firstId: 7,
    lastId: 9,
    time: 1_723_161_255_342_000,
    quantityWhole: 3,
    quantityFraction: 50_000_000,
    buyerIsMaker: true,
    // Not these two: the parse stage has converted the price to the symbol's unit.
    price: 1,
    decimals: 0,
  };
  assertEquals({ ...createTick("BTCUSDT", read, 6_183_763, 2, 4) } as Record<string, unknown>, {
    symbol: "BTCUSDT",
    firstId: 7,
    id: 9,
    time: 1_723_161_255_342_000,
    price: 6_183_763,
    decimals: 2,
    quantityWhole: 3,
    quantityFraction: 50_000_000,
    buyerIsMaker: true,
    missing: 4,
    filled: 0,
    late: false,
    receivedAt: 0,
    signal: null,
    decisions: null,
    outcomes: [],
  });
});
