import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../src/views/pace.ts";

Deno.test("Pace counts trades a second over the last ten seconds", () => {
  const begun = performance.now();
  const pace = new Pace();
  const rates: number[] = [];
  for (let second = 1; second <= 30; second++) {
    // 100 trades a second for 15 s, then none.
    pace.note(100 * Math.min(second, 15), null, 0);
    rates.push(pace.tradesPerSecond(begun + second * 1000));
  }
  assert(Math.abs(rates[4]! - 100) < 5, `${rates}`);
  assert(Math.abs(rates[14]! - 100) < 5, `${rates}`);
  assert(rates[19]! > 30 && rates[19]! < 70, `${rates}`);
  assertEquals(rates.at(-1), 0);
});

Deno.test("Pace is zero before anything was seen", () => {
  const pace = new Pace();
  assertEquals(pace.tradesPerSecond(performance.now() + 5_000), 0);
  assertEquals(pace.lagMs, null);
});

Deno.test("Pace knows the age of the last trade when it arrived", () => {
  const pace = new Pace();
  pace.note(1, 1_723_161_255_342_123, 1_723_161_255_400);
  assertEquals(pace.lagMs, 58);
  pace.note(1, null, 1_723_161_255_900);
  assertEquals(pace.lagMs, 58);
});
