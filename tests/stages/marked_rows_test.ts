/** What is kept of every trade is the same whether trades are marked one by one or by the stretch. */
import { assertGreater } from "@std/assert";
import fc from "fast-check";
import { type Block, clockAtRow } from "../../src/domain/market/block.ts";
import { TradeBlock } from "../../src/domain/market/trade_block.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import { Drawdown } from "../../src/domain/performance/drawdown.ts";
import { LossLimits } from "../../src/domain/risk/loss_limits.ts";
import { ProtectiveExits } from "../../src/domain/risk/protective_exits.ts";
import { WaitingOrders } from "../../src/stages/waiting_orders.ts";
import { assertEquals } from "../support/equals.ts";

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
/** Stands for as long as it takes to the start of the next day. */
const TO_MIDNIGHT = Infinity;
const START = 1_723_161_255_342_000;

/** Trades of one block, where it is cut, and the books from before it on, as a fill would leave them. */
interface Stretch {
  readonly block: Block;
  readonly cuts: readonly number[];
  readonly cash: Money;
  readonly position: Money;
}

interface Row {
  readonly level: number;
  readonly later: number;
  readonly lag: number;
}

/** Few prices, so that peaks, floors and exits are met exactly; times that stand still, leap by days or step back. */
const stretches: fc.Arbitrary<readonly Stretch[]> = fc.array(
  fc.record({
    rows: fc.array(
      fc.record<Row>({
        level: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 98, max: 103 }) }, {
          weight: 1,
          arbitrary: fc.integer({ min: 60, max: 140 }),
        }),
        later: fc.oneof(
          { weight: 12, arbitrary: fc.integer({ min: 0, max: 3 }) },
          { weight: 1, arbitrary: fc.constantFrom(HOUR, 25 * HOUR, -2 * HOUR, -30 * HOUR, TO_MIDNIGHT) },
        ),
        lag: fc.constantFrom(0, 0, 1, -2 * HOUR),
      }),
      { minLength: 1, maxLength: 25 },
    ),
    finer: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
    cuts: fc.array(fc.nat(24), { maxLength: 4 }),
    cash: fc.constantFrom("10000", "9000", "9000.5", "1"),
    position: fc.constantFrom("0", "10", "10", "99.5", "0.001"),
  }),
  { minLength: 1, maxLength: 6 },
).map((made) => {
  let [time, decimals, id] = [START, 0, 0];
  return made.map(({ rows, finer, cuts, cash, position }) => {
    decimals += finer;
    const block = new TradeBlock("BTCUSDT", null, rows.length);
    block.open(id + 1, decimals, false);
    for (const { level, later, lag } of rows) {
      time = later === TO_MIDNIGHT ? (Math.floor(time / DAY) + 1) * DAY : time + later;
      const price = level * 10 ** decimals;
      const trade = { firstId: ++id, lastId: id, time, price, decimals, buyerIsMaker: false };
      block.add({ ...trade, quantityWhole: 1, quantityFraction: 0 }, price, lag === 0 ? 0 : time + lag);
    }
    const ends = [...cuts.map((cut) => cut % rows.length), rows.length].sort((one, other) => one - other);
    return { block, cuts: ends, cash: new Money(cash), position: new Money(position) };
  });
});

Deno.test("Drawdown.markRows() marks the trades of a block as mark() does", () => {
  let falls = 0;
  fc.assert(
    fc.property(stretches, (stretches) => {
      const [single, rows] = [new Drawdown(new Money("10000")), new Drawdown(new Money("10000"))];
      for (const { block, cuts, cash, position } of stretches) {
        const { price, time, decimals, size } = block;
        for (let row = 0; row < size; row++) single.mark(price[row]!, decimals, time[row]!);
        for (let from = 0, at = 0; at < cuts.length; from = cuts[at++]!) {
          rows.markRows(block, from, cuts[at]!);
        }
        assertEquals(rows.snapshot(), single.snapshot());
        for (const one of [single, rows]) one.rebook(cash, position, price[size - 1]!, time[size - 1]!);
        assertEquals(rows.snapshot(), single.snapshot());
      }
      assertEquals(rows.deepestPeriods(), single.deepestPeriods());
      falls += single.deepestPeriods().length;
    }),
    { numRuns: 1_500 },
  );
  assertGreater(falls, 1_000);
});

Deno.test("LossLimits.markQuiet() stops at the first trade of which mark() may have something to say, and at no loss passes", () => {
  let losses = 0;
  const parameters = fc.record({
    maxDrawdown: fc.constantFrom("0.2", "0.01", "0.02", "0.000000000000001", null),
    maxDailyLoss: fc.constantFrom("0.1", "0.01", "0.02", null),
  });
  fc.assert(
    fc.property(stretches, parameters, (stretches, { maxDrawdown, maxDailyLoss }) => {
      const limits = {
        maxDrawdown: maxDrawdown === null ? null : new Money(maxDrawdown),
        maxDailyLoss: maxDailyLoss === null ? null : new Money(maxDailyLoss),
      };
      const [single, rows] = [1, 2].map(() => new LossLimits(new Money("10000"), limits)) as [
        LossLimits,
        LossLimits,
      ];
      const said = (of: LossLimits, block: Block, row: number): unknown =>
        of.mark(block.price[row]!, block.decimals, clockAtRow(block, row))
          ? [row, of.takeNewDay(), of.lossAt(block.price[row]!)]
          : null;
      for (const { block, cuts, cash, position } of stretches) {
        const expected: unknown[] = [];
        for (let row = 0; row < block.size; row++) expected.push(said(single, block, row) ?? []);
        const found: unknown[] = [];
        for (const to of cuts) {
          while (found.length < to) {
            const row = rows.markQuiet(block, found.length, to);
            while (found.length < row) found.push([]);
            if (row < to) found.push(said(rows, block, row) ?? []);
          }
        }
        assertEquals(found, expected);
        losses += expected.flat().length;
        for (const one of [single, rows]) one.rebook(cash, position);
        assertEquals(rows.snapshot(), single.snapshot());
      }
    }),
    { numRuns: 1_500 },
  );
  assertGreater(losses, 1_000);
});

Deno.test("ProtectiveExits.firstReached() is the first trade at which an exit is reached", () => {
  let reached = 0;
  fc.assert(
    fc.property(
      stretches,
      fc.constantFrom("0.01", "0.02", null),
      fc.constantFrom("0.01", "0.02", null),
      (...made) => {
        const [stretches, stop, target] = made;
        const exits = new ProtectiveExits({
          stopLoss: stop === null ? null : new Money(stop),
          takeProfit: target === null ? null : new Money(target),
          trailingStop: null,
        });
        exits.booked("buy", new Money("100"), new Money("10"), new Money("10"), true);
        for (const { block } of stretches) {
          const rows = Array.from({ length: block.size }, (_, row) => row);
          for (const from of rows) {
            const first = rows.find((row) =>
              row >= from && exits.isReached(block.price[row]!, block.decimals)
            );
            assertEquals(exits.firstReached(block, from, block.size), first ?? block.size);
            if (first !== undefined) reached++;
          }
        }
      },
    ),
    { numRuns: 250 },
  );
  assertGreater(reached, 1_000);
});

Deno.test("ProtectiveExits.firstReached() and markRows() follow the highest price as mark() does, one trade at a time", () => {
  let reached = 0;
  const share = (values: readonly (string | null)[]) =>
    fc.constantFrom(...values).map((value) => value === null ? null : new Money(value));
  const parameters = fc.record({
    stopLoss: share(["0.02", null]),
    takeProfit: share(["0.02", null]),
    trailingStop: share(["0.01", "0.02", "0.03", "1"]),
  });
  fc.assert(
    fc.property(stretches, parameters, (stretches, parameters) => {
      const [single, rows] = [1, 2].map(() => new ProtectiveExits(parameters)) as [
        ProtectiveExits,
        ProtectiveExits,
      ];
      const [ten, price] = [new Money("10"), new Money("100")];
      const causeAt = (of: ProtectiveExits, { price, decimals }: Block, row: number): string | null => {
        of.mark(price[row]!, decimals);
        return of.isReached(price[row]!, decimals) ? of.causeAt(price[row]!, decimals) : null;
      };
      for (const { block, cuts } of stretches) {
        const expected: unknown[] = [];
        const states: unknown[] = [];
        single.mark(block.price[0]!, block.decimals);
        rows.mark(block.price[0]!, block.decimals);
        for (const one of [single, rows]) one.booked("buy", price, ten, ten, true);
        for (let row = 0; row < block.size; row++) {
          expected.push(causeAt(single, block, row));
          states.push(single.snapshot());
        }
        const found: unknown[] = [];
        for (const to of cuts) {
          while (found.length < to) {
            const from = found.length;
            // Another check may have something to say before this one does.
            const row = Math.min(rows.firstReached(block, from, to), from + 3);
            rows.markRows(block, from, row);
            while (found.length < row) found.push(null);
            if (row > from) assertEquals(rows.snapshot(), states[row - 1]);
            if (row < to) found.push(causeAt(rows, block, row));
          }
        }
        assertEquals(found, expected);
        assertEquals(rows.snapshot(), single.snapshot());
        reached += expected.filter((cause) => cause === "trailing-stop").length;
        for (const one of [single, rows]) one.booked("sell", price, ten, new Money(0), true);
      }
    }),
    { numRuns: 500 },
  );
  assertGreater(reached, 1_000);
});

Deno.test("WaitingOrders.firstDue() is the first trade at which an order is due", () => {
  let due = 0;
  fc.assert(
    fc.property(stretches, fc.nat(60), fc.constantFrom(null, 0, 10), (stretches, latency, orderTtl) => {
      const orders = new WaitingOrders({ latency, orderTtl });
      assertEquals(orders.firstDue(stretches[0]!.block, 0, 1), 1);
      orders.add({ side: "buy", signalTradeId: 1, due: START + latency });
      for (const { block } of stretches) {
        const rows = Array.from({ length: block.size }, (_, row) => row);
        const isDue = (row: number) => orders.isDue(clockAtRow(block, row), block.late);
        for (const from of rows) {
          const first = rows.find((row) => row >= from && isDue(row));
          assertEquals(orders.firstDue(block, from, block.size), first ?? block.size);
          if (first !== undefined) due++;
        }
      }
    }),
    { numRuns: 250 },
  );
  assertGreater(due, 1_000);
});
