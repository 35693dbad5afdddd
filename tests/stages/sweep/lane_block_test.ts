import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Account } from "../../../src/domain/account/account.ts";
import type { Block } from "../../../src/domain/market/block.ts";
import { Money } from "../../../src/domain/numbers/money.ts";
import { Drawdown } from "../../../src/domain/performance/drawdown.ts";
import { Performance } from "../../../src/domain/performance/performance.ts";
import { LaneBlock } from "../../../src/stages/sweep/lane_block.ts";

const SYMBOL = "BTCUSDT";
const SECOND = 1_000_000;
const START = Date.UTC(2025, 0, 1) * 1000;

/** A block of these trades that knows its extremes. */
function measured(times: readonly number[], prices: readonly number[]): LaneBlock {
  const size = times.length;
  const block = new LaneBlock(SYMBOL, size);
  block.show({
    ...{ symbol: SYMBOL, size, decimals: 2, firstId: 1, missing: 0, filled: 0, late: false },
    id: Float64Array.from(times, (_, row) => row + 1),
    time: Float64Array.from(times),
    price: Float64Array.from(prices),
    quantityWhole: new Float64Array(size),
    quantityFraction: new Uint32Array(size).fill(1),
    buyerIsMaker: new Uint8Array(size),
    receivedAt: new Float64Array(size),
  });
  block.measure();
  return block;
}

/** What a run that holds one unit earned over a block, whose rows before `cut` are noted first. */
function rowOf(block: Block, cut: number): unknown {
  const cash = new Money(1_000);
  const account = new Account(cash);
  const price = new Money("100");
  account.book({ side: "buy", price, quantity: new Money(1), fee: new Money(0), tradeId: 1 });
  const performance = new Performance(account, new Drawdown(cash), 16);
  performance.turnTo(account);
  const before = { time: block.time[cut - 1]!, price: block.price[cut - 1]!, decimals: block.decimals };
  performance.note(block, 0, cut, [], null);
  if (cut < block.size) performance.note(block, cut, block.size, [], before);
  const { returns, points, from, to } = performance.rowResults();
  return { returns, points, from, to };
}

Deno.test("LaneBlock gives the highest, the lowest and the latest of its trades, and whether its times are in order", () => {
  const { extremes } = measured([5, 7, 7, 9], [3, 1, 4, 2]);
  assertEquals(extremes, { lowest: 1, highest: 4, latest: 9, isOrdered: true });
  const stepsBack = measured([5, 9, 7, 8], [3, 1, 4, 2]);
  assertEquals(stepsBack.extremes, { lowest: 1, highest: 4, latest: 9, isOrdered: false });
});

Deno.test("a block that knows its extremes gives the same samples of equity, even if times step back", () => {
  const trade = fc.record({
    later: fc.constantFrom(0, 1, 20, 59, 60, 61, 90, 4_000, 90_000, -1, -70),
    price: fc.integer({ min: 5_000, max: 20_000 }),
  });
  const isOrdered = fc.boolean();
  fc.assert(
    fc.property(
      fc.array(trade, { minLength: 1, maxLength: 60, size: "max" }),
      isOrdered,
      fc.nat(),
      (trades, ordered, at) => {
        let time = START;
        const times = trades.map(({ later }) => time += (ordered ? Math.abs(later) : later) * SECOND);
        const block = measured(times, trades.map(({ price }) => price));
        const cut = 1 + at % block.size;
        assertEquals(rowOf(block, cut), rowOf({ ...block, extremes: undefined } as unknown as Block, cut));
      },
    ),
    { numRuns: 200 },
  );
});
