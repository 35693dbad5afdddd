import { assertEquals } from "@std/assert";
import { Account } from "../../../../src/domain/account/account.ts";
import { Money } from "../../../../src/domain/numbers/money.ts";
import { Order } from "../../../../src/domain/orders/order.ts";
import { Quote } from "../../../../src/domain/orders/quote.ts";
import { MaxOrders } from "../../../../src/domain/risk/checks/max_orders.ts";
import { OrderChecks } from "../../../../src/domain/risk/checks/order_checks.ts";
import { DEFAULTS, tradingParametersOf } from "../../../support/pipeline_input.ts";
import { rowOf, testOrderCheck } from "./order_check_contract.ts";

const SECOND = 1_000_000;

testOrderCheck({
  row: rowOf("max-orders"),
  limits: [{ maxOrders: { count: 1, within: 500 } }, { maxOrders: { count: 3, within: 5_000 } }],
  breaks: ({ at: { time } }, before, { maxOrders: { count, within } }) =>
    before.filter(({ at }) => time - at.time < within * 1000).length >= count,
});

Deno.test("MaxOrders refuses an order if N started less than the duration before", () => {
  const check = new MaxOrders({ maxOrders: { count: 2, within: 10_000 } });
  const refusesAt = (seconds: number) => check.judgeStart("sell", seconds * SECOND) !== null;
  check.started(0);
  assertEquals(refusesAt(1), false);
  check.started(4 * SECOND);
  assertEquals([refusesAt(4), refusesAt(9.999999), refusesAt(10)], [true, true, false]);
  check.started(10 * SECOND);
  assertEquals([refusesAt(13.9), refusesAt(14)], [true, false]);
  assertEquals(check.judgeStart("buy", 12 * SECOND), { limit: "2", value: "2" });
});

Deno.test("MaxOrders ignores orders dated more than a minute after now, but not a smaller step back", () => {
  const minute = 60 * SECOND;
  const far = 200 * 365 * 24 * 60 * minute;
  const check = new MaxOrders({ maxOrders: { count: 1, within: 60_000 } });
  check.started(far);
  const refusesAt = (time: number) => check.judgeStart("buy", time) !== null;
  assertEquals([refusesAt(0), refusesAt(far - minute - 1), refusesAt(far - minute)], [false, false, true]);
  check.started(10 * SECOND);
  assertEquals([refusesAt(20 * SECOND), refusesAt(70 * SECOND)], [true, false]);
});

Deno.test("OrderChecks.under() judges under the new rules, and remembers what has passed", () => {
  const parameters = { ...tradingParametersOf(DEFAULTS), maxOrders: { count: 1, within: 60_000 } };
  const checks = new OrderChecks(parameters, new Account(parameters.cash));
  checks.started(0);
  const [order, price] = [new Order({ side: "buy", signalTradeId: 1, due: 0 }), new Money("7")];
  const quote = new Quote({
    price,
    whole: price,
    quantity: price,
    notional: price,
    fee: price,
    stake: price,
  });
  assertEquals(checks.judgeQuote(order, quote), null);
  const later = checks.under({ ...parameters, maxQuantity: new Money("6") });
  assertEquals(later.judgeQuote(order, quote), { reason: "max-quantity", limit: "6", value: "7" });
  assertEquals(later.judgeStart("buy", 1), { reason: "max-orders", limit: "1", value: "1" });
});
