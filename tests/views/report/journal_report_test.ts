import { assertEquals } from "@std/assert";
import { Money } from "../../../src/domain/numbers/money.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import type { FillEvent, SignalEvent } from "../../../src/domain/run/event.ts";
import { statusOf } from "../../../src/domain/run/run_status.ts";
import { JournalReport } from "../../../src/views/report/journal_report.ts";
import type { PackedLine } from "../../../src/views/report/page_format.ts";
import { kept, SECOND, STARTED } from "../../support/sample_run.ts";

const symbol = "BTCUSDT";

function signal(tradeId: number, second: number, price: string): SignalEvent {
  return { type: "signal", time: isoTime(STARTED + second * SECOND), symbol, side: "buy", price, tradeId };
}

function fill(tradeId: number, signalTradeId: number, second: number, price: string): FillEvent {
  const time = isoTime(STARTED + second * SECOND);
  const amounts = { price, quantity: "1", fee: "0", cash: "9000", position: "1" };
  return { type: "fill", time, symbol, side: "buy", ...amounts, tradeId, signalTradeId };
}

/** The values of a line. */
function valuesOf({ places, values }: PackedLine): number[] {
  let sum = 0;
  return values.map((difference) => (sum += difference) / 10 ** places);
}

function pricesAfter(...events: readonly (SignalEvent | FillEvent)[]): number[] {
  const report = new JournalReport(new Money("10000"));
  for (const event of events) report.event(event, Date.parse(event.time) * 1000);
  const status = statusOf(kept({ last: null }), STARTED + 101 * SECOND);
  const facts = { status, version: "1", options: { cash: "10000" }, assumptions: [], isBacktest: false };
  return valuesOf(report.report({ ...facts, entry: 9, hash: "" }).data.price);
}

Deno.test("JournalReport has a fill's own price only at a trade that is not its signal's", () => {
  // With slippage, the price of a fill at its signal's trade is not the market's.
  assertEquals(pricesAfter(signal(1, 1, "100"), fill(1, 1, 1, "100.5")).at(-1), 100);
  assertEquals(pricesAfter(signal(1, 1, "100"), fill(5, 1, 3, "103")).at(-1), 103);
});
