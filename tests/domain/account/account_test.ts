import { assert, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Account, BooksError } from "../../../src/domain/account/account.ts";
import type { Booking } from "../../../src/domain/account/booking.ts";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

const m = (amount: string) => new Money(amount);

function booking(side: "buy" | "sell", price: string, quantity: string, fee: string, tradeId = 1): Booking {
  return { side, price: m(price), quantity: m(quantity), fee: m(fee), tradeId };
}

/** The account's figures as text. */
function figures({ cash, position, fees, realized, cost }: Account): Record<string, string> {
  return {
    cash: plain(cash),
    position: plain(position),
    fees: plain(fees),
    realized: plain(realized),
    cost: plain(cost),
  };
}

/** Books a fill that must fail, and returns the error's message. */
function booksError(account: Account, made: Booking): string {
  const error = assertThrows(() => account.book(made), BooksError);
  assertEquals(error.name, "BooksError");
  return error.message;
}

Deno.test("Account opens with its cash and nothing else", () => {
  const account = new Account(m("10000"));
  assertEquals(figures(account), { cash: "10000", position: "0", fees: "0", realized: "0", cost: "0" });
  assertEquals(plain(account.start), "10000");
  assertEquals(plain(account.equity(m("61607.85"))), "10000");
});

Deno.test("Account.book() takes price × quantity + fee for a buy and gives price × quantity − fee for a sale", () => {
  const account = new Account(m("10000"));
  assertEquals(account.book(booking("buy", "61607.85", "0.01623", "0.99989541")), null);
  assertEquals(figures(account), {
    cash: "8999.10469909",
    position: "0.01623",
    fees: "0.99989541",
    realized: "0",
    cost: "1000.89530091",
  });
  assertEquals(plain(account.equity(m("60000"))), "9972.90469909");
  const realized = account.book(booking("sell", "61700", "0.01623", "1.001391"));
  assertEquals(plain(realized!), "-0.50569191");
  assertEquals(figures(account), {
    cash: "9999.49430809",
    position: "0",
    fees: "2.00128641",
    realized: "-0.50569191",
    cost: "0",
  });
});

Deno.test("Account.book() gives a part of the position its share of the cost, at average cost", () => {
  const account = new Account(m("1000"));
  account.book(booking("buy", "10", "10", "1"));
  account.book(booking("buy", "20", "10", "2"));
  assertEquals(plain(account.cost), "303");
  // 5 of 20 cost 75.75.
  assertEquals(plain(account.book(booking("sell", "30", "5", "1.5"))!), "72.75");
  assertEquals(plain(account.cost), "227.25");
  assertEquals(plain(account.book(booking("sell", "10", "15", "1.5"))!), "-78.75");
  assertEquals(figures(account), { cash: "994", position: "0", fees: "6", realized: "-6", cost: "0" });
});

Deno.test("Account.book() keeps the books balanced when a share of the cost has endless decimals", () => {
  const account = new Account(m("1000"));
  account.book(booking("buy", "100.1", "3", "0.3003"));
  account.book(booking("sell", "100.2", "1", "0.1002"));
  account.book(booking("sell", "100.3", "0.001", "0.0001003"));
  account.book(booking("buy", "0.00007", "0.7", "0.00000005"));
  account.book(booking("sell", "101", "0.013", "0.001313"));
  account.book(booking("sell", "101", "2.686", "0.271286"));
  assertEquals(plain(account.position), "0");
  assertEquals(plain(account.cost), "0");
});

Deno.test("Account.reserve() takes from what is free, and the next booking checks that it is still there", () => {
  const account = new Account(m("1000"));
  account.reserve(m("400"), m("0"));
  account.book(booking("buy", "10", "10", "0"));
  assertEquals([plain(account.freeCash), plain(account.cash)], ["500", "900"]);
  account.reserve(m("0"), m("4"));
  account.book(booking("sell", "10", "6", "0"));
  assertEquals([plain(account.freePosition), plain(account.position)], ["0", "4"]);
  const again = new Account(m("1"));
  again.restore(JSON.parse(JSON.stringify(account.snapshot())));
  assertEquals([plain(again.freePosition), plain(again.freeCash)], ["0", "960"]);
  assertStringIncludes(
    booksError(account, booking("sell", "10", "1", "0")),
    "free position is -1, expected 0",
  );
  account.reserve(m("1000"), m("0"));
  assertStringIncludes(booksError(account, booking("buy", "1", "1", "0")), "free cash is ");
});

Deno.test("Account.book() equals an exact reference over random buys and sales of everything", () => {
  const amount = (decimals: number, most: bigint) =>
    fc.bigInt(1n, most).map((units) => new Exact(units, decimals).toString());
  const trade = fc.record({
    price: amount(8, 10n ** 15n),
    quantity: amount(8, 10n ** 23n),
    fee: amount(8, 10n ** 14n),
    sells: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(trade, { minLength: 1, maxLength: 20 }), (trades) => {
      const start = "1000000000000000000000000000";
      const account = new Account(m(start));
      let cash = Exact.of(start),
        position = new Exact(0n),
        fees = position,
        cost = position,
        realized = position;
      for (const { price, quantity, fee, sells } of trades) {
        const due = Exact.of(fee);
        const side = sells && !position.isZero() ? "sell" : "buy";
        const traded = side === "sell" ? position : Exact.of(quantity);
        const notional = Exact.of(price).times(traded);
        const profit = account.book(booking(side, price, traded.toString(), fee));
        fees = fees.plus(due);
        if (side === "buy") {
          cash = cash.minus(notional).minus(due);
          cost = cost.plus(notional).plus(due);
          position = position.plus(traded);
          assertEquals(profit, null);
        } else {
          const expected = notional.minus(due).minus(cost);
          assertEquals(plain(profit!), expected.toString());
          cash = cash.plus(notional).minus(due);
          realized = realized.plus(expected);
          position = cost = new Exact(0n);
        }
        const expected = { cash, position, fees, realized, cost };
        const texts = Object.entries(expected).map(([name, value]) => [name, value.toString()]);
        assertEquals(figures(account), Object.fromEntries(texts));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("Account.book() never finds its books unbalanced over random sales of parts", () => {
  const trade = fc.record({
    cents: fc.integer({ min: 1, max: 10_000_000 }),
    lots: fc.integer({ min: 1, max: 1_000_000 }),
    sells: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(trade, { minLength: 1, maxLength: 20 }), (trades) => {
      const account = new Account(m("1000000000000"));
      for (const { cents, lots, sells } of trades) {
        const lot = m("0.00001");
        const side = sells && !account.position.isZero() ? "sell" : "buy";
        const quantity = side === "buy" ? lot.times(lots) : Money.min(account.position, lot.times(lots));
        account.book({ side, price: m("0.01").times(cents), quantity, fee: m("0.00000001"), tradeId: 1 });
        assert(account.cost.gte(0));
        if (account.position.isZero()) assertEquals(plain(account.cost), "0");
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("Account.book() throws a BooksError on a sale of more than the position", () => {
  const account = new Account(m("10000"));
  account.book(booking("buy", "100", "2", "0.2", 41));
  const message = booksError(account, booking("sell", "100", "3", "0.3", 42));
  assertStringIncludes(
    message,
    "The books do not balance: position is -1, expected 0. This is a defect in Penstock",
  );
  assertStringIncludes(message, "  trade 41: position 2\n");
  assertStringIncludes(message, "  trade 42: position -3");
});

Deno.test("Account.book() throws a BooksError on a sale without a position", () => {
  const message = booksError(new Account(m("10000")), booking("sell", "100", "3", "0.3"));
  assertStringIncludes(message, "position is -3, expected 0");
});

Deno.test("Account.book() throws a BooksError on spending more than the cash, by one unit or by far", () => {
  const spend = (price: string) => booksError(new Account(m("1000")), booking("buy", price, "1", "1"));
  assertStringIncludes(spend("999.00000001"), "The books do not balance: cash is -0.00000001, expected 0.");
  assertStringIncludes(spend("5000"), "The books do not balance: cash is -4001, expected 0.");
  const account = new Account(m("1000"));
  account.book(booking("buy", "999", "1", "1"));
  assertEquals(plain(account.cash), "0");
});

Deno.test("Account.book() throws a BooksError on an amount that is not a number", () => {
  const message = booksError(new Account(m("1000")), booking("buy", "1", "1", "NaN"));
  assertStringIncludes(message, "is NaN");
});

Deno.test("BooksError shows the last ten postings, the newest last", () => {
  const account = new Account(m("10000"));
  for (let tradeId = 1; tradeId <= 3; tradeId++) account.book(booking("buy", "1", "1", "0", tradeId));
  const lines = booksError(account, booking("buy", "1000000", "1", "0", 4)).split("\n").slice(1);
  assertEquals(lines.length, 10);
  assertEquals(lines[0], "  trade 3: market quote 1");
  assertEquals(lines[6], "  trade 4: cash -1000000");
  assertEquals(lines[9], "  trade 4: position 1");
});

Deno.test("Account.canPay() is true up to the last digit of the cash", () => {
  const account = new Account(m("10.00000001"));
  assertEquals(account.canPay(m("10.00000001")), true);
  assertEquals(account.canPay(m("10.000000010000000001")), false);
});
