import { assertEquals } from "@std/assert";
import type { FillEvent, PenstockEvent, RefusalEvent, SignalEvent } from "../../../src/domain/run/event.ts";
import { TradeNarration } from "../../../src/views/terminal/trade_narration.ts";

const at = { time: "2024-08-08T23:54:15.342000Z", symbol: "BTCUSDT" };

function signal(tradeId: number, side: "buy" | "sell" = "buy"): SignalEvent {
  const averages = { shortAverage: `${tradeId}`, longAverage: "0" };
  return { type: "signal", ...at, side, price: "5", tradeId, ...averages };
}

function fill(tradeId: number, signalTradeId: number, more: Partial<FillEvent> = {}): FillEvent {
  const amounts = { price: "5", quantity: "1", fee: "1", cash: "9", position: "1" };
  return { type: "fill", ...at, side: "buy", ...amounts, tradeId, signalTradeId, ...more };
}

const REFUSAL: RefusalEvent = {
  type: "refusal",
  ...at,
  side: "buy",
  reason: "min-notional",
  limit: "5",
  value: "4",
  tradeId: 1,
};

const FILLED = "BUY 1 BTC @ 5.00  fee 1.00  cash 9.00";

function logged(narration: TradeNarration, ...events: PenstockEvent[]): string[] {
  return events.flatMap((event) => [...narration.lines(event, null)]).map(({ text }) => text);
}

Deno.test("TradeNarration shows a signal and the fill that follows at once in one line", () => {
  const narration = new TradeNarration();
  assertEquals(logged(narration, signal(1), fill(1, 1)), [`${FILLED}  (sma 1.00 > 0.00)`]);
  assertEquals([...narration.settle(null)], []);
});

Deno.test("TradeNarration names the averages that the run started with", () => {
  const narration = new TradeNarration();
  const config = { symbol: "BTCUSDT", average: "ema", short: 2, long: 5, cash: "9", stake: "1", fee: "0" };
  const started: PenstockEvent = { type: "started", time: at.time, command: "run", version: "1", config };
  const [first, second] = logged(narration, started, signal(1), fill(1, 1));
  assertEquals(
    first,
    "Penstock 1 run: BTCUSDT, exponential averages of 2 and 5 trades, cash 9, stake 1, fee 0; on paper only",
  );
  assertEquals(second, `${FILLED}  (ema 1.00 > 0.00)`);
});

Deno.test("TradeNarration shows a signal that is refused, and then why", () => {
  assertEquals(logged(new TradeNarration(), signal(1), REFUSAL), [
    "buy signal @ 5.00  (sma 1.00 > 0.00)",
    "buy refused (min-notional): 4 found, limit 5, trade 1",
  ]);
});

Deno.test("TradeNarration shows a waiting signal once there are no more events, and every fill with its own signal", () => {
  const narration = new TradeNarration();
  for (const tradeId of [1, 2]) {
    assertEquals(logged(narration, signal(tradeId)), []);
    assertEquals([...narration.settle(null)].map(({ text }) => text), [
      `buy signal @ 5.00  (sma ${tradeId}.00 > 0.00)`,
    ]);
  }
  assertEquals(logged(narration, fill(8, 1, { partial: true }), fill(9, 1), fill(9, 2), fill(9, 99)), [
    "BUY 1 BTC @ 5.00  in part  fee 1.00  cash 9.00  (sma 1.00 > 0.00)",
    `${FILLED}  (sma 1.00 > 0.00)`,
    `${FILLED}  (sma 2.00 > 0.00)`,
    FILLED,
  ]);
});

Deno.test("TradeNarration shows a signal before the fill of another", () => {
  const narration = new TradeNarration();
  logged(narration, signal(1));
  assertEquals(logged(narration, signal(2), fill(2, 1)), [
    "buy signal @ 5.00  (sma 1.00 > 0.00)",
    "buy signal @ 5.00  (sma 2.00 > 0.00)",
    `${FILLED}  (sma 1.00 > 0.00)`,
  ]);
});

Deno.test("TradeNarration does not take a protective sale for the fill of the signal at the same trade", () => {
  const sale = fill(1, 1, { side: "sell", cause: "stop-loss" });
  assertEquals(logged(new TradeNarration(), signal(1, "sell"), sale), [
    "sell signal @ 5.00  (sma 1.00 < 0.00)",
    "SELL 1 BTC @ 5.00  fee 1.00  cash 9.00  (stop-loss)",
  ]);
});
