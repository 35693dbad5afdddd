import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { Account } from "../../../src/domain/account/account.ts";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import { Order } from "../../../src/domain/orders/order.ts";
import { OrderSizing } from "../../../src/domain/orders/sizing.ts";
import { DEFAULTS, tradingParametersOf } from "../../support/pipeline_input.ts";
import type { Choices } from "../../support/reference.ts";

const m = (amount: string) => new Money(amount);
const orderTo = (side: "buy" | "sell") => new Order({ side, signalTradeId: 1, due: 0 });

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
  const order = new OrderSizing(parameters).size(orderTo(side), m(price), account, null);
  return "reason" in order
    ? { reason: order.reason, limit: order.limit, value: order.value }
    : { price: plain(order.price), quantity: plain(order.quantity), fee: plain(order.fee) };
}

Deno.test("OrderSizing.size() buys for the stake in whole lots, with the fee rounded up", () => {
  assertEquals(sized("buy", "61607.85"), { price: "61607.85", quantity: "0.01623", fee: "0.99989541" });
  assertEquals(sized("buy", "61607.85", { lot: "0.001" }), {
    price: "61607.85",
    quantity: "0.016",
    fee: "0.9857256",
  });
});

Deno.test("OrderSizing.size() buys for the cash less the fee, if that is below the stake", () => {
  assertEquals(sized("buy", "10", { cash: "500.5", lot: "1" }), { price: "10", quantity: "50", fee: "0.5" });
  assertEquals(sized("buy", "10", { cash: "500.49", lot: "1" }), {
    price: "10",
    quantity: "49",
    fee: "0.49",
  });
});

Deno.test("OrderSizing.size() sells the whole position, even if it is not a whole number of lots", () => {
  const order = sized("sell", "100", { position: "0.123456789" });
  assertEquals(order, { price: "100", quantity: "0.123456789", fee: "0.01234568" });
});

Deno.test("OrderSizing.size() sizes at the price moved by slippage", () => {
  assertEquals(sized("buy", "100", { slippage: "100", lot: "1" }), {
    price: "101",
    quantity: "9",
    fee: "0.909",
  });
  const sale = sized("sell", "100", { slippage: "100", position: "2" });
  assertEquals(sale, { price: "99", quantity: "2", fee: "0.198" });
});

Deno.test("OrderSizing.size() turns down a buy that would make the position worth more than allowed", () => {
  const more = sized("buy", "100", { lot: "1", maxPosition: "1199", position: "2" });
  assertEquals(more, { reason: "max-position", limit: "1199", value: "1200" });
  assertEquals(sized("buy", "100", { lot: "1", maxPosition: "1200", position: "2" }).quantity, "10");
  // A sale makes the position smaller, however large it is.
  assertEquals(sized("sell", "100", { maxPosition: "1", position: "2" }).quantity, "2");
});

Deno.test("OrderSizing.roomAt() gives the share of a trade's quantity in whole lots, or null without a limit", () => {
  const roomUnder = (choices: Partial<Choices>) => {
    const room = new OrderSizing(tradingParametersOf({ ...DEFAULTS, ...choices }))
      .roomAt({ quantityWhole: 3, quantityFraction: 25_000_000 });
    return room && plain(room);
  };
  assertEquals(roomUnder({ participation: "0.1", lot: "0.01" }), "0.32");
  assertEquals(roomUnder({ participation: "0.1", lot: "1" }), "0");
  assertEquals(roomUnder({}), null);
});

Deno.test("OrderSizing.size() trades what there is room for, and applies the minimum to the whole order", () => {
  const parameters = tradingParametersOf({ ...DEFAULTS, lot: "1", minNotional: "500" });
  const account = new Account(parameters.cash);
  const sizing = new OrderSizing(parameters);
  const order = orderTo("buy");
  const first = sizing.size(order, m("100"), account, m("3"));
  assert("whole" in first);
  assertEquals([plain(first.quantity), plain(first.whole), plain(first.fee)], ["3", "10", "0.3"]);
  assertEquals(plain(sizing.needs(order, first, account).cash), "700.7");
  order.isWorking = true;
  order.take(first.quantity, first.notional);
  // 700 are left of the stake.
  const second = sizing.size(order, m("140"), account, m("99"));
  assert("whole" in second);
  assertEquals([plain(second.quantity), plain(second.whole)], ["5", "5"]);
  assertEquals(order.progress(), { filled: "3", averagePrice: "100" });
  order.take(second.quantity, second.notional);
  assertEquals(order.progress(), { filled: "8", averagePrice: "125" });
  const third = sizing.size(order, m("140"), account, m("99"));
  assertEquals(third, { reason: "lot", limit: "140", value: "0" });
});

Deno.test("OrderSizing.size() turns down a notional below the minimum, and takes one that equals it", () => {
  const below = sized("sell", "100", { position: "0.04999" });
  assertEquals(below, { reason: "min-notional", limit: "5", value: "4.999" });
  assertEquals(sized("sell", "100", { position: "0.05" }).quantity, "0.05");
  assertEquals(sized("buy", "10", { cash: "4", lot: "0.1" }), {
    reason: "min-notional",
    limit: "5",
    value: "3",
  });
});

Deno.test("OrderSizing.size() turns down a sale without a position", () => {
  assertEquals(sized("sell", "100"), { reason: "no-position", limit: "0.00001", value: "0" });
});

Deno.test("OrderSizing.size() distinguishes a lot beyond the stake from a lot beyond the cash", () => {
  assertEquals(sized("buy", "2000", { lot: "1" }), { reason: "lot", limit: "2000", value: "1000" });
  const poor = sized("buy", "2000", { lot: "1", cash: "2001" });
  assertEquals(poor, { reason: "funds", limit: "2002", value: "2001" });
  // With exactly the lot's price and fee in cash, it is the stake that is too small.
  assertEquals(sized("buy", "2000", { lot: "1", cash: "2002" }).reason, "lot");
});

Deno.test("OrderSizing.size() turns down a buy whose rounded fee would exceed the cash", () => {
  // 10^-8 × (1 + 0.001) is covered by the cash, but the fee is rounded up to 10^-8.
  const order = sized("buy", "0.00000001", { lot: "1", cash: "0.00000001001", minNotional: "0" });
  assertEquals(order, { reason: "funds", limit: "0.00000002", value: "0.00000001001" });
});

Deno.test("OrderSizing.size() turns down a sale at a price of 0, whatever the minimum", () => {
  const order = sized("sell", "1", { slippage: "1", tick: "5", position: "2", minNotional: "0" });
  assertEquals(order, { reason: "min-notional", limit: "0", value: "0" });
});

Deno.test("OrderSizing.size() turns down a sale whose fee is more than it brings in and the cash together", () => {
  const tiny = { position: "0.00001", minNotional: "0" };
  assertEquals(sized("sell", "0.0002", { ...tiny, cash: "0.00000001" }).fee, "0.00000001");
  const broke = new Account(new Money("0"));
  broke.book({ side: "buy", price: m("0"), quantity: m("0.00001"), fee: m("0"), tradeId: 1 });
  const parameters = tradingParametersOf({ ...DEFAULTS, minNotional: "0" });
  const order = new OrderSizing(parameters).size(orderTo("sell"), m("0.0002"), broke, null);
  assertEquals(order, { reason: "funds", limit: "0.000000008", value: "0" });
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
  const order = new OrderSizing(parameters).size(orderTo(side), m(price), account, null);
  return "reason" in order
    ? { reason: order.reason, limit: order.limit, value: order.value }
    : { quantity: plain(order.quantity) };
}

Deno.test("OrderSizing.size() turns down a quantity below the smallest, and says what that costs", () => {
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

Deno.test("OrderSizing.size() turns down a quantity above the largest, bought or sold", () => {
  const most = { maxQuantity: "0.25" };
  assertEquals(limited(most, "buy", "4000"), { quantity: "0.25" });
  assertEquals(limited(most, "buy", "3999"), { reason: "max-quantity", limit: "0.25", value: "0.25006" });
  assertEquals(limited(most, "sell", "1", { position: "7.5" }), {
    reason: "max-quantity",
    limit: "0.25",
    value: "7.5",
  });
});

Deno.test("OrderSizing.size() turns down a notional above the largest, bought or sold", () => {
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

Deno.test("OrderSizing.size() applies the largest quantity to an order that fills in parts as a whole, and the smallest once", () => {
  const parameters = {
    ...tradingParametersOf({ ...DEFAULTS, lot: "0.01" }),
    minQuantity: m("5"),
    maxQuantity: m("10.2"),
    maxNotional: m("1000"),
  };
  const sizing = new OrderSizing(parameters);
  const account = new Account(parameters.cash);
  const order = orderTo("buy");
  assert("quantity" in sizing.size(order, m("100"), account, m("6")));
  order.isWorking = true;
  order.take(m("6"), m("600"));
  // 4 more at 100 are below the smallest quantity, but they are the rest of this order.
  const rest = Object.entries(sizing.size(order, m("100"), account, null)).map(([name, amount]) => [
    name,
    plain(amount),
  ]);
  assertEquals(Object.fromEntries(rest), {
    price: "100",
    quantity: "4",
    notional: "400",
    fee: "0.4",
    whole: "4",
  });
  assertEquals(sizing.size(order, m("95"), account, null), {
    reason: "max-quantity",
    limit: "10.2",
    value: "10.21",
  });
  // A seller cannot control what a sale is worth in the end.
  const sale = orderTo("sell");
  sale.isWorking = true;
  account.book({ side: "buy", price: m("0"), quantity: m("4"), fee: m("0"), tradeId: 1 });
  sale.take(m("6"), m("600"));
  assert("quantity" in sizing.size(sale, m("900"), account, null));
});

Deno.test("OrderSizing.size() keeps every order within an instrument's limits", () => {
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
        const order = new OrderSizing(parameters).size(orderTo(side), price, account, null);
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
    { numRuns: 10_000 },
  );
  assertGreater(passed, 1_000);
});

Deno.test("OrderSizing.size() spends a share of the cash at the time of the order", () => {
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

Deno.test("OrderSizing.size() keeps the stake that an order had when it started to fill, even after a resume", () => {
  const parameters = tradingParametersOf({ ...DEFAULTS, stake: "50%", lot: "1", fee: "0" });
  const account = new Account(parameters.cash);
  const sizing = new OrderSizing(parameters);
  const first = orderTo("buy");
  const part = sizing.size(first, m("100"), account, m("20"));
  assert("whole" in part);
  assertEquals([plain(part.quantity), plain(part.whole)], ["20", "50"]);
  assertEquals(plain(sizing.needs(first, part, account).cash), "3000");
  first.isWorking = true;
  first.take(part.quantity, part.notional);
  account.book({ side: "buy", price: m("100"), quantity: m("20"), fee: m("0"), tradeId: 1 });
  // 5000 of 10000, less 2000; a new order would have half of 8000.
  for (const order of [first, Order.of(JSON.parse(JSON.stringify(first.snapshot())))]) {
    const rest = sizing.size(order, m("100"), account, m("99"));
    assert("whole" in rest);
    assertEquals(plain(rest.quantity), "30");
  }
  const fresh = sizing.size(orderTo("buy"), m("100"), account, null);
  assert("whole" in fresh);
  assertEquals(plain(fresh.quantity), "40");
});
