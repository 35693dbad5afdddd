import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { BooksError } from "../../../src/domain/account/account.ts";
import { Money, plain, ZERO } from "../../../src/domain/numbers/money.ts";
import { ClosedTrips, type NumberedFill } from "../../../src/domain/performance/closed_trips.ts";
import { assertEquals } from "../../support/equals.ts";

/** A fill of 1 unit at a price, with a fee of 1; a sale realizes what it says. */
function fill(
  side: "buy" | "sell",
  price: number,
  more: { symbol?: string; position: number; realized?: number; tradeId: number; cause?: "stop-loss" },
): NumberedFill {
  const { symbol = "BTCUSDT", position, realized, tradeId, ...cause } = more;
  return {
    symbol,
    side,
    price: new Money(price),
    quantity: new Money(1),
    fee: new Money(1),
    position: new Money(position),
    realized: realized === undefined ? null : new Money(realized),
    time: tradeId * 1_000_000,
    tradeId,
    ...cause,
  };
}

Deno.test("ClosedTrips returns a trip with the sale that empties the position, however many fills it had", () => {
  const trips = new ClosedTrips();
  assertEquals(trips.add(fill("buy", 100, { position: 1, tradeId: 1 })), null);
  assertEquals(trips.add(fill("buy", 110, { position: 2, tradeId: 2 })), null);
  assertEquals(trips.add(fill("sell", 120, { position: 1, tradeId: 5, realized: 13 })), null);
  assertEquals(trips.isFlat, false);
  const trip = trips.add(fill("sell", 130, { position: 0, tradeId: 9, realized: 23, cause: "stop-loss" }));
  assertEquals(trip, {
    number: 1,
    symbol: "BTCUSDT",
    opened: 1_000_000,
    closed: 9_000_000,
    quantity: new Money(2),
    cost: new Money(210),
    proceeds: new Money(250),
    fees: new Money(4),
    profit: new Money(36),
    fills: 4,
    cause: "stop-loss",
    buyTradeId: 1,
    sellTradeId: 9,
  });
  assertEquals(trips.isFlat, true);
  trips.check(new Money(36));
  assertThrows(() => trips.check(new Money(35)), BooksError, "all round trips is 36, expected 35");
});

Deno.test("ClosedTrips keeps the trips of different symbols apart, and counts what open ones realized", () => {
  const trips = new ClosedTrips();
  trips.add(fill("buy", 100, { position: 1, tradeId: 1 }));
  trips.add(fill("buy", 10, { symbol: "ETHUSDT", position: 2, tradeId: 2 }));
  trips.add(fill("sell", 12, { symbol: "ETHUSDT", position: 1, tradeId: 3, realized: 4 }));
  assertEquals(trips.add(fill("sell", 100, { position: 0, tradeId: 4, realized: -2 }))?.symbol, "BTCUSDT");
  trips.check(new Money(2));
});

Deno.test("ClosedTrips throws if a trip's profit is not what was realized, or if it sold another quantity", () => {
  const wrong = new ClosedTrips();
  wrong.add(fill("buy", 100, { position: 1, tradeId: 1 }));
  assertThrows(
    () => wrong.add(fill("sell", 105, { position: 0, tradeId: 2, realized: 4 })),
    BooksError,
    "the profit of the round trip from trade 1 to trade 2 is 3, expected 4",
  );
  const short = new ClosedTrips();
  assertThrows(
    () => short.add(fill("sell", 105, { position: 0, tradeId: 2, realized: 4 })),
    BooksError,
    "what was sold at trade 2 without a position is 1, expected 0",
  );
  short.add(fill("buy", 100, { position: 1, tradeId: 3 }));
  short.add(fill("buy", 100, { position: 2, tradeId: 4 }));
  assertThrows(
    () => short.add(fill("sell", 105, { position: 0, tradeId: 5, realized: 4 })),
    BooksError,
    "what was sold in the round trip from trade 3 to trade 5 is 1, expected 2",
  );
});

Deno.test("ClosedTrips adds up: the profits of all trips are the sum of what their sales realized", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1 }), fc.integer({ min: 1 }))), (prices) => {
      const trips = new ClosedTrips();
      let sum = ZERO;
      prices.forEach(([bought, sold], at) => {
        trips.add(fill("buy", bought, { position: 1, tradeId: 2 * at }));
        const profit = new Money(sold).minus(bought).minus(2);
        sum = sum.plus(profit);
        trips.add({
          ...fill("sell", sold, { position: 0, tradeId: 2 * at + 1 }),
          realized: profit,
        });
      });
      trips.check(sum);
      assertEquals([trips.totals.count, plain(trips.totals.profit)], [prices.length, plain(sum)]);
    }),
    { numRuns: 50 },
  );
});
