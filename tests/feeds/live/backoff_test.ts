import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Backoff, ConnectionBudget } from "../../../src/feeds/live/backoff.ts";

Deno.test("Backoff doubles the ceiling from 250 ms and stops at the maximum", () => {
  const backoff = new Backoff(3_000);
  const ceilings = Array.from({ length: 7 }, () => {
    const { ceilingMs } = backoff;
    backoff.next();
    return ceilingMs;
  });
  assertEquals(ceilings, [250, 500, 1000, 2000, 3000, 3000, 3000]);
});

Deno.test("Backoff draws evenly over the whole range from 0 to the ceiling", () => {
  const draws = (random: number) => {
    const backoff = new Backoff(60_000, () => random);
    return [backoff.next(), backoff.next(), backoff.next()];
  };
  assertEquals(draws(0), [0, 0, 0]);
  assertEquals(draws(0.5), [125, 250, 500]);
  assertEquals(draws(0.999999), [250, 500, 1000]);

  const quarters = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) quarters[Math.min(3, Math.floor(new Backoff(250).next() / 62.5))]!++;
  for (const count of quarters) assert(count > 850 && count < 1150, `not even: ${quarters}`);
});

Deno.test("Backoff keeps every draw within 0 and the ceiling, for any maximum, however often it is asked", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 86_400_000 }),
    fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 3000 }),
    (maxMs, randoms) => {
      let at = 0;
      const backoff = new Backoff(maxMs, () => randoms[at++]!);
      for (let tries = 0; tries < randoms.length; tries++) {
        const { ceilingMs } = backoff;
        assertEquals(ceilingMs, Math.min(maxMs, 250 * 2 ** tries));
        const wait = backoff.next();
        assert(Number.isInteger(wait) && wait >= 0 && wait <= ceilingMs, `${wait} of ${ceilingMs}`);
      }
    },
  ));
});

Deno.test("Backoff starts over after reset", () => {
  const backoff = new Backoff(60_000, () => 0.5);
  for (let i = 0; i < 5; i++) backoff.next();
  backoff.reset();
  assertEquals([backoff.ceilingMs, backoff.next(), backoff.ceilingMs], [250, 125, 500]);
});

Deno.test("ConnectionBudget asks for no wait until the budget is used up, then for just enough", () => {
  const budget = new ConnectionBudget({ attempts: 3, windowMs: 1000 });
  for (const now of [0, 100, 200]) {
    assertEquals(budget.waitMs(now), 0);
    budget.spend(now);
  }
  assertEquals(budget.waitMs(200), 800);
  assertEquals(budget.waitMs(999), 1);
  assertEquals(budget.waitMs(1000), 0);
  budget.spend(1000);
  assertEquals(budget.waitMs(1000), 100);
});

Deno.test("ConnectionBudget never allows more than its attempts in any window", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 1000 }),
    fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }),
    (attempts, windowMs, pauses) => {
      const budget = new ConnectionBudget({ attempts, windowMs });
      const made: number[] = [];
      let now = 0;
      for (const pause of pauses) {
        now += pause;
        const wait = budget.waitMs(now);
        // It asks for no more than needed either: the attempt before the window's first is what stands in the way.
        if (wait > 0) assertEquals(now + wait, made[made.length - attempts]! + windowMs);
        now += wait;
        assertEquals(budget.waitMs(now), 0);
        budget.spend(now);
        made.push(now);
        const inWindow = made.filter((at) => at > now - windowMs).length;
        assert(inWindow <= attempts, `${inWindow} attempts in ${windowMs} ms`);
      }
    },
  ));
});

Deno.test("ConnectionBudget counts attempts that were made beyond it", () => {
  const budget = new ConnectionBudget({ attempts: 2, windowMs: 100 });
  for (const now of [0, 10, 20, 30]) budget.spend(now);
  assertEquals(budget.waitMs(30), 90);
});
