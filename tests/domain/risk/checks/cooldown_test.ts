import { assertEquals } from "@std/assert";
import { Account } from "../../../../src/domain/account/account.ts";
import { Money } from "../../../../src/domain/numbers/money.ts";
import { Cooldown } from "../../../../src/domain/risk/checks/cooldown.ts";
import { rowOf, testOrderCheck } from "./order_check_contract.ts";

const m = (amount: string) => new Money(amount);
const SECOND = 1_000_000;

testOrderCheck({
  row: rowOf("cooldown"),
  limits: [{ cooldown: 300 }, { cooldown: 5_000 }],
  breaks({ fill: { side }, at: { time } }, before, { cooldown }) {
    if (side === "sell") return false;
    // Everything is sold at once here, so each sale closes a round trip.
    const lost = before.findLast(({ fill: { realized } }) => realized?.isNegative() === true);
    return lost !== undefined && time - lost.at.time < cooldown * 1000;
  },
});

/** A check of 30 s over an account that has bought 2 at 10. */
function afterPurchase(): { check: Cooldown; sell: (price: string, quantity: string, time: number) => void } {
  const account = new Account(m("1000"));
  const check = new Cooldown({ cooldown: 30_000 }, account);
  const trade = (side: "buy" | "sell", price: string, quantity: string, time: number) => {
    account.book({ side, price: m(price), quantity: m(quantity), fee: m("0"), tradeId: 1 });
    check.filled(side, time);
  };
  trade("buy", "10", "2", 0);
  return { check, sell: (price, quantity, time) => trade("sell", price, quantity, time) };
}

Deno.test("Cooldown pauses purchases, and only those, once a round trip has lost as a whole", () => {
  const { check, sell } = afterPurchase();
  sell("5", "1", 1 * SECOND);
  assertEquals(check.judgeStart("buy", 2 * SECOND), null);
  // It lost as a whole, although its last part won.
  sell("14", "1", 3 * SECOND);
  assertEquals(check.judgeStart("buy", 32_999_750), { limit: "30000", value: "29999.75" });
  assertEquals(check.judgeStart("sell", 4 * SECOND), null);
  assertEquals(check.judgeStart("buy", 33 * SECOND), null);
});

Deno.test("Cooldown ignores a loss that is dated more than a minute after now", () => {
  const far = 200 * 365 * 86_400 * SECOND;
  const { check, sell } = afterPurchase();
  sell("5", "2", far);
  assertEquals(check.judgeStart("buy", far - 60 * SECOND - 1), null);
  assertEquals(check.judgeStart("buy", far - 60 * SECOND) === null, false);
});
