import { assertEquals, assertThrows } from "@std/assert";
import { signalEvent } from "../../../src/domain/run/outcome_event.ts";
import { signalledOf } from "../../support/ticks.ts";

const TIME = "2024-08-08T23:54:15.400000Z";

Deno.test("signalEvent() has the values of the moment at which the signal was given", () => {
  const { signal, ...tick } = signalledOf({ id: 5, price: 6_160_785, decimals: 2 }, "buy");
  const values = { shortAverage: "61607.5", longAverage: "61600.25" };
  const event = signalEvent(tick, { ...signal!, values }, TIME);
  assertEquals(event, {
    type: "signal",
    time: TIME,
    symbol: "BTCUSDT",
    side: "buy",
    price: "61607.85",
    tradeId: 5,
    shortAverage: "61607.5",
    longAverage: "61600.25",
  });
});

Deno.test("signalEvent() throws on a signal before there are values", () => {
  const { signal, ...tick } = signalledOf({ id: 5 }, "buy");
  assertThrows(
    () => signalEvent(tick, signal!, TIME),
    Error,
    "Trade 5 gives a signal before its averages exist",
  );
});
