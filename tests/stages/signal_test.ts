import { assertEquals } from "@std/assert";
import type { Signal, Target } from "../../src/domain/market/signal.ts";
import type { AveragedBlock } from "../../src/domain/market/block.ts";
import { SignalStage } from "../../src/stages/signal.ts";
import { tickOf } from "../support/ticks.ts";
import { blocksOf } from "../support/blocks.ts";

/** Blocks of `rows` trades, ids from 1 on, after which a strategy wants these things. */
function* averaged(targets: readonly Target[], rows: number): Generator<AveragedBlock> {
  const ticks = targets.map((_, at) => tickOf({ id: at + 1, time: (at + 1) * 1_000 }));
  for (const block of blocksOf(ticks, rows)) {
    for (let row = 0; row < block.size; row++) {
      const target = targets[block.id[row]! - 1]!;
      if (target !== 0) block.turns.push({ row, target, values: null });
    }
    yield block;
  }
}

/** The side of the signal that each trade gave, or null: the same however they are cut into blocks. */
function sides(signals: SignalStage, ...targets: readonly Target[]): (string | null)[] {
  const from = signals.snapshot();
  const found = [1, 2, 3, 99].map((rows) => {
    signals.restore(from);
    return [...signals.over(averaged(targets, rows))].flatMap(({ size, signals, signalRows }) => {
      const here: (string | null)[] = Array(size).fill(null);
      for (const [at, row] of signalRows.entries()) here[row] = signals[at]!.side;
      return here;
    });
  });
  for (const other of found) assertEquals(other, found[0]);
  return found[0]!;
}

Deno.test("SignalStage.over() buys when the strategy wants to be long, and sells when it wants to be flat", () => {
  const signals = new SignalStage();
  const found = sides(signals, 0, -1, 1, 1, -1, -1, 1);
  assertEquals(found, [null, null, "buy", null, "sell", null, "buy"]);
  assertEquals(signals.signals, 3);
  assertEquals(signals.stance, "long");
});

Deno.test("SignalStage.over() buys at once if the strategy wants to be long from the start", () => {
  assertEquals(sides(new SignalStage(), 0, 1), [null, "buy"]);
});

Deno.test("SignalStage.over() signals no sale before a buy", () => {
  assertEquals(sides(new SignalStage(), -1, 0, -1), [null, null, null]);
});

Deno.test("SignalStage.over() changes nothing while the strategy wants what it wanted before", () => {
  const found = sides(
    new SignalStage(),
    1,
    0,
    1,
    0,
    0,
    0,
    -1,
    0,
  );
  assertEquals(found, ["buy", null, null, null, null, null, "sell", null]);
});

Deno.test("SignalStage.over() gives a signal its trade and the trade's time", () => {
  const [block] = [...new SignalStage().over(averaged([0, 1], 2))];
  assertEquals(block?.signals[0], {
    side: "buy",
    tradeId: 2,
    time: 2_000,
  });
});

Deno.test("SignalStage.over() gives every signal of several bars that close at one trade, in order", () => {
  const [block] = [...averaged([0, 0, 0], 3)];
  const values = [{ value: "1" }, { value: "2" }, { value: "3" }, { value: "4" }];
  for (const [at, target] of ([1, -1, -1, 1] as const).entries()) {
    block!.turns.push({ row: 1, target, values: values[at]! });
  }
  block!.turns.push({ row: 2, target: -1, values: null });
  const signals = new SignalStage();
  const [found] = [...signals.over([block!])];
  const [buy, sell] = [{ side: "buy", tradeId: 2, time: 2_000 }, { side: "sell", tradeId: 2, time: 2_000 }];
  assertEquals(found?.signalRows, [1, 2]);
  assertEquals(found?.signals, [
    {
      ...buy,
      values: values[0]!,
      next: { ...sell, values: values[1]!, next: { ...buy, values: values[3]! } },
    },
    { side: "sell", tradeId: 3, time: 3_000 },
  ] as Signal[]);
  assertEquals([signals.signals, signals.stance], [4, "flat"]);
});

Deno.test("SignalStage.restore() continues with the stance of the snapshot", () => {
  const signals = new SignalStage();
  sides(signals, 1);
  const restored = new SignalStage();
  restored.restore(signals.snapshot());
  assertEquals(restored.stance, "long");
  assertEquals(sides(restored, 1, -1), [null, "sell"]);
});
