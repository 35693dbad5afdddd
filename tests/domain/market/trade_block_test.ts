import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { clockAtRow } from "../../../src/domain/market/block.ts";
import { clockAt, createTick, type Tick } from "../../../src/domain/market/tick.ts";
import { tickAt, TradeBlock } from "../../../src/domain/market/trade_block.ts";
import { blocksOf, ticksIn } from "../../support/blocks.ts";

const HOUR = 3_600_000_000;

const ticks: fc.Arbitrary<readonly Tick[]> = fc.record({
  late: fc.boolean(),
  decimals: fc.nat(8),
  gap: fc.record({ missing: fc.constantFrom(0, 0, 3, -1), filled: fc.constantFrom(0, 0, 2) }),
  rows: fc.array(
    fc.record({
      span: fc.nat(3),
      time: fc.integer({ min: 1, max: 2 ** 51 }),
      price: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      quantityWhole: fc.nat(1e15),
      quantityFraction: fc.nat(99_999_999),
      buyerIsMaker: fc.boolean(),
      receivedAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 51 })),
    }),
    { minLength: 1, maxLength: 12 },
  ),
}).map(({ late, decimals, gap: { missing, filled }, rows }) => {
  let last = 99;
  return rows.map(({ span, receivedAt, ...row }, at) => {
    const firstId = last + 1;
    last = firstId + span;
    const fields = { ...row, decimals, firstId, lastId: last };
    const [before, fetched] = at === 0 ? [missing, filled] : [0, 0];
    return createTick("BTCUSDT", fields, row.price, decimals, before, fetched, late, receivedAt);
  });
});

Deno.test("tickAt() returns every trade as it was put into a block", () => {
  fc.assert(fc.property(ticks, fc.integer({ min: 1, max: 12 }), (ticks, rows) => {
    assertEquals([...ticksIn(blocksOf(ticks, rows))], ticks);
  }));
});

Deno.test("clockAtRow() is the clock of the tick in that row", () => {
  fc.assert(fc.property(ticks, fc.integer({ min: -2, max: 2 }), (ticks, hours) => {
    const near = ticks.map((tick) => ({ ...tick, time: Math.max(1, tick.receivedAt + hours * HOUR) }));
    for (const block of blocksOf(near, 12)) {
      for (let row = 0; row < block.size; row++) {
        assertEquals(clockAtRow(block, row), clockAt(tickAt(block, row)));
      }
    }
  }));
});

Deno.test("TradeBlock.open() empties a block that is filled again", () => {
  const block = new TradeBlock("BTCUSDT", null, 4);
  block.take(createTick("BTCUSDT", FIELDS, 5, 2, 7, 1, true, 9));
  assertEquals([block.size, block.missing, block.filled, block.late], [1, 7, 1, true]);
  block.open(8, 3, false);
  block.add({ ...FIELDS, firstId: 8, lastId: 9 }, 50, 0);
  assertEquals([block.size, block.missing, block.filled, block.late, block.decimals], [1, 0, 0, false, 3]);
  assertEquals([tickAt(block, 0).firstId, tickAt(block, 0).id, tickAt(block, 0).price], [8, 9, 50]);
});

const FIELDS = {
  ...{ firstId: 3, lastId: 3, time: 1, price: 5, decimals: 2, quantityWhole: 1 },
  ...{ quantityFraction: 2, buyerIsMaker: true },
};
