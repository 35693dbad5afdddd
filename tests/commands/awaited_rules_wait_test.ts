import { assertEquals } from "@std/assert";
import { AwaitedRules, type AwaitRules } from "../../src/commands/run/awaited_rules.ts";
import type { ArrivedRules } from "../../src/domain/market/instrument.ts";

const ARRIVED: ArrivedRules = {
  rules: { lot: "1", tick: "1", minQuantity: null, maxQuantity: null, minNotional: "5", maxNotional: null },
  instrument: {
    sources: {
      ...{ lot: "exchange", tick: "exchange", minQuantity: "exchange" },
      ...{ maxQuantity: "exchange", minNotional: "exchange", maxNotional: "exchange" },
    },
    exchangeInfo: null,
  },
};

/** What a waiting run is told, in order. */
function taker(told: string[], take: (arrived: ArrivedRules) => void = () => {}) {
  return {
    take(arrived: ArrivedRules) {
      told.push(`lot ${arrived.rules.lot}`);
      take(arrived);
    },
    onTrouble: (text: string) => void told.push(text),
    onFailure: (error: unknown) => void told.push(String(error)),
  };
}

Deno.test("AwaitedRules hands the rules on once they have come, and why they take long", async () => {
  const told: string[] = [];
  const coming = Promise.withResolvers<ArrivedRules>();
  {
    await using _rules = new AwaitedRules((_signal, onTrouble) => {
      onTrouble("busy");
      return coming.promise;
    }, taker(told));
    assertEquals(told, ["busy"]);
    coming.resolve(ARRIVED);
    await coming.promise;
    // Those who wait for the same promise are served in their order.
    await Promise.resolve();
    assertEquals(told, ["busy", "lot 1"]);
  }
  assertEquals(told, ["busy", "lot 1"]);
});

Deno.test("AwaitedRules takes nothing once it is disposed of, and waits for nothing that nobody awaits", async () => {
  const told: string[] = [];
  const late: AwaitRules = (signal) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(ARRIVED)));
  {
    await using _rules = new AwaitedRules(late, taker(told));
    await using _nothing = new AwaitedRules(null, taker(told));
  }
  assertEquals(told, []);
});

Deno.test("AwaitedRules says at once why rules could not be taken", async () => {
  const told: string[] = [];
  await using _rules = new AwaitedRules(
    () => Promise.resolve(ARRIVED),
    taker(told, () => {
      throw new Error("the journal is gone");
    }),
  );
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(told, ["lot 1", "Error: the journal is gone"]);
});
