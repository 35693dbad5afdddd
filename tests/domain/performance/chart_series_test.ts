import { assert, assertAlmostEquals } from "@std/assert";
import fc from "fast-check";
import { ChartSeries } from "../../../src/domain/performance/chart_series.ts";
import { Money } from "../../../src/domain/numbers/money.ts";
import { M4Columns } from "../../../src/domain/performance/m4_columns.ts";
import type { Fill } from "../../../src/domain/orders/fill.ts";
import { blocksOf } from "../../support/blocks.ts";
import { tickOf } from "../../support/ticks.ts";
import { assertEquals } from "../../support/equals.ts";

const CASH = 1_000;

/** Prices a millisecond apart, and the rows at which the position is bought or sold. */
const run = fc.record({
  prices: fc.array(fc.integer({ min: 50, max: 150 }), { minLength: 2, maxLength: 300 }),
  turns: fc.uniqueArray(fc.integer({ min: 1, max: 299 }), { maxLength: 6 })
    .map((rows) => rows.toSorted((a, b) => a - b)),
  rows: fc.constantFrom(1, 7, 4096),
});

function fillAt(side: "buy" | "sell", price: number, cash: number): Fill {
  const position = new Money(side === "buy" ? 2 : 0);
  return {
    ...{ kind: "fill", side, price: new Money(price), quantity: new Money(2), fee: new Money(1), position },
    ...{
      cash: new Money(cash),
      tradeId: 1,
      signalTradeId: 1,
      realized: side === "buy" ? null : new Money(0),
    },
  };
}

Deno.test("ChartSeries draws price, equity and the deepest drawdown of every trade, however blocks are cut", () => {
  fc.assert(fc.property(run, ({ prices, turns, rows }) => {
    const series = new ChartSeries(new Money(CASH));
    const ticks = prices.map((price, at) => tickOf({ id: at + 1, time: (at + 1) * 1_000, price }));
    let [cash, position, peak, worst, at] = [CASH, 0, CASH, 0, 0];
    const equities: number[] = [];
    const mark = (price: number): void => {
      const equity = cash + position * price;
      equities.push(equity);
      peak = Math.max(peak, equity);
      worst = Math.max(worst, (peak - equity) / peak);
    };
    for (const block of blocksOf(ticks, rows)) {
      for (let from = 0; from < block.size;) {
        const turn = turns.find((row) => row >= at && row < at + block.size - from);
        const to = turn === undefined ? block.size : from + (turn - at) + 1;
        for (let row = from; row < to; row++) mark(prices[at + row - from]!);
        const price = block.price[to - 1]!;
        const fills: Fill[] = [];
        if (turn !== undefined) {
          const side = position === 0 ? "buy" : "sell";
          cash += side === "buy" ? -2 * price - 1 : 2 * price - 1;
          position = side === "buy" ? 2 : 0;
          fills.push(fillAt(side, price, cash));
        }
        series.note(block, from, to, fills);
        if (fills.length > 0) mark(price);
        at += to - from;
        from = to;
      }
    }
    const { price, equity, drawdown, fills } = series.data();
    assertEquals([price[0]!.value, price.at(-1)!.value], [prices[0], prices.at(-1)]);
    const [shown, whole] = [equity.map(({ value }) => value), equities];
    assertAlmostEquals(Math.max(...shown), Math.max(...whole));
    assertAlmostEquals(Math.min(...shown), Math.min(...whole));
    assertAlmostEquals(Math.max(...drawdown.map(({ value }) => value)), worst);
    assertEquals(fills.length, turns.filter((row) => row < prices.length).length);
    assert(fills.every(({ count }) => count === 1));
  }));
});

/** Prices with repeats and new peaks, some ms apart or at the same time. */
const longRun = fc.record({
  steps: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: -3, max: 3 })), {
    minLength: 3_000,
    maxLength: 3_000,
  }),
  turns: fc.uniqueArray(fc.integer({ min: 1, max: 2_999 }), { minLength: 2, maxLength: 30 })
    .map((rows) => rows.toSorted((a, b) => a - b)),
  others: fc.array(fc.integer({ min: 1, max: 2_999 }), { maxLength: 30 }),
  rows: fc.constantFrom(333, 4096),
});

Deno.test("ChartSeries keeps the points that M4Columns keeps of every single trade and fill", () => {
  const isSame = fc.property(longRun, ({ steps, turns, others, rows }) => {
    const series = new ChartSeries(new Money(CASH));
    const singly = new M4Columns(3);
    let [time, price, cash, position, peak] = [1_000_000, 1_000, CASH, 0, CASH];
    const ticks = steps.map(([ms, change], at) => {
      [time, price] = [time + ms * 1_000, Math.max(900, price + change)];
      return tickOf({ id: at + 1, time, price });
    });
    const mark = (time: number, price: number): void => {
      const equity = cash + position * price;
      peak = Math.max(peak, equity);
      singly.add(time, Float64Array.of(price, equity, (peak - equity) / peak));
    };
    let start = 0;
    for (const block of blocksOf(ticks, rows)) {
      // At some rows something else than a fill is due.
      const ends = [...turns, ...others].sort((a, b) => a - b)
        .filter((row) => row >= start && row < start + block.size);
      let from = 0;
      for (const to of [...ends.map((row) => row - start + 1), block.size]) {
        if (from === to) continue;
        const isTurn = turns.includes(start + to - 1);
        for (let row = from; row < to; row++) mark(block.time[row]!, block.price[row]!);
        const price = block.price[to - 1]!;
        const fills: Fill[] = [];
        if (isTurn) {
          const side = position === 0 ? "buy" : "sell";
          cash += side === "buy" ? -2 * price - 1 : 2 * price - 1;
          position = side === "buy" ? 2 : 0;
          fills.push(fillAt(side, price, cash));
        }
        series.note(block, from, to, fills);
        if (isTurn) mark(block.time[to - 1]!, price);
        from = to;
      }
      start += block.size;
    }
    const { price: prices, equity, drawdown } = series.data();
    assertEquals([prices, equity, drawdown], [0, 1, 2].map((line) => singly.points(line)));
  });
  fc.assert(isSame, { numRuns: 12, endOnFailure: true });
  // Two falls of this run are equal, but not if they are compared by products.
  fc.assert(isSame, { seed: 1728846083, path: "265", numRuns: 1, endOnFailure: true });
});
