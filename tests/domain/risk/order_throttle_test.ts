import { assertEquals } from "@std/assert";
import { Money } from "../../../src/domain/numbers/money.ts";
import { OrderThrottle } from "../../../src/domain/risk/order_throttle.ts";

const m = (amount: string) => new Money(amount);
const SECOND = 1_000_000;

Deno.test("OrderThrottle.tooSoon() turns down an order if N passed less than the duration before", () => {
  const throttle = new OrderThrottle({ maxOrders: { count: 2, within: 10_000 }, cooldown: null });
  const at = (seconds: number) => throttle.tooSoon("sell", seconds * SECOND)?.reason ?? null;
  throttle.pass(0);
  assertEquals(at(1), null);
  throttle.pass(4 * SECOND);
  assertEquals([at(4), at(9.999999), at(10)], ["max-orders", "max-orders", null]);
  throttle.pass(10 * SECOND);
  assertEquals([at(13.9), at(14)], ["max-orders", null]);
  assertEquals(throttle.tooSoon("buy", 12 * SECOND), { reason: "max-orders", limit: "2", value: "2" });
});

Deno.test("OrderThrottle.tooSoon() pauses buys, and only buys, after a losing round trip", () => {
  const throttle = new OrderThrottle({ maxOrders: null, cooldown: 30 * SECOND });
  throttle.sold(m("-5"), m("1"), 1 * SECOND);
  assertEquals(throttle.tooSoon("buy", 2 * SECOND), null);
  // The round trip lost as a whole, although its last part won.
  throttle.sold(m("-1"), m("0"), 3 * SECOND);
  assertEquals(throttle.tooSoon("buy", 32_999_750), {
    reason: "cooldown",
    limit: "30000",
    value: "29999.75",
  });
  assertEquals(throttle.tooSoon("sell", 4 * SECOND), null);
  assertEquals(throttle.tooSoon("buy", 33 * SECOND), null);
  throttle.sold(m("0"), m("0"), 40 * SECOND);
  assertEquals(throttle.tooSoon("buy", 41 * SECOND), null);
});

Deno.test("OrderThrottle.restore() continues from a snapshot", () => {
  const parameters = { maxOrders: { count: 1, within: 5_000 }, cooldown: 9 * SECOND };
  const throttle = new OrderThrottle(parameters);
  throttle.pass(1 * SECOND);
  throttle.sold(m("-2"), m("0"), 2 * SECOND);
  const again = new OrderThrottle(parameters);
  again.restore(JSON.parse(JSON.stringify(throttle.snapshot())));
  assertEquals(again.tooSoon("buy", 3 * SECOND)?.reason, "max-orders");
  assertEquals(again.tooSoon("buy", 7 * SECOND)?.reason, "cooldown");
  again.sold(m("-1"), m("0"), 8 * SECOND);
  assertEquals(again.tooSoon("buy", 12 * SECOND), null);
});

Deno.test("OrderThrottle.tooSoon() ignores what is dated more than a minute after now, but not a smaller step back", () => {
  const minute = 60 * SECOND;
  const far = 200 * 365 * 24 * 60 * minute;
  const throttle = new OrderThrottle({ maxOrders: { count: 1, within: 60_000 }, cooldown: 60 * SECOND });
  throttle.pass(far);
  throttle.sold(m("-1"), m("0"), far);
  const at = (time: number) => throttle.tooSoon("buy", time)?.reason ?? null;
  assertEquals([at(0), at(far - minute - 1), at(far - minute)], [null, null, "max-orders"]);
  throttle.pass(10 * SECOND);
  assertEquals(at(20 * SECOND), "max-orders");
  assertEquals(at(70 * SECOND), null);
});
