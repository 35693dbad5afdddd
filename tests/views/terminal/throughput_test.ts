import { assert, assertEquals } from "@std/assert";
import { Throughput } from "../../../src/views/terminal/throughput.ts";

const START = 1_723_161_255_000;

Deno.test("Throughput counts trades a second over the last ten seconds", () => {
  const throughput = new Throughput();
  const rates: number[] = [];
  throughput.note(0, null, START);
  for (let second = 1; second <= 30; second++) {
    // 100 trades a second for 15 s, then none.
    throughput.note(second <= 15 ? 100 : 0, null, START + second * 1000 - 1);
    rates.push(throughput.tradesPerSecond(START + second * 1000));
  }
  assertEquals([rates[0], rates[4], rates[14]], [100, 100, 100]);
  assertEquals([rates[19], rates.at(-1)], [50, 0]);
});

Deno.test("Throughput counts trades at their arrival, however many wait and are run at once", () => {
  const throughput = new Throughput();
  // Trades that arrived over 20 s are added all at once at the end.
  for (let at = 0; at < 20_000; at += 100) throughput.note(6, null, START + at);
  const rate = throughput.tradesPerSecond(START + 20_000);
  assert(Math.abs(rate - 60) < 2, `${rate}`);
});

Deno.test("Throughput does not count the time before the first trade", () => {
  const throughput = new Throughput();
  for (let at = 0; at < 2_000; at += 100) throughput.note(6, null, START + at);
  assertEquals(throughput.tradesPerSecond(START + 2_000), 60);
});

Deno.test("Throughput is zero before the first trade", () => {
  const throughput = new Throughput();
  assertEquals([throughput.tradesPerSecond(START), throughput.tradesPerSecond(START + 5_000)], [0, 0]);
  assertEquals(throughput.lagMs, null);
});

Deno.test("Throughput gives the age of the last trade at its arrival", () => {
  const throughput = new Throughput();
  throughput.note(1, 1_723_161_255_342_123, 1_723_161_255_400);
  assertEquals(throughput.lagMs, 58);
  throughput.note(0, null, 1_723_161_255_900);
  assertEquals(throughput.lagMs, 58);
});
