import { assertEquals } from "@std/assert";
import type { Wish } from "../../src/domain/market/signal.ts";
import type { Averaged } from "../../src/domain/market/tick.ts";
import { SignalStage } from "../../src/stages/signal.ts";
import { tickOf } from "../support/ticks.ts";

/** Ticks with ids from 1 on, after which a strategy wants these things. */
function* averaged(...wishes: readonly Wish[]): Generator<Averaged> {
  for (const [at, wish] of wishes.entries()) {
    const readings = { label: "sma", values: () => null };
    yield Object.assign(tickOf({ id: at + 1, time: (at + 1) * 1_000 }), { wish, readings });
  }
}

/** The side of the signal that each tick gave, or null. */
function sides(signals: SignalStage, ...wishes: readonly Wish[]): (string | null)[] {
  return [...signals.over(averaged(...wishes))].map(({ signal }) => signal?.side ?? null);
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
  const [, tick] = [...new SignalStage().over(averaged(0, 1))];
  assertEquals(tick?.signal, {
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
