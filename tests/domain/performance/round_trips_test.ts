import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { Account } from "../../../src/domain/account/account.ts";
import type { Fill } from "../../../src/domain/orders/fill.ts";
import { Money, plain, ZERO } from "../../../src/domain/numbers/money.ts";
import { RoundTrips, type RoundTripTotals } from "../../../src/domain/performance/round_trips.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

const m = (amount: string | number) => new Money(amount);

/** Totals with amounts as text. */
function shown(totals: RoundTripTotals) {
  return Object.fromEntries(
    Object.entries(totals).map((
      [name, value],
    ) => [name, value instanceof Money ? plain(value) : value]),
  );
}

/** A fill with the fields that round trips need. */
function fill(over: Partial<Fill>): Fill {
  return {
    kind: "fill",
    side: "buy",
    price: m(100),
    quantity: m(1),
    fee: ZERO,
    cash: ZERO,
    position: m(1),
    tradeId: 7,
    signalTradeId: 7,
    realized: null,
    ...over,
  };
}

const buy = () => fill({});
const sell = (realized: string) => fill({ side: "sell", position: ZERO, realized: m(realized) });
const sellPart = (realized: string) => fill({ side: "sell", position: m("0.5"), realized: m(realized) });

Deno.test("RoundTrips adds up the profits of round trips, as computed by hand", () => {
  const trips = new RoundTrips();
  const profits = ["5", "2.5", "-1", "0", "4", "-2", "-3", "-0.5", "1"];
  // Opened at 0, 100, 200, … µs and held for 10, 20, 30, … µs.
  profits.forEach((profit, i) => {
    trips.add(buy(), i * 100);
    trips.add(sell(profit), i * 100 + (i + 1) * 10);
  });
  assertEquals(shown(trips.totals(5_000)), {
    count: 9,
    wins: 4, // 5, 2.5, 4, 1
    losses: 4, // -1, -2, -3, -0.5
    breakEven: 1,
    grossProfit: "12.5",
    grossLoss: "-6.5",
    squares: "62.5", // 25 + 6.25 + 1 + 0 + 16 + 4 + 9 + 0.25 + 1
    largestWin: "5",
    largestLoss: "-3",
    longestWinningStreak: 2, // 5, 2.5
    longestLosingStreak: 3, // -2, -3, -0.5
    holding: { shortest: 10, total: 450, longest: 90 }, // 10 + 20 + … + 90
    timeInMarket: 450,
  });
});

Deno.test("RoundTrips has nothing before the first round trip closes", () => {
  const trips = new RoundTrips();
  const none = trips.totals(0);
  assertEquals([none.count, none.largestWin, none.largestLoss, none.holding], [0, null, null, null]);
  trips.add(buy(), 1_000);
  const open = trips.totals(1_600);
  assertEquals([open.count, open.holding, open.timeInMarket], [0, null, 600]);
});

Deno.test("RoundTrips counts several buys and sales from flat to flat as one", () => {
  const trips = new RoundTrips();
  trips.add(buy(), 100);
  trips.add(buy(), 200);
  trips.add(sellPart("3"), 300);
  assertEquals(trips.totals(350).count, 0);
  trips.add(buy(), 400);
  trips.add(sell("-1"), 500);
  const { count, wins, grossProfit, holding } = trips.totals(900);
  assertEquals([count, wins, plain(grossProfit)], [1, 1, "2"]);
  assertEquals(holding, { shortest: 400, total: 400, longest: 400 });
});

Deno.test("RoundTrips lets a break-even round trip end a streak of either kind", () => {
  const streaks = (...profits: string[]) => {
    const trips = new RoundTrips();
    for (const profit of profits) {
      trips.add(buy(), 0);
      trips.add(sell(profit), 0);
    }
    const { longestWinningStreak, longestLosingStreak } = trips.totals(0);
    return [longestWinningStreak, longestLosingStreak];
  };
  assertEquals(streaks("1", "1", "0", "1"), [2, 0]);
  assertEquals(streaks("-1", "0", "-1", "-1"), [0, 2]);
  assertEquals(streaks("-1", "1", "-1", "1"), [1, 1]);
});

Deno.test("RoundTrips counts no time if the trades' times go back", () => {
  const trips = new RoundTrips();
  trips.add(buy(), 1_000);
  trips.add(sell("1"), 900);
  trips.add(buy(), 2_000);
  const { holding, timeInMarket } = trips.totals(1_900);
  assertEquals([holding, timeInMarket], [{ shortest: 0, total: 0, longest: 0 }, 0]);
});

Deno.test("RoundTrips.add() refuses impossible sales", () => {
  assertThrows(() => new RoundTrips().add(sell("1"), 0), TypeError, "no position before it");
  const trips = new RoundTrips();
  trips.add(buy(), 0);
  const withoutProfit = fill({ side: "sell", position: ZERO });
  assertThrows(() => trips.add(withoutProfit, 0), TypeError, "the one at trade 7 has no realized profit");
});

/** One order: prices and fees in units of the last decimal, times in µs after the one before. */
interface Order {
  readonly price: number;
  readonly quantity: number;
  readonly fee: number;
  /** What to do with an open position; without one the order is always a buy. */
  readonly then: "buy" | "sell part" | "sell";
  readonly wait: number;
}

const order: fc.Arbitrary<Order> = fc.record({
  // Prices close together, so that some round trips break even.
  price: fc.integer({ min: 9_999, max: 10_001 }),
  quantity: fc.integer({ min: 1, max: 99_999 }),
  fee: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(99) }),
  then: fc.constantFrom("buy", "sell part", "sell", "sell", "sell"),
  wait: fc.integer({ min: -50, max: 1_000 }),
});

interface Booked {
  readonly side: "buy" | "sell";
  readonly quantity: Exact;
  /** Received less paid, the fee included. */
  readonly flow: Exact;
  readonly time: number;
}

/** The totals from a list of everything, sharing no code with the program. */
function naive(booked: readonly Booked[], lastTime: number) {
  const zero = new Exact(0n);
  const sum = (list: readonly Exact[]) => list.reduce((total, amount) => total.plus(amount), zero);
  const trips: Booked[][] = [];
  let position = zero;
  for (const item of booked) {
    if (position.isZero()) trips.push([]);
    trips.at(-1)!.push(item);
    position = item.side === "buy" ? position.plus(item.quantity) : position.minus(item.quantity);
  }
  const open = position.isZero() ? undefined : trips.pop();
  const profits = trips.map((trip) => sum(trip.map(({ flow }) => flow)));
  const held = trips.map((trip) => Math.max(0, trip.at(-1)!.time - trip[0]!.time));
  const sorted = [...profits].sort((a, b) => a.compare(b));
  const signs = profits.map((profit) => Math.sign(profit.compare(zero)));
  const longest = (sign: number) =>
    Math.max(
      0,
      ...signs.map((_, from) => {
        const end = signs.findIndex((other, at) => at >= from && other !== sign);
        return (end < 0 ? signs.length : end) - from;
      }),
    );
  const wins = sorted.filter((profit) => profit.compare(zero) > 0);
  const losses = sorted.filter((profit) => profit.compare(zero) < 0);
  const openTime = open === undefined ? 0 : Math.max(0, lastTime - open[0]!.time);
  return {
    count: profits.length,
    wins: wins.length,
    losses: losses.length,
    breakEven: profits.length - wins.length - losses.length,
    grossProfit: sum(wins).toString(),
    grossLoss: sum(losses).toString(),
    squares: sum(profits.map((profit) => profit.times(profit))).toString(),
    largestWin: wins.at(-1)?.toString() ?? null,
    largestLoss: losses[0]?.toString() ?? null,
    longestWinningStreak: longest(1),
    longestLosingStreak: longest(-1),
    holding: profits.length === 0 ? null : {
      shortest: Math.min(...held),
      total: held.reduce((total, time) => total + time, 0),
      longest: Math.max(...held),
    },
    timeInMarket: held.reduce((total, time) => total + time, openTime),
  };
}

Deno.test("RoundTrips agrees with a list of all fills, to the last digit", () => {
  let brokeEven = 0;
  fc.assert(
    fc.property(
      fc.array(order, { minLength: 1, maxLength: 60, size: "max" }),
      fc.nat(5_000),
      (orders, after) => {
        const account = new Account(m("1e12"));
        const trips = new RoundTrips();
        const booked: Booked[] = [];
        let time = 1_000_000;
        for (const [tradeId, { price, quantity, fee, then, wait }] of orders.entries()) {
          time += wait;
          const side = account.position.isZero() ? "buy" : then === "buy" ? "buy" : "sell";
          const whole = BigInt(account.position.times("1e5").toString());
          const part = then === "sell" || whole < 2n ? whole : whole / 3n + 1n;
          const units = new Exact(side === "buy" ? BigInt(quantity) : part, 5);
          const paid = new Exact(BigInt(fee), 2);
          const notional = new Exact(BigInt(price), 2).times(units);
          const booking = {
            side,
            price: m(price).div(100),
            quantity: m(units.toString()),
            fee: m(paid.toString()),
            tradeId,
          } as const;
          const realized = account.book(booking);
          const { cash, position } = account;
          trips.add({ kind: "fill", ...booking, cash, position, signalTradeId: tradeId, realized }, time);
          const flow = side === "buy" ? new Exact(0n).minus(notional).minus(paid) : notional.minus(paid);
          booked.push({ side, quantity: units, flow, time });
        }
        const expected = naive(booked, time + after);
        brokeEven += expected.breakEven;
        assertEquals(shown(trips.totals(time + after)), expected);
      },
    ),
    { numRuns: 300 },
  );
  // Some round trips broke even, so the rule for those was tested too.
  assertEquals(brokeEven > 0, true);
});
