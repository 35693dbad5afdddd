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

/** What a waiting run receives from AwaitedRules, in order. */
function taker(printed: string[], take: (arrived: ArrivedRules) => void = () => {}) {
  return {
    take(arrived: ArrivedRules) {
      printed.push(`lot ${arrived.rules.lot}`);
      take(arrived);
      return Promise.resolve();
    },
    onTrouble: (text: string) => void printed.push(text),
    onFailure: (error: unknown) => void printed.push(String(error)),
  };
}

Deno.test("AwaitedRules passes on the rules once they arrive, and the reason for a delay", async () => {
  const printed: string[] = [];
  const coming = Promise.withResolvers<ArrivedRules>();
  {
    await using _rules = new AwaitedRules((_signal, onTrouble) => {
      onTrouble("busy");
      return coming.promise;
    }, taker(printed));
    assertEquals(printed, ["busy"]);
    coming.resolve(ARRIVED);
    await coming.promise;
    // Callers that wait for the same promise are served in order.
    await Promise.resolve();
    assertEquals(printed, ["busy", "lot 1"]);
  }
  assertEquals(printed, ["busy", "lot 1"]);
});

Deno.test("AwaitedRules accepts nothing once it is disposed, and waits only while something is awaited", async () => {
  const printed: string[] = [];
  const late: AwaitRules = (signal) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(ARRIVED)));
  {
    await using _rules = new AwaitedRules(late, taker(printed));
    await using _nothing = new AwaitedRules(null, taker(printed));
  }
  assertEquals(printed, []);
});

Deno.test("AwaitedRules fails at once with the reason why rules could not be accepted", async () => {
  const printed: string[] = [];
  await using _rules = new AwaitedRules(
    () => Promise.resolve(ARRIVED),
    taker(printed, () => {
      throw new Error("the journal is gone");
    }),
  );
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(printed, ["lot 1", "Error: the journal is gone"]);
});
