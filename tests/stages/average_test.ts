import { assertEquals } from "@std/assert";
import { AverageStage } from "../../src/stages/average.ts";
import { Crossover } from "../../src/stages/strategies/crossover.ts";
import { tickOf, ticksAt } from "../support/ticks.ts";

function stageOf(short: number, long: number): AverageStage {
  return new AverageStage(new Crossover(short, long));
}

Deno.test("AverageStage.over() empties the averages at a gap, and when the ids start over", () => {
  for (const missing of [1, 7, -1]) {
    const stage = stageOf(1, 2);
    const prices = [{ price: 10 }, { price: 30 }, { price: 50, missing }, { price: 10 }];
    const found = [];
    for (const { wish, readings } of stage.over(prices.map(tickOf))) found.push([wish, readings.values()]);
    assertEquals(found, [
      [0, null],
      [1, { shortAverage: "30", longAverage: "20" }],
      [0, null],
      [-1, { shortAverage: "10", longAverage: "30" }],
    ]);
    assertEquals(stage.record, { emptied: 1, existed: true });
  }
});

Deno.test("AverageStage.record says whether the averages ever existed, and how often they were emptied", () => {
  const stage = stageOf(1, 3);
  const run = (...missing: readonly number[]) => {
    stage.over(missing.map((missing) => tickOf({ missing }))).forEach(() => {});
  };
  run(0, 0, 5, 0);
  assertEquals(stage.record, { emptied: 1, existed: false });
  run(0);
  assertEquals(stage.record, { emptied: 1, existed: true });
  run(5);
  assertEquals(stage.record, { emptied: 2, existed: true });
});

Deno.test("AverageStage.over() reads one tick for each that it is asked for", () => {
  let read = 0;
  const source = function* () {
    for (;;) yield tickOf({ id: ++read });
  };
  const stage = stageOf(1, 2).over(source());
  stage.next();
  stage.next();
  assertEquals(read, 2);
});

Deno.test("AverageStage.restart() empties the averages", () => {
  const stage = stageOf(1, 2);
  stage.over(ticksAt([1, 2])).forEach(() => {});
  assertEquals(stage.closes.values, [1, 2]);
  stage.restart();
  assertEquals(stage.closes.values, []);
});

Deno.test("AverageStage.takeCloses() gives each close once, or all that count if those given before are void", () => {
  const stage = stageOf(1, 3);
  const run = (...prices: readonly number[]) => stage.over(ticksAt(prices)).forEach(() => {});
  assertEquals(stage.takeCloses(), { decimals: 0, values: [], isFresh: true });
  run(1, 2);
  assertEquals(stage.takeCloses(), { decimals: 0, values: [1, 2], isFresh: false });
  assertEquals(stage.takeCloses(), { decimals: 0, values: [], isFresh: false });
  run(3, 4);
  stage.over(ticksAt([55], 1)).forEach(() => {});
  assertEquals(stage.takeCloses(), { decimals: 1, values: [30, 40, 55], isFresh: true });
  stage.over([tickOf({ price: 7, decimals: 1, missing: 2 })]).forEach(() => {});
  assertEquals(stage.takeCloses(), { decimals: 1, values: [7], isFresh: true });
  stage.restore(null, { decimals: 0, values: [1, 2, 3] });
  assertEquals(stage.takeCloses(), { decimals: 0, values: [], isFresh: false });
});
