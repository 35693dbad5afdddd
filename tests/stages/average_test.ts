import { assertEquals, assertGreater } from "@std/assert";
import { AverageStage } from "../../src/stages/average.ts";
import { Crossover } from "../../src/stages/strategies/crossover.ts";
import { tickOf, ticksAt } from "../support/ticks.ts";
import { flatBar } from "../support/bars.ts";
import { blocksOf } from "../support/blocks.ts";

function stageOf(short: number, long: number): AverageStage {
  return new AverageStage(new Crossover(short, long));
}

Deno.test("AverageStage.over() empties the averages at a gap, and when the ids start over", () => {
  for (const missing of [1, 7, -1]) {
    const stage = stageOf(1, 2);
    const ticks = [{ id: 1, price: 10 }, { id: 2, price: 30 }, { id: 3, price: 50, missing }, {
      id: 4,
      price: 10,
    }]
      .map(tickOf);
    const found = [];
    for (const { size, id, targets, turns } of stage.over(blocksOf(ticks, 9))) {
      found.push(...targets.subarray(0, size));
      for (const { row, ...turn } of turns) found.push({ id: id[row], ...turn });
    }
    assertEquals(found, [
      ...[0, 1],
      { id: 2, target: 1, values: { shortAverage: "30", longAverage: "20" } },
      ...[0, -1],
      { id: 4, target: -1, values: { shortAverage: "10", longAverage: "30" } },
    ]);
    assertEquals(stage.record, { emptied: 1, existed: true });
  }
});

Deno.test("AverageStage.record says whether the averages ever existed, and how often they were emptied", () => {
  const stage = stageOf(1, 3);
  const run = (...missing: readonly number[]) => {
    stage.over(blocksOf(missing.map((missing) => tickOf({ missing })))).forEach(() => {});
  };
  run(0, 0, 5, 0);
  assertEquals(stage.record, { emptied: 1, existed: false });
  run(0);
  assertEquals(stage.record, { emptied: 1, existed: true });
  run(5);
  assertEquals(stage.record, { emptied: 2, existed: true });
});

Deno.test("AverageStage.over() reads one block for each that it is asked for", () => {
  let read = 0;
  const source = function* () {
    for (;;) yield* blocksOf([tickOf({ id: ++read })]);
  };
  const stage = stageOf(1, 2).over(source());
  stage.next();
  stage.next();
  assertEquals(read, 2);
});

Deno.test("AverageStage.restart() empties the averages", () => {
  const stage = stageOf(1, 2);
  stage.over(blocksOf(ticksAt([1, 2]))).forEach(() => {});
  assertEquals(stage.closes.values, [1, 2]);
  stage.restart();
  assertEquals(stage.closes.values, []);
});

Deno.test("AverageStage.takeCloses() gives each close once, or all that count if those given before are void", () => {
  const stage = stageOf(1, 3);
  const run = (...prices: readonly number[]) => stage.over(blocksOf(ticksAt(prices), 2)).forEach(() => {});
  assertEquals(stage.takeCloses(), { decimals: 0, values: [], isFresh: true });
  run(1, 2);
  assertEquals(stage.takeCloses(), { decimals: 0, values: [1, 2], isFresh: false });
  assertEquals(stage.takeCloses(), { decimals: 0, values: [], isFresh: false });
  run(3, 4);
  stage.over(blocksOf(ticksAt([55], 1))).forEach(() => {});
  assertEquals(stage.takeCloses(), { decimals: 1, values: [30, 40, 55], isFresh: true });
  stage.over(blocksOf([tickOf({ price: 7, decimals: 1, missing: 2 })])).forEach(() => {});
  assertEquals(stage.takeCloses(), { decimals: 1, values: [7], isFresh: true });
  stage.restore(null, { decimals: 0, values: [1, 2, 3] });
  assertEquals(stage.takeCloses(), { decimals: 0, values: [], isFresh: false });
});

Deno.test("AverageStage.over() keeps what the strategy shows at every possible signal, however trades are cut", () => {
  const ticks = ticksAt(Array.from({ length: 500 }, (_, at) => 1_000 + (at * at * 7) % 23));
  const whole = new Map<number, unknown>();
  let lastTarget = 0;
  for (const [at, tick] of ticks.entries()) {
    const strategy = new Crossover(2, 5);
    const target = ticks.slice(0, at + 1).map(({ price }) => strategy.add(flatBar(price))).at(-1)!;
    if (target !== 0 && target !== lastTarget) whole.set(tick.id, strategy.values());
    if (target !== 0) lastTarget = target;
  }
  assertGreater(whole.size, 100);
  for (const rows of [1, 7, 500]) {
    const found = new Map<number, unknown>();
    for (const { id, turns } of stageOf(2, 5).over(blocksOf(ticks, rows))) {
      for (const { row, values } of turns) found.set(id[row]!, values);
    }
    assertEquals(found, whole);
  }
  const quiet = new AverageStage(new Crossover(2, 5), false);
  for (const { turns } of quiet.over(blocksOf(ticks, 7))) {
    for (const { values } of turns) assertEquals(values, null);
  }
});
