import { assert, assertGreater } from "@std/assert";
import fc from "fast-check";
import { Account } from "../../src/domain/account/account.ts";
import { Money, plain } from "../../src/domain/numbers/money.ts";
import { Order } from "../../src/domain/orders/order.ts";
import type { Quote } from "../../src/domain/orders/quote.ts";
import type { Fill } from "../../src/domain/orders/fill.ts";
import { type FoundBreach, OrderChecks } from "../../src/domain/risk/checks/order_checks.ts";
import type { TradingParameters } from "../../src/domain/risk/trading_parameters.ts";
import { PaperExchange } from "../../src/stages/paper_exchange.ts";
import type { ApprovedOrder } from "../../src/stages/risk.ts";
import { tickOf } from "../support/ticks.ts";
import { DEFAULTS, tradingParametersOf } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reference.ts";
import { assertEquals } from "../support/equals.ts";

const m = (amount: string) => new Money(amount);
const orderTo = (side: "buy" | "sell") => new Order({ side, signalTradeId: 1, due: 0 });
const PRICE_DECIMALS = 8;

/** The paper exchange of an account, and the gate's checks of what it quotes. */
class CheckedExchange {
  readonly exchange: PaperExchange;
  readonly #checks: OrderChecks;

  constructor(parameters: TradingParameters, account: Account) {
    this.exchange = new PaperExchange(parameters, account);
    this.#checks = new OrderChecks(parameters, account);
  }

  /** What an order trades at a price, or why it may not; the trade has this quantity, whole units. */
  quote(order: Order, price: string, quantity = 1): Quote | FoundBreach {
    const units = Number(m(price).times(10 ** PRICE_DECIMALS).toFixed());
    const quote = this.exchange.quote(order, tickOf({ price: units, decimals: PRICE_DECIMALS, quantity }));
    return this.#checks.judgeQuote(order, quote) ?? quote;
  }

  /** Fills an order at a price, as if the gate had approved it. */
  fill(order: Order, price: string, quantity?: number): Fill | null {
    const quote = this.quote(order, price, quantity);
    assert(!("reason" in quote), "refused");
    return this.exchange.fill({ kind: "approved", order, quote } as unknown as ApprovedOrder, 1);
  }
}

/**
 * Sizes an order under the defaults and what is `changed`; amounts as text. A position is bought for nothing
 * first.
 */
function sized(
  side: "buy" | "sell",
  price: string,
  changed: Partial<Choices> & { readonly position?: string } = {},
): Record<string, string> {
  const { position = "0", ...choices } = changed;
  const parameters = tradingParametersOf({ ...DEFAULTS, ...choices });
  const account = new Account(parameters.cash);
  if (position !== "0") {
    account.book({ side: "buy", price: m("0"), quantity: m(position), fee: m("0"), tradeId: 1 });
  }
  const order = new CheckedExchange(parameters, account).quote(orderTo(side), price);
  return "reason" in order
    ? { reason: order.reason, limit: order.limit, value: order.value }
    : { price: plain(order.price), quantity: plain(order.quantity), fee: plain(order.fee) };
}

Deno.test("PaperExchange.quote() buys for the stake in whole lots, with the fee rounded up", () => {
  assertEquals(sized("buy", "61607.85"), { price: "61607.85", quantity: "0.01623", fee: "0.99989541" });
  assertEquals(sized("buy", "61607.85", { lot: "0.001" }), {
    price: "61607.85",
    quantity: "0.016",
    fee: "0.9857256",
  });
});

Deno.test("PaperExchange.quote() buys for the cash less the fee, if that is below the stake", () => {
  assertEquals(sized("buy", "10", { cash: "500.5", lot: "1" }), { price: "10", quantity: "50", fee: "0.5" });
  assertEquals(sized("buy", "10", { cash: "500.49", lot: "1" }), {
    price: "10",
    quantity: "49",
    fee: "0.49",
  });
});

Deno.test("PaperExchange.quote() sells the whole position, even if it is not a whole number of lots", () => {
  const order = sized("sell", "100", { position: "0.123456789" });
  assertEquals(order, { price: "100", quantity: "0.123456789", fee: "0.01234568" });
});

Deno.test("PaperExchange.quote() quotes the price moved by slippage", () => {
  assertEquals(sized("buy", "100", { slippage: "100", lot: "1" }), {
    price: "101",
    quantity: "9",
    fee: "0.909",
  });
  const sale = sized("sell", "100", { slippage: "100", position: "2" });
  assertEquals(sale, { price: "99", quantity: "2", fee: "0.198" });
});

Deno.test("OrderChecks.judgeQuote() turns down a buy that would make the position worth more than allowed", () => {
  const more = sized("buy", "100", { lot: "1", maxPosition: "1199", position: "2" });
  assertEquals(more, { reason: "max-position", limit: "1199", value: "1200" });
  assertEquals(sized("buy", "100", { lot: "1", maxPosition: "1200", position: "2" }).quantity, "10");
  // A sale makes the position smaller, however large it is.
  assertEquals(sized("sell", "100", { maxPosition: "1", position: "2" }).quantity, "2");
});

Deno.test("PaperExchange.quote() gives the share of a trade's quantity in whole lots, or all without a limit", () => {
  const quantityUnder = (choices: Partial<Choices>) => {
    const parameters = tradingParametersOf({ ...DEFAULTS, stake: "100", ...choices });
    const quote = new CheckedExchange(parameters, new Account(parameters.cash)).quote(
      orderTo("buy"),
      "10",
      7,
    );
    assert("quantity" in quote);
    return [plain(quote.quantity), plain(quote.whole)];
  };
  assertEquals(quantityUnder({ participation: "0.1", lot: "0.05" }), ["0.7", "10"]);
  assertEquals(quantityUnder({ participation: "0.033", lot: "0.01" }), ["0.23", "10"]);
  assertEquals(quantityUnder({ participation: "0.1", lot: "1" }), ["0", "10"]);
  assertEquals(quantityUnder({}), ["10", "10"]);
});

Deno.test("PaperExchange shares the volume of a trade among the orders that fill at it", () => {
  const parameters = tradingParametersOf({ ...DEFAULTS, lot: "1", participation: "1" });
  const exchange = new PaperExchange(parameters, new Account(parameters.cash));
  const trade = tickOf({ price: 100, quantity: 14 });
  const quantities = [orderTo("buy"), orderTo("buy")].map((order) => {
    const quote = exchange.quote(order, trade);
    exchange.fill({ kind: "approved", order, quote } as unknown as ApprovedOrder, trade.id);
    return plain(quote.quantity);
  });
  assertEquals(quantities, ["10", "4"]);
  assertEquals(plain(exchange.quote(orderTo("buy"), trade).quantity), "0");
  assertEquals(plain(exchange.quote(orderTo("buy"), tickOf({ quantity: 3 })).quantity), "3");
});

Deno.test("PaperExchange.fill() fills an order over several trades, and the minimum applies to the whole of it", () => {
  const parameters = tradingParametersOf({ ...DEFAULTS, lot: "1", minNotional: "500", participation: "1" });
  const account = new Account(parameters.cash);
  const exchange = new CheckedExchange(parameters, account);
  const order = orderTo("buy");
  const first = exchange.fill(order, "100", 3);
  assertEquals([first?.partial, first && plain(first.quantity), first && plain(first.fee)], [
    true,
    "3",
    "0.3",
  ]);
  // Of the stake 700 are left, and their fee.
  assertEquals(plain(account.cash.minus(account.freeCash)), "700.7");
  assertEquals(exchange.fill(order, "140", 0), null);
  const second = exchange.fill(order, "140", 99);
  assertEquals([second && plain(second.quantity), second?.partial], ["5", undefined]);
  assertEquals([second?.filled, second?.averagePrice], ["8", "125"]);
  assertEquals(account.freeCash, account.cash);
  assertEquals(exchange.quote(order, "140", 99), { reason: "lot", limit: "140", value: "0" });
});

Deno.test("PaperExchange.cancel() frees what the rest of an order needed, and nothing that another one needs", () => {
  const parameters = tradingParametersOf({ ...DEFAULTS, lot: "1", participation: "1" });
  const account = new Account(parameters.cash);
  const checked = new CheckedExchange(parameters, account);
  const order = orderTo("buy");
  checked.fill(order, "100", 3);
  checked.exchange.cancel(orderTo("buy"));
  assertEquals(plain(account.cash.minus(account.freeCash)), "700.7");
  checked.exchange.cancel(order);
  assertEquals(plain(account.cash.minus(account.freeCash)), "0");
});

Deno.test("OrderChecks.judgeQuote() turns down a notional below the minimum, and takes one that equals it", () => {
  const below = sized("sell", "100", { position: "0.04999" });
  assertEquals(below, { reason: "min-notional", limit: "5", value: "4.999" });
  assertEquals(sized("sell", "100", { position: "0.05" }).quantity, "0.05");
  assertEquals(sized("buy", "10", { cash: "4", lot: "0.1" }), {
    reason: "min-notional",
    limit: "5",
    value: "3",
  });
});

Deno.test("OrderChecks.judgeQuote() turns down a sale without a position", () => {
  assertEquals(sized("sell", "100"), { reason: "no-position", limit: "0.00001", value: "0" });
});

Deno.test("OrderChecks.judgeQuote() distinguishes a lot beyond the stake from a lot beyond the cash", () => {
  assertEquals(sized("buy", "2000", { lot: "1" }), { reason: "lot", limit: "2000", value: "1000" });
  const poor = sized("buy", "2000", { lot: "1", cash: "2001" });
  assertEquals(poor, { reason: "funds", limit: "2002", value: "2001" });
  // With exactly the lot's price and fee in cash, it is the stake that is too small.
  assertEquals(sized("buy", "2000", { lot: "1", cash: "2002" }).reason, "lot");
});

Deno.test("OrderChecks.judgeQuote() turns down a buy whose rounded fee would exceed the cash", () => {
  // 10^-8 × (1 + 0.001) is covered by the cash, but the fee is rounded up to 10^-8.
  const order = sized("buy", "0.00000001", { lot: "1", cash: "0.00000001001", minNotional: "0" });
  assertEquals(order, { reason: "funds", limit: "0.00000002", value: "0.00000001001" });
});

Deno.test("OrderChecks.judgeQuote() turns down a sale at a price of 0, whatever the minimum", () => {
  const order = sized("sell", "1", { slippage: "1", tick: "5", position: "2", minNotional: "0" });
  assertEquals(order, { reason: "min-notional", limit: "0", value: "0" });
});

Deno.test("OrderChecks.judgeQuote() turns down a sale whose fee is more than it brings in and the cash together", () => {
  const tiny = { position: "0.00001", minNotional: "0" };
  assertEquals(sized("sell", "0.0002", { ...tiny, cash: "0.00000001" }).fee, "0.00000001");
  const broke = new Account(new Money("0"));
  broke.book({ side: "buy", price: m("0"), quantity: m("0.00001"), fee: m("0"), tradeId: 1 });
  const parameters = tradingParametersOf({ ...DEFAULTS, minNotional: "0" });
  assertEquals(new CheckedExchange(parameters, broke).quote(orderTo("sell"), "0.0002"), {
    reason: "funds",
    limit: "0.000000008",
    value: "0",
  });
});

/** Sizes an order like `sized`, under these limits of the instrument. */
function limited(
  limits: Partial<Record<"minQuantity" | "maxQuantity" | "maxNotional", string>>,
  ...[side, price, { position = "0", ...choices } = {}]: Parameters<typeof sized>
): Record<string, string> {
  const amounts = Object.entries(limits).map(([name, text]) => [name, m(text)]);
  const parameters = { ...tradingParametersOf({ ...DEFAULTS, ...choices }), ...Object.fromEntries(amounts) };
  const account = new Account(parameters.cash);
  if (position !== "0") {
    account.book({ side: "buy", price: m("0"), quantity: m(position), fee: m("0"), tradeId: 1 });
  }
  const order = new CheckedExchange(parameters, account).quote(orderTo(side), price);
  return "reason" in order
    ? { reason: order.reason, limit: order.limit, value: order.value }
    : { quantity: plain(order.quantity) };
}

Deno.test("OrderChecks.judgeQuote() turns down a quantity below the smallest, and says what that costs", () => {
  const least = { minQuantity: "0.25" };
  assertEquals(limited(least, "buy", "4000"), { quantity: "0.25" });
  // 1000.04 ÷ 4000.16 is 0.25 less a little.
  assertEquals(limited(least, "buy", "4000.16"), { reason: "lot", limit: "1000.04", value: "1000" });
  assertEquals(limited(least, "buy", "4000", { cash: "1000.99" }), {
    reason: "funds",
    limit: "1001",
    value: "1000.99",
  });
  assertEquals(limited(least, "sell", "4000", { position: "0.25" }), { quantity: "0.25" });
  assertEquals(limited(least, "sell", "4000", { position: "0.24" }), {
    reason: "lot",
    limit: "1000",
    value: "960",
  });
  assertEquals(limited(least, "sell", "4000").reason, "no-position");
  // The smallest quantity that is a whole number of lots.
  assertEquals(limited(least, "buy", "3500", { lot: "0.2" }), {
    reason: "lot",
    limit: "1400",
    value: "1000",
  });
});

Deno.test("OrderChecks.judgeQuote() turns down a quantity above the largest, bought or sold", () => {
  const most = { maxQuantity: "0.25" };
  assertEquals(limited(most, "buy", "4000"), { quantity: "0.25" });
  assertEquals(limited(most, "buy", "3999"), { reason: "max-quantity", limit: "0.25", value: "0.25006" });
  assertEquals(limited(most, "sell", "1", { position: "7.5" }), {
    reason: "max-quantity",
    limit: "0.25",
    value: "7.5",
  });
});

Deno.test("OrderChecks.judgeQuote() turns down a notional above the largest, bought or sold", () => {
  const most = { maxNotional: "1000" };
  assertEquals(limited(most, "buy", "4000"), { quantity: "0.25" });
  assertEquals(limited({ maxNotional: "999.99" }, "buy", "4000"), {
    reason: "max-notional",
    limit: "999.99",
    value: "1000",
  });
  assertEquals(limited(most, "sell", "2", { position: "500" }), { quantity: "500" });
  assertEquals(limited(most, "sell", "2.01", { position: "500" }), {
    reason: "max-notional",
    limit: "1000",
    value: "1005",
  });
});

Deno.test("OrderChecks.judgeQuote() applies the largest quantity to an order that fills in parts as a whole, and the smallest once", () => {
  const parameters = {
    ...tradingParametersOf({ ...DEFAULTS, lot: "0.01" }),
    participation: m("1"),
    minQuantity: m("5"),
    maxQuantity: m("10.2"),
    maxNotional: m("1000"),
  };
  const account = new Account(parameters.cash);
  const exchange = new CheckedExchange(parameters, account);
  const order = orderTo("buy");
  exchange.fill(order, "100", 6);
  // 4 more at 100 are below the smallest quantity, but they are the rest of this order.
  const rest = exchange.quote(order, "100", 99);
  assert("quantity" in rest);
  const { price, quantity, whole, notional, fee } = rest;
  assertEquals([price, quantity, whole, notional, fee].map(plain), ["100", "4", "4", "400", "0.4"]);
  assertEquals(exchange.quote(order, "95", 99), { reason: "max-quantity", limit: "10.2", value: "10.21" });
  // A seller cannot control what a sale is worth in the end.
  const sale = orderTo("sell");
  account.book({ side: "buy", price: m("0"), quantity: m("4"), fee: m("0"), tradeId: 1 });
  exchange.fill(sale, "90", 6);
  assert("quantity" in exchange.quote(sale, "900", 99));
});

Deno.test("OrderChecks.judgeQuote() keeps every order within an instrument's limits", () => {
  const cents = (most: number) =>
    fc.integer({ min: 1, max: most }).map((value) => m((value / 100).toFixed(2)));
  const orNone = (limits: fc.Arbitrary<Money>) => fc.option(limits, { nil: null });
  let passed = 0;
  fc.assert(
    fc.property(
      fc.constantFrom("buy", "sell"),
      fc.tuple(cents(10_000), cents(100_000), cents(10_000)),
      fc.constantFrom("0.01", "0.07", "1"),
      fc.record({
        minQuantity: orNone(cents(1_000)),
        maxQuantity: orNone(cents(10_000)),
        maxNotional: orNone(cents(100_000)),
      }),
      (side, [price, stake, position], lot, limits) => {
        const parameters = {
          ...tradingParametersOf({ ...DEFAULTS, lot, minNotional: "0" }),
          stake,
          ...limits,
        };
        const account = new Account(parameters.cash);
        account.book({ side: "buy", price: m("0"), quantity: position, fee: m("0"), tradeId: 1 });
        const order = new CheckedExchange(parameters, account).quote(orderTo(side), plain(price));
        const { minQuantity, maxQuantity, maxNotional } = limits;
        if ("reason" in order) {
          if (!["lot", "max-quantity", "max-notional"].includes(order.reason)) return;
          // The value in a refusal is on the wrong side of the limit.
          const isLess = m(order.value).lt(order.limit);
          assertEquals([order.reason, isLess], [order.reason, order.reason === "lot"]);
          return;
        }
        passed++;
        const { quantity } = order;
        assert(minQuantity === null || quantity.gte(minQuantity));
        assert(maxQuantity === null || quantity.lte(maxQuantity));
        assert(maxNotional === null || quantity.times(order.price).lte(maxNotional));
      },
    ),
    { numRuns: 5_000 },
  );
  assertGreater(passed, 500);
});

Deno.test("PaperExchange.quote() spends a share of the cash at the time of the order", () => {
  const half = { stake: "50%", lot: "0.01" };
  assertEquals(sized("buy", "100", half), { price: "100", quantity: "50", fee: "5" });
  assertEquals(sized("buy", "100", { ...half, cash: "301" }).quantity, "1.5");
  // A share of 100% still leaves room for the fee.
  assertEquals(sized("buy", "100", { stake: "100%", lot: "0.01", cash: "100.1" }), {
    price: "100",
    quantity: "1",
    fee: "0.1",
  });
  assertEquals(sized("buy", "100", { stake: "1%", lot: "1", cash: "200.2" }), {
    reason: "lot",
    limit: "100",
    value: "2.002",
  });
});

Deno.test("PaperExchange.quote() keeps the stake that an order had when it started to fill, even after a resume", () => {
  const parameters = tradingParametersOf({
    ...{ ...DEFAULTS, stake: "50%", lot: "1", fee: "0" },
    participation: "1",
  });
  const account = new Account(parameters.cash);
  const exchange = new CheckedExchange(parameters, account);
  const wholeOf = (order: Order, quantity: number) => {
    const quote = exchange.quote(order, "100", quantity);
    assert("whole" in quote);
    return plain(quote.whole);
  };
  const first = orderTo("buy");
  assertEquals(wholeOf(first, 20), "50");
  exchange.fill(first, "100", 20);
  assertEquals(plain(account.cash.minus(account.freeCash)), "3000");
  // 5000 of 10000, less 2000; a new order would have half of 8000.
  for (const order of [first, Order.of(JSON.parse(JSON.stringify(first.snapshot())))]) {
    assertEquals(wholeOf(order, 99), "30");
  }
  assertEquals(wholeOf(orderTo("buy"), 99), "40");
});
