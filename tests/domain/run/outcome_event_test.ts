import { assertEquals, assertThrows } from "@std/assert";
import { signalEvent } from "../../../src/domain/run/outcome_event.ts";
import { signalledOf } from "../../support/ticks.ts";

const TIME = "2024-08-08T23:54:15.400000Z";

Deno.test("signalEvent() has the readings of the moment it is made", () => {
  const { signal, ...tick } = signalledOf({ id: 5, price: 6_160_785, decimals: 2 }, "buy");
  let short = "61607.5";
  const values = () => ({ shortAverage: short, longAverage: "61600.25" });
  const readings = { label: "sma", values };
  const event = signalEvent({ ...tick, readings }, signal!, TIME);
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
  short = "61608";
  assertEquals(signalEvent({ ...tick, readings }, signal!, TIME).shortAverage, "61608");
});

Deno.test("signalEvent() throws on a signal before there are values", () => {
  const { signal, ...tick } = signalledOf({ id: 5 }, "buy");
  const readings = { label: "sma", values: () => null };
  assertThrows(
    () => signalEvent({ ...tick, readings }, signal!, TIME),
    Error,
    "Trade 5 gives a signal before its averages exist",
  );
});
