import { assert, assertEquals } from "@std/assert";
import { Account } from "../../src/domain/account.ts";
import { Money, plain } from "../../src/domain/money.ts";
import { Order } from "../../src/domain/order.ts";
import { OrderSizing } from "../../src/domain/sizing.ts";
import { DEFAULTS, termsOf } from "../support/pipeline_input.ts";
import type { Choices } from "../support/reckoning.ts";

const m = (amount: string) => new Money(amount);
const orderTo = (side: "buy" | "sell") => new Order({ side, signalTradeId: 1, due: 0 });

/** Sizes an order with the defaults but for `changed`; amounts as text. A position is bought for nothing first. */
function sized(
  side: "buy" | "sell",
  price: string,
  changed: Partial<Choices> & { readonly position?: string } = {},
): Record<string, string> {
  const { position = "0", ...choices } = changed;
  const terms = termsOf({ ...DEFAULTS, ...choices });
  const account = new Account(terms.cash);
  if (position !== "0") {
    account.book({ side: "buy", price: m("0"), quantity: m(position), fee: m("0"), tradeId: 1 });
  }
  const order = new OrderSizing(terms).size(orderTo(side), m(price), account, null);
  return "reason" in order
    ? { reason: order.reason, limit: order.limit, value: order.value }
    : { price: plain(order.price), quantity: plain(order.quantity), fee: plain(order.fee) };
}

Deno.test("OrderSizing.size() buys for the stake in whole lots, its fee rounded up", () => {
  assertEquals(sized("buy", "61607.85"), { price: "61607.85", quantity: "0.01623", fee: "0.99989541" });
  assertEquals(sized("buy", "61607.85", { lot: "0.001" }), {
    price: "61607.85",
    quantity: "0.016",
    fee: "0.9857256",
  });
});

Deno.test("OrderSizing.size() buys for the cash less the fee, where that is below the stake", () => {
  assertEquals(sized("buy", "10", { cash: "500.5", lot: "1" }), { price: "10", quantity: "50", fee: "0.5" });
  assertEquals(sized("buy", "10", { cash: "500.49", lot: "1" }), {
    price: "10",
    quantity: "49",
    fee: "0.49",
  });
});

Deno.test("OrderSizing.size() sells the whole position, off the lot too", () => {
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

Deno.test("OrderSizing.size() turns a buy down that would make the position worth more than allowed", () => {
  const more = sized("buy", "100", { lot: "1", maxPosition: "1199", position: "2" });
  assertEquals(more, { reason: "max-position", limit: "1199", value: "1200" });
  assertEquals(sized("buy", "100", { lot: "1", maxPosition: "1200", position: "2" }).quantity, "10");
  // A sale makes it smaller, however large it is.
  assertEquals(sized("sell", "100", { maxPosition: "1", position: "2" }).quantity, "2");
});

Deno.test("OrderSizing.size() trades what there is room for, and goes by the whole for the smallest order", () => {
  const terms = termsOf({ ...DEFAULTS, lot: "1", minNotional: "500" });
  const account = new Account(terms.cash);
  const sizing = new OrderSizing(terms);
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

Deno.test("OrderSizing.size() turns a notional below the minimum down, and takes one that equals it", () => {
  const below = sized("sell", "100", { position: "0.04999" });
  assertEquals(below, { reason: "min-notional", limit: "5", value: "4.999" });
  assertEquals(sized("sell", "100", { position: "0.05" }).quantity, "0.05");
  assertEquals(sized("buy", "10", { cash: "4", lot: "0.1" }), {
    reason: "min-notional",
    limit: "5",
    value: "3",
  });
});

Deno.test("OrderSizing.size() turns a sale without a position down", () => {
  assertEquals(sized("sell", "100"), { reason: "no-position", limit: "0.00001", value: "0" });
});

Deno.test("OrderSizing.size() tells a lot beyond the stake from a lot beyond the cash", () => {
  assertEquals(sized("buy", "2000", { lot: "1" }), { reason: "lot", limit: "2000", value: "1000" });
  const poor = sized("buy", "2000", { lot: "1", cash: "2001" });
  assertEquals(poor, { reason: "funds", limit: "2002", value: "2001" });
  // With exactly the lot's price and fee in cash it is the stake that does not reach.
  assertEquals(sized("buy", "2000", { lot: "1", cash: "2002" }).reason, "lot");
});

Deno.test("OrderSizing.size() turns a buy down that its rounded fee would take beyond the cash", () => {
  // 10^-8 × (1 + 0.001) is covered by the cash, but the fee is rounded up to 10^-8.
  const order = sized("buy", "0.00000001", { lot: "1", cash: "0.00000001001", minNotional: "0" });
  assertEquals(order, { reason: "funds", limit: "0.00000002", value: "0.00000001001" });
});

Deno.test("OrderSizing.size() turns a sale at a price of nothing down, whatever the minimum", () => {
  const order = sized("sell", "1", { slippage: "1", tick: "5", position: "2", minNotional: "0" });
  assertEquals(order, { reason: "min-notional", limit: "0", value: "0" });
});

Deno.test("OrderSizing.size() turns a sale down whose fee takes more than it brings in and there is", () => {
  const tiny = { position: "0.00001", minNotional: "0" };
  assertEquals(sized("sell", "0.0002", { ...tiny, cash: "0.00000001" }).fee, "0.00000001");
  const broke = new Account(new Money("0"));
  broke.book({ side: "buy", price: m("0"), quantity: m("0.00001"), fee: m("0"), tradeId: 1 });
  const terms = termsOf({ ...DEFAULTS, minNotional: "0" });
  const order = new OrderSizing(terms).size(orderTo("sell"), m("0.0002"), broke, null);
  assertEquals(order, { reason: "funds", limit: "0.000000008", value: "0" });
});
