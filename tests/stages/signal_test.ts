import { assertEquals } from "@std/assert";
import type { Averaged, Trend } from "../../src/domain/market/tick.ts";
import { Crossover } from "../../src/stages/signal.ts";
import { tickOf } from "../support/ticks.ts";

/** Ticks with these trends, ids from 1 on. */
function* averaged(...trends: readonly Trend[]): Generator<Averaged> {
  for (const [at, trend] of trends.entries()) {
    const averages = { short: () => `${at + 1}.5`, long: () => `${at + 1}.25` };
    yield Object.assign(tickOf({ id: at + 1, time: (at + 1) * 1_000 }), { trend, averages });
  }
}

/** The side of the signal that each tick gave, or null. */
function sides(crossover: Crossover, ...trends: readonly Trend[]): (string | null)[] {
  return [...crossover.over(averaged(...trends))].map(({ signal }) => signal?.side ?? null);
}

Deno.test("Crossover.over() buys when the short average rises above, and sells when below", () => {
  const crossover = new Crossover();
  const found = sides(crossover, "warming", "below", "above", "above", "below", "below", "above");
  assertEquals(found, [null, null, "buy", null, "sell", null, "buy"]);
  assertEquals(crossover.signals, 3);
  assertEquals(crossover.stance, "long");
});

Deno.test("Crossover.over() buys at once in a market that is above when the averages first exist", () => {
  assertEquals(sides(new Crossover(), "warming", "above"), [null, "buy"]);
});

Deno.test("Crossover.over() sells nothing that it has not signalled to buy", () => {
  assertEquals(sides(new Crossover(), "below", "warming", "below"), [null, null, null]);
});

Deno.test("Crossover.over() changes nothing while the averages are equal or warming", () => {
  const found = sides(
    new Crossover(),
    "above",
    "equal",
    "above",
    "equal",
    "warming",
    "equal",
    "below",
    "equal",
  );
  assertEquals(found, ["buy", null, null, null, null, null, "sell", null]);
});

Deno.test("Crossover.over() gives a signal its trade and the trade's time", () => {
  const [, tick] = [...new Crossover().over(averaged("warming", "above"))];
  assertEquals(tick?.signal, {
    side: "buy",
    tradeId: 2,
    time: 2_000,
  });
});

Deno.test("Crossover.restore() of a snapshot goes on with the stance", () => {
  const crossover = new Crossover();
  sides(crossover, "above");
  const restored = new Crossover();
  restored.restore(crossover.snapshot());
  assertEquals(restored.stance, "long");
  assertEquals(sides(restored, "above", "below"), [null, "sell"]);
});
