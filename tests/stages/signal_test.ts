import { assertEquals } from "@std/assert";
import type { Wish } from "../../src/domain/market/signal.ts";
import type { AveragedBlock } from "../../src/domain/market/block.ts";
import { SignalStage } from "../../src/stages/signal.ts";
import { tickOf } from "../support/ticks.ts";
import { blocksOf } from "../support/blocks.ts";

/** Blocks of `rows` trades, ids from 1 on, after which a strategy wants these things. */
function* averaged(wishes: readonly Wish[], rows: number): Generator<AveragedBlock> {
  const ticks = wishes.map((_, at) => tickOf({ id: at + 1, time: (at + 1) * 1_000 }));
  for (const block of blocksOf(ticks, rows)) {
    for (let row = 0; row < block.size; row++) block.wishes[row] = wishes[block.id[row]! - 1]!;
    yield block;
  }
}

/** The side of the signal that each trade gave, or null: the same however they are cut into blocks. */
function sides(signals: SignalStage, ...wishes: readonly Wish[]): (string | null)[] {
  const from = signals.snapshot();
  const found = [1, 2, 3, 99].map((rows) => {
    signals.restore(from);
    return [...signals.over(averaged(wishes, rows))].flatMap(({ size, signals, signalRows }) => {
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

Deno.test("SignalStage.restore() continues with the stance of the snapshot", () => {
  const signals = new SignalStage();
  sides(signals, 1);
  const restored = new SignalStage();
  restored.restore(signals.snapshot());
  assertEquals(restored.stance, "long");
  assertEquals(sides(restored, 1, -1), [null, "sell"]);
});
