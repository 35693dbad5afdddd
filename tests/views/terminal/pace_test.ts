import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../../src/views/terminal/pace.ts";

const START = 1_723_161_255_000;

Deno.test("Pace counts trades a second over the last ten seconds", () => {
  const pace = new Pace();
  const rates: number[] = [];
  pace.note(0, null, START);
  for (let second = 1; second <= 30; second++) {
    // 100 trades a second for 15 s, then none.
    pace.note(second <= 15 ? 100 : 0, null, START + second * 1000 - 1);
    rates.push(pace.tradesPerSecond(START + second * 1000));
  }
  assertEquals([rates[0], rates[4], rates[14]], [100, 100, 100]);
  assertEquals([rates[19], rates.at(-1)], [50, 0]);
});

Deno.test("Pace counts trades when they arrived, however many wait and are run at once", () => {
  const pace = new Pace();
  // What arrived over 20 s is noted in one go at the end of them.
  for (let at = 0; at < 20_000; at += 100) pace.note(6, null, START + at);
  const rate = pace.tradesPerSecond(START + 20_000);
  assert(Math.abs(rate - 60) < 2, `${rate}`);
});

Deno.test("Pace does not count the time before the first trade", () => {
  const pace = new Pace();
  for (let at = 0; at < 2_000; at += 100) pace.note(6, null, START + at);
  assertEquals(pace.tradesPerSecond(START + 2_000), 60);
});

Deno.test("Pace is zero before anything was seen", () => {
  const pace = new Pace();
  assertEquals([pace.tradesPerSecond(START), pace.tradesPerSecond(START + 5_000)], [0, 0]);
  assertEquals(pace.lagMs, null);
});

Deno.test("Pace knows the age of the last trade when it arrived", () => {
  const pace = new Pace();
  pace.note(1, 1_723_161_255_342_123, 1_723_161_255_400);
  assertEquals(pace.lagMs, 58);
  pace.note(0, null, 1_723_161_255_900);
  assertEquals(pace.lagMs, 58);
});
