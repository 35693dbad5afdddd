import { assertEquals } from "@std/assert";
import { Exposure } from "../../../src/domain/account/exposure.ts";
import { Money } from "../../../src/domain/numbers/money.ts";

const m = (amount: string | number) => new Money(amount);
const text = (share: Money | null) => share?.toString() ?? null;

Deno.test("Exposure.mean() is the stake's share of the money, whatever the time without a position", () => {
  const exposure = new Exposure();
  assertEquals(exposure.mean(5), null);
  exposure.rebook(100, m(1_000), m(9_000));
  assertEquals(text(exposure.mean(200)), "0.1");
  exposure.rebook(300, m(0), m(10_100));
  assertEquals(text(exposure.mean(9_000)), "0.1");
});

Deno.test("Exposure.mean() weights every position by its time, and the open one by its time up to the end", () => {
  const exposure = new Exposure();
  exposure.rebook(0, m(1_000), m(9_000));
  exposure.rebook(10, m(0), m(12_000));
  exposure.rebook(50, m(6_000), m(6_000));
  // 1,000 and 6,000 of 10,000 and 12,000, for 10 and 30.
  assertEquals(text(exposure.mean(80)), text(m(190_000).div(460_000)));
});

Deno.test("Exposure.mean() is null for a position held for no time, even if times went back", () => {
  const exposure = new Exposure();
  exposure.rebook(100, m(1_000), m(9_000));
  exposure.rebook(100, m(0), m(10_000));
  exposure.rebook(200, m(1_000), m(9_000));
  exposure.rebook(150, m(0), m(10_000));
  assertEquals(exposure.mean(900), null);
});
