import { assertEquals } from "@std/assert";
import type { GapEvent, RefusalEvent } from "../../../src/domain/run/event.ts";
import { IncidentLog, MOST_REFUSALS } from "../../../src/views/report/incident_log.ts";

const time = "2025-01-01T00:00:00.000000Z";
const symbol = "BTCUSDT";
const GAP: GapEvent = { type: "gap", time, symbol, fromId: 7, toId: 7, missing: 1, filled: 0 };
const REFUSAL: RefusalEvent = {
  ...{
    type: "refusal",
    time,
    symbol,
    side: "buy",
    reason: "halted",
    limit: "released",
    value: "halted",
    tradeId: 9,
  },
};

Deno.test("IncidentLog keeps the first refusals, and counts the others", () => {
  const log = new IncidentLog();
  for (let at = 0; at < MOST_REFUSALS + 100; at++) log.event(REFUSAL);
  log.event(GAP);
  assertEquals(log.incidents.length, MOST_REFUSALS + 1);
  assertEquals(log.incidents.at(-1)!.text, "1 trade missing before trade 8, 0 fetched");
  assertEquals(log.more(MOST_REFUSALS + 100), 100);
});

Deno.test("IncidentLog keeps ten times as many other incidents, and counts the others", () => {
  const log = new IncidentLog();
  for (let at = 0; at < 10 * MOST_REFUSALS + 3; at++) log.event(GAP);
  log.event(REFUSAL);
  assertEquals(log.incidents.length, 10 * MOST_REFUSALS);
  assertEquals(log.more(1), 4);
});
