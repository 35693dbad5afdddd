import { assertEquals } from "@std/assert";
import { Money, ZERO } from "../../../src/domain/numbers/money.ts";
import { KEPT_OF_EACH } from "../../../src/domain/performance/kept_trips.ts";
import { TripLog } from "../../../src/domain/performance/trip_log.ts";
import { returnClass } from "../../../src/domain/performance/trip_totals.ts";
import type { Fill } from "../../../src/domain/orders/fill.ts";

const HOUR = 3_600_000_000;
/** Thursday, 2 January 2025, 00:00 UTC. */
const START = Date.UTC(2025, 0, 2) * 1000;

function fill(
  side: "buy" | "sell",
  price: string,
  quantity: string,
  fee: string,
  rest: Partial<Fill> = {},
): Fill {
  return {
    kind: "fill",
    side,
    price: new Money(price),
    quantity: new Money(quantity),
    fee: new Money(fee),
    cash: ZERO,
    position: side === "buy" ? new Money(quantity) : ZERO,
    tradeId: 1,
    signalTradeId: 1,
    realized: null,
    ...rest,
  };
}

Deno.test("TripLog.add() makes one trip of a purchase and the sales that end it, exact to the last digit", () => {
  const log = new TripLog();
  log.add(fill("buy", "100", "2", "0.2"), START);
  log.mark(-1, 5);
  log.mark(-3, 2);
  log.add(
    fill("sell", "110", "1", "0.11", { position: new Money(1), realized: new Money("9.79") }),
    START + HOUR,
  );
  log.add(
    fill("sell", "90", "1", "0.09", { realized: new Money("-10.19"), cause: "stop-loss" }),
    START + 2 * HOUR,
  );
  const { count, kept, byHour, byWeekday, byMonth } = log.trips();
  assertEquals(count, 1);
  assertEquals(kept, [{
    number: 1,
    entryTime: START,
    exitTime: START + 2 * HOUR,
    entryPrice: 100,
    exitPrice: 100,
    quantity: "2",
    cost: "200.2",
    fees: "0.4",
    profit: "-0.4",
    best: 5,
    worst: -3,
    cause: "stop-loss",
  }]);
  const totals = { count: 1, wins: 0, profit: "-0.4" };
  assertEquals([...byHour, ...byWeekday, ...byMonth], [[2, totals], [4, totals], ["2025-01", totals]]);
});

Deno.test("TripLog keeps the last, the best and the worst of many trips, and totals of all", () => {
  const log = new TripLog();
  const profits = Array.from({ length: 9 * KEPT_OF_EACH }, (_, at) => (at * 7919) % 10_007 - 5_000);
  for (const [at, profit] of profits.entries()) {
    log.add(fill("buy", "100", "100", "0"), START + at);
    log.add(fill("sell", "100", "100", "0", { realized: new Money(profit) }), START + at);
  }
  const { count, kept, byMonth, byReturn } = log.trips();
  const numbers = profits.map((profit, at) => ({ profit, number: at + 1 }));
  const last = numbers.slice(-KEPT_OF_EACH);
  const others = numbers.slice(0, -KEPT_OF_EACH).toSorted((a, b) =>
    a.profit - b.profit || a.number - b.number
  );
  const expected = [...others.slice(0, KEPT_OF_EACH), ...others.slice(-KEPT_OF_EACH), ...last]
    .map(({ number }) => number).toSorted((a, b) => a - b);
  assertEquals(count, profits.length);
  assertEquals(kept.map(({ number }) => number), expected);
  const sum = profits.reduce((total, profit) => total + profit, 0);
  const wins = profits.filter((profit) => profit > 0).length;
  assertEquals([...byMonth], [["2025-01", { count, wins, profit: String(sum) }]]);
  assertEquals([...byReturn.values()].reduce((total, { count }) => total + count, 0), count);
});

Deno.test("returnClass() counts the limits at or below a return", () => {
  assertEquals([-1, -0.05, -0.0001, 0, 0.0005, 0.9].map(returnClass), [0, 1, 6, 7, 7, 13]);
});

Deno.test("TripLog keeps amounts exactly that no double holds", () => {
  const log = new TripLog();
  const profit = "-0.123456789012345678901234567";
  log.add(fill("buy", "60000.01", "123456.78901234", "7407407.97"), START);
  log.add(
    fill("sell", "60000.02", "123456.78901234", "7407408.21", { realized: new Money(profit) }),
    START + 5,
  );
  log.add(fill("buy", "2", "1", "0"), START + 6);
  log.add(fill("sell", "3", "1", "0", { realized: new Money(1) }), START + 7);
  const [large, small] = log.trips().kept;
  assertEquals([large!.profit, large!.fees, large!.quantity], [profit, "14814816.18", "123456.78901234"]);
  assertEquals([small!.profit, small!.cost, small!.entryTime], ["1", "2", START + 6]);
});
