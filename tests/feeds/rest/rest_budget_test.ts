import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RestBudget } from "../../../src/feeds/rest/rest_budget.ts";

const MINUTE = 60_000;

Deno.test("RestBudget allows requests within the share, then waits for the next minute", () => {
  const budget = new RestBudget({ perMinute: 100, share: 0.5 });
  const start = 1_000 * MINUTE;
  for (const at of [0, 10, 20_000]) {
    assertEquals(budget.waitMs(15, start + at), 0);
    budget.spend(15, start + at);
  }
  assertEquals(budget.waitMs(5, start + 20_000), 0);
  assertEquals(budget.waitMs(6, start + 20_000), 41_000);
  assertEquals(budget.waitMs(50, start + MINUTE), 0);
});

Deno.test("RestBudget takes the host's own count, higher or lower", () => {
  const budget = new RestBudget({ perMinute: 6_000 });
  budget.spend(25, 0);
  assertEquals(budget.waitMs(25, 0), 0);
  budget.report(4_775, 1_000);
  assertEquals(budget.waitMs(25, 1_000), 0);
  budget.report(4_776, 1_000);
  assertEquals(budget.waitMs(25, 1_000), 60_000);
  budget.report(40, 2_000);
  assertEquals(budget.waitMs(25, 2_000), 0);
});

Deno.test("RestBudget starts again every minute", () => {
  const budget = new RestBudget({ perMinute: 100, share: 1 });
  budget.spend(90, 0);
  budget.spend(20, MINUTE);
  assertEquals(budget.waitMs(80, MINUTE), 0);
  assertEquals(budget.waitMs(81, MINUTE), 61_000);
});

Deno.test("RestBudget pauses for the requested time, and never for less than requested before", () => {
  const budget = new RestBudget({ perMinute: 6_000 });
  budget.holdOff(5_000, 100);
  budget.holdOff(1_000, 200);
  assertEquals(budget.waitMs(1, 200), 4_900);
  assertEquals(budget.waitMs(1, 5_099), 1);
  assertEquals(budget.waitMs(1, 5_100), 0);
});

Deno.test("RestBudget never allows more than the share in a minute, whatever the host reports", () => {
  const step = fc.record({
    pause: fc.integer({ min: 0, max: 20_000 }),
    weight: fc.integer({ min: 1, max: 40 }),
    others: fc.integer({ min: 0, max: 30 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: MINUTE }), (steps, start) => {
      const budget = new RestBudget({ perMinute: 200, share: 0.5 });
      let now = start;
      let minute = -1;
      let used = 0;
      for (const { pause, weight, others } of steps) {
        now += pause;
        const wait = budget.waitMs(weight, now);
        assert(wait <= MINUTE + 1_000, `${wait}`);
        now += wait;
        assertEquals(budget.waitMs(weight, now), 0);
        if (Math.floor(now / MINUTE) !== minute) used = 0;
        minute = Math.floor(now / MINUTE);
        // The last reported weight is within the share with this request; the weight of others comes on top.
        assert(used + weight <= 100, `${used} and ${weight}`);
        budget.spend(weight, now);
        used += weight + others;
        budget.report(used, now);
      }
    }),
  );
});
