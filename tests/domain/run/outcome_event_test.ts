import { assertEquals, assertThrows } from "@std/assert";
import { signalEvent } from "../../../src/domain/run/outcome_event.ts";
import { signalledOf } from "../../support/ticks.ts";

const TIME = "2024-08-08T23:54:15.400000Z";

Deno.test("signalEvent() has the averages of the moment it is made", () => {
  const { signal, ...tick } = signalledOf({ id: 5, price: 6_160_785, decimals: 2 }, "buy");
  let short = "61607.5";
  const averages = { short: () => short, long: () => "61600.25" };
  const event = signalEvent({ ...tick, averages }, signal!, TIME);
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
  assertEquals(signalEvent({ ...tick, averages }, signal!, TIME).shortAverage, "61608");
});

Deno.test("signalEvent() throws on a crossing of averages that do not exist", () => {
  const { signal, ...tick } = signalledOf({ id: 5 }, "buy");
  const averages = { short: () => "1", long: () => null };
  assertThrows(
    () => signalEvent({ ...tick, averages }, signal!, TIME),
    Error,
    "Trade 5 crosses averages that do not exist yet",
  );
});
