import { assert, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Account, BooksError } from "../../../src/domain/account/account.ts";
import { type ClosedLot, FifoLots, type LotFill } from "../../../src/domain/account/fifo_lots.ts";
import { Money, plain, type Side, ZERO } from "../../../src/domain/numbers/money.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

const m = (amount: string | number) => new Money(amount);

/** A fill at trade `number`, `number` seconds after 1970. */
function fill(number: number, side: Side, quantity: string, price: string, fee: string): LotFill {
  return {
    symbol: "BTCUSDT",
    side,
    price: m(price),
    quantity: m(quantity),
    fee: m(fee),
    time: number * 1_000_000,
    tradeId: number,
  };
}

/** A closed lot with its amounts as text, its times in seconds. */
function shown({ opened, closed, quantity, cost, proceeds, fees, profit, ...ids }: ClosedLot) {
  const amounts = [quantity, cost, proceeds, fees, profit].map(plain);
  return [opened / 1e6, closed / 1e6, ...amounts, ids.buyTradeId, ids.sellTradeId];
}

Deno.test("FifoLots closes the oldest lots first and splits the last one, as computed by hand", () => {
  const lots = new FifoLots();
  assertEquals(lots.add(fill(1, "buy", "2", "100", "0.3")), []);
  assertEquals(lots.add(fill(2, "buy", "3", "110", "0.7")), []);
  assertEquals(lots.add(fill(3, "sell", "4", "120", "1")).map(shown), [
    // Fees: all 0.3 of the first lot and half of 1; two thirds of 0.7, and the other half.
    [1, 3, "2", "200", "240", "0.8", "39.2", 1, 3],
    [2, 3, "2", "220", "240", "0.96666666", "19.03333334", 2, 3],
  ]);
  assertEquals(
    lots.open("BTCUSDT").map((
      { opened, quantity, cost, fee },
    ) => [opened, ...[quantity, cost, fee].map(plain)]),
    [[2_000_000, "1", "110", "0.23333334"]],
  );
  assert(!lots.isFlat);
  lots.check(m(12345));
  assertEquals(lots.add(fill(4, "sell", "1", "90", "0.09")).map(shown), [
    [2, 4, "1", "110", "90", "0.32333334", "-20.32333334", 2, 4],
  ]);
  assert(lots.isFlat);
  const { count, ...sums } = lots.totals;
  assertEquals([count, ...Object.values(sums).map(plain)], [3, "530", "570", "2.09", "37.91"]);
  lots.check(m("37.91"));
  const error = assertThrows(() => lots.check(m("37.92")), BooksError);
  assert(error.message.includes("the profit of all closed lots is 37.91, expected 37.92"), error.message);
});

Deno.test("FifoLots keeps symbols apart", () => {
  const lots = new FifoLots();
  lots.add(fill(1, "buy", "1", "100", "0"));
  lots.add({ ...fill(2, "buy", "1", "5", "0"), symbol: "ETHUSDT" });
  const [closed] = lots.add({ ...fill(3, "sell", "1", "6", "0"), symbol: "ETHUSDT" });
  assertEquals([closed!.symbol, plain(closed!.profit)], ["ETHUSDT", "1"]);
  assertEquals([lots.isFlat, lots.open("BTCUSDT").length, lots.open("ETHUSDT").length], [false, 1, 0]);
});

Deno.test("FifoLots refuses a sale of more than is open, with both figures", () => {
  const lots = new FifoLots();
  lots.add(fill(1, "buy", "1", "100", "0"));
  const error = assertThrows(() => lots.add(fill(7, "sell", "1.5", "100", "0")), BooksError);
  assert(
    error.message.includes("the quantity of BTCUSDT sold at trade 7 is 1.5, expected 1."),
    error.message,
  );
});

/** A buy, or a sale of what is held at most. */
interface Step {
  readonly isBuy: boolean;
  readonly price: Money;
  /** In hundred-thousandths. */
  readonly lots: number;
  /** In hundred-millionths. */
  readonly fee: number;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  isBuy: fc.boolean(),
  price: fc.integer({ min: 1, max: 10_000_000 }).map((n) => m(n).div(100)),
  lots: fc.integer({ min: 1, max: 2_000 }),
  fee: fc.integer({ min: 0, max: 400_000_000 }),
});

/** Fills that never sell more than is held, and sell all of it in the end. */
function fillsOf(steps: readonly Step[]): LotFill[] {
  let held = 0;
  const made = steps.flatMap(({ isBuy, price, lots, fee }, at): LotFill[] => {
    const units = isBuy ? lots : Math.min(lots, held);
    if (units === 0) return [];
    held += isBuy ? units : -units;
    const side: Side = isBuy ? "buy" : "sell";
    const quantity = m(units).div(100_000);
    return [{ symbol: "X", side, price, quantity, fee: m(fee).div(1e8), time: at, tradeId: at }];
  });
  if (held === 0) return made;
  const last = { symbol: "X", side: "sell", price: m("77.7"), quantity: m(held).div(100_000) } as const;
  return [...made, { ...last, fee: m("0.00000001"), time: steps.length, tradeId: steps.length }];
}

Deno.test("FifoLots always adds up to what was bought, and when flat to what the account realized", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      const lots = new FifoLots();
      const account = new Account(m("1e12"));
      let [spent, closed] = [ZERO, ZERO];
      for (const fill of fillsOf(steps)) {
        account.book(fill);
        const notional = fill.price.times(fill.quantity);
        if (fill.side === "buy") spent = spent.plus(notional).plus(fill.fee);
        for (const { cost, proceeds, fees, profit } of lots.add(fill)) {
          assert(fees.gte(0) && profit.eq(proceeds.minus(cost).minus(fees)));
          closed = closed.plus(proceeds).minus(profit);
        }
        // The fee of the sale is not part of what was spent on buying.
        if (fill.side === "sell") closed = closed.minus(fill.fee);
        const open = lots.open("X").reduce((sum, { cost, fee }) => sum.plus(cost).plus(fee), ZERO);
        assertEquals(plain(closed.plus(open)), plain(spent));
        const held = lots.open("X").reduce((sum, { quantity }) => sum.plus(quantity), ZERO);
        assertEquals(plain(held), plain(account.position));
        lots.check(account.realized);
      }
      assert(lots.isFlat);
      assertEquals(plain(lots.totals.profit), plain(account.realized));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("FifoLots closes units in the order in which they were bought, as counting them one by one does", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 12 }), (steps) => {
      const fills = fillsOf(steps.map((step) => ({ ...step, lots: 1 + step.lots % 7 })));
      const lots = new FifoLots();
      const closed = fills.flatMap((fill) => lots.add(fill));
      const [units, sold]: [LotFill[], LotFill[]] = [[], []];
      for (const fill of fills) {
        for (let n = Number(fill.quantity.times(100_000)); n > 0; n--) {
          (fill.side === "buy" ? units : sold).push(fill);
        }
      }
      const counted = new Map<string, { units: number; cost: Exact; proceeds: Exact }>();
      const unit = Exact.of("0.00001");
      units.forEach((bought, at) => {
        const key = `${bought.tradeId} ${sold[at]!.tradeId}`;
        const before = counted.get(key) ?? { units: 0, cost: Exact.of("0"), proceeds: Exact.of("0") };
        counted.set(key, {
          units: before.units + 1,
          cost: before.cost.plus(Exact.of(plain(bought.price)).times(unit)),
          proceeds: before.proceeds.plus(Exact.of(plain(sold[at]!.price)).times(unit)),
        });
      });
      assertEquals(
        closed.map((lot) => [`${lot.buyTradeId} ${lot.sellTradeId}`, Number(lot.quantity.times(100_000))]),
        [...counted].map(([key, { units }]) => [key, units]),
      );
      [...counted.values()].forEach(({ cost, proceeds }, at) => {
        assertEquals(Exact.of(plain(closed[at]!.cost)).compare(cost), 0);
        assertEquals(Exact.of(plain(closed[at]!.proceeds)).compare(proceeds), 0);
      });
    }),
    { numRuns: 300 },
  );
});
