import { assertEquals } from "@std/assert";
import type { PenstockEvent } from "../../../src/domain/run/event.ts";
import { narrate, seconds, signed, strayText } from "../../../src/views/terminal/narration.ts";
import { SUMMARY } from "../../support/sample_metrics.ts";

const time = "2024-08-08T23:54:15.342000Z";
const symbol = "BTCUSDT";

const NARRATED: readonly [PenstockEvent, string, string][] = [
  [
    {
      type: "started",
      time,
      command: "run",
      version: "1.2.3",
      config: { symbol, short: 20, long: 50, cash: "10000", stake: "1000", fee: "0.001" },
    },
    "info",
    "Penstock 1.2.3 run: BTCUSDT, averages of 20 and 50 trades, cash 10000, stake 1000, fee 0.001; on paper only",
  ],
  [
    {
      type: "started",
      time,
      command: "demo",
      version: "1.2.3",
      config: { symbol, short: 20, long: 50, cash: "10000", stake: "50%", fee: "0.001" },
    },
    "info",
    "Penstock 1.2.3 demo: BTCUSDT, averages of 20 and 50 trades, cash 10000, stake 50% of the cash, fee 0.001; " +
    "on paper only",
  ],
  [
    {
      ...SUMMARY,
      type: "model",
      model: "pessimistic",
      slippage: "2",
      latency: 250,
      halt: { reason: "max-drawdown", limit: "0.2", value: "0.20011", tradeId: 7, action: "hold" },
    },
    "warn",
    "the pessimistic fill model ended in a halt: max-drawdown 0.20011 reached the limit 0.2 at trade 7",
  ],
  [{ type: "connected", time, endpoint: "ws://h:1", attempt: 1 }, "info", "connected to ws://h:1"],
  [
    { type: "connected", time, endpoint: "ws://h:1", attempt: 3 },
    "info",
    "connected to ws://h:1 at attempt 3",
  ],
  [
    { type: "disconnected", time, reason: "no data", retryInMs: 350 },
    "warn",
    "not connected: no data; trying again in 0.35 s",
  ],
  [
    { type: "disconnected", time, reason: "gone", retryInMs: 0, hint: "Do this." },
    "warn",
    "not connected: gone; trying again at once. Do this.",
  ],
  [
    { type: "reset", time, symbol, fromId: 1, lastId: 1_349 },
    "warn",
    "the exchange's trade ids started over at 1, after 1349: the averages start again, " +
    "position and cash stay",
  ],
  [
    { type: "gap", time, symbol, fromId: 5, toId: 7, missing: 3, filled: 0 },
    "warn",
    "gap: 3 trades missing (5 to 7): the averages start again",
  ],
  [
    { type: "gap", time, symbol, fromId: 5, toId: 7, missing: 3, filled: 2 },
    "warn",
    "gap: 3 trades missing (5 to 7): 2 fetched, the averages start again",
  ],
  [
    { type: "gap", time, symbol, fromId: 5, toId: 7, missing: 3, filled: 3 },
    "info",
    "gap: 3 trades missing (5 to 7): fetched; backfilled trades move the averages and place no orders",
  ],
  [
    { type: "gap", time, symbol, fromId: 5, toId: 5, missing: 1, filled: 0 },
    "warn",
    "gap: trade 5 missing: the averages start again",
  ],
  [
    { type: "gap", time, symbol, fromId: 5, toId: 5, missing: 1, filled: 1 },
    "info",
    "gap: trade 5 missing: fetched; backfilled trades move the averages and place no orders",
  ],
  [
    { type: "gap", time, symbol, fromId: 8, toId: 7, missing: 0, filled: 0 },
    "warn",
    "the trade ids start again at 8: the averages start again",
  ],
  [
    { type: "gap", time, symbol, fromId: 0, toId: -1, missing: 0, filled: 0 },
    "warn",
    "the trade ids start again at 0: the averages start again",
  ],
  [
    {
      type: "signal",
      time,
      symbol,
      side: "buy",
      price: "5",
      tradeId: 1,
      shortAverage: "4.5",
      longAverage: "4",
    },
    "info",
    "buy signal @ 5.00  (sma 4.50 > 4.00)",
  ],
  [
    {
      type: "signal",
      time,
      symbol,
      side: "sell",
      price: "5",
      tradeId: 1,
      shortAverage: "4",
      longAverage: "4.5",
    },
    "info",
    "sell signal @ 5.00  (sma 4.00 < 4.50)",
  ],
  [
    {
      type: "refusal",
      time,
      symbol,
      side: "buy",
      reason: "min-notional",
      limit: "5",
      value: "4",
      tradeId: 9,
    },
    "warn",
    "buy refused (min-notional): 4 found, limit 5, trade 9",
  ],
  [
    {
      type: "refusal",
      time,
      symbol,
      side: "buy",
      reason: "halted",
      limit: "released",
      value: "halted",
      tradeId: 9,
    },
    "warn",
    "buy refused (halted): trading is halted, trade 9",
  ],
  [
    {
      type: "refusal",
      time,
      symbol,
      side: "buy",
      reason: "halted",
      limit: "0.2",
      value: "0.21",
      tradeId: 9,
    },
    "warn",
    "buy refused (halted): 0.21 found, limit 0.2, trade 9",
  ],
  [
    {
      type: "fill",
      time,
      symbol,
      side: "buy",
      price: "61610",
      quantity: "0.016",
      fee: "1",
      cash: "9000",
      position: "0.016",
      tradeId: 2,
      signalTradeId: 1,
    },
    "info",
    "BUY 0.016 BTC @ 61,610.00  fee 1.00  cash 9,000.00",
  ],
  [
    {
      type: "fill",
      time,
      symbol: "ETHBTC",
      side: "sell",
      price: "0.05",
      quantity: "2",
      fee: "0.1",
      cash: "9.9",
      position: "0",
      tradeId: 2,
      signalTradeId: 1,
      realized: "0.5",
    },
    "info",
    "SELL 2 ETH @ 0.05  fee 0.10  result +0.50  cash 9.90",
  ],
  [
    { type: "expired", time, symbol, side: "buy", signalTradeId: 7 },
    "warn",
    "a buy order was still waiting when the input ended (signal at trade 7)",
  ],
  [
    {
      type: "halt",
      time,
      symbol,
      reason: "max-drawdown",
      limit: "0.2",
      value: "0.21",
      tradeId: 7,
      action: "hold",
    },
    "warn",
    "halted: max-drawdown 0.21 reached the limit 0.2 at trade 7; no more buys, until it is released",
  ],
  [
    {
      type: "halt",
      time,
      symbol,
      reason: "max-daily-loss",
      limit: "0.05",
      value: "0.0501",
      tradeId: 7,
      action: "flatten",
    },
    "warn",
    "halted: max-daily-loss 0.0501 reached the limit 0.05 at trade 7; the position is sold, and nothing is traded " +
    "after that, until the next UTC day",
  ],
  [
    {
      type: "halt",
      time,
      symbol,
      reason: "manual",
      limit: "released",
      value: "halted",
      tradeId: 7,
      action: "hold",
    },
    "warn",
    "halted: by hand; no more buys, until it is released",
  ],
  [
    { type: "released", time, symbol, reason: "max-daily-loss", tradeId: 9 },
    "info",
    "a new UTC day: the halt (max-daily-loss) ended at trade 9",
  ],
  [
    {
      type: "halt",
      time,
      symbol,
      reason: "manual",
      limit: "released",
      value: "halted",
      tradeId: 7,
      action: "hold",
      text: "odd prices",
      requested: time,
    },
    "warn",
    "halted: by hand (odd prices); no more buys, until it is released",
  ],
  [
    { type: "released", time, symbol, reason: "manual", tradeId: 9, text: "looked at it", requested: time },
    "warn",
    "the halt (by hand) is released: looked at it; trading resumes",
  ],
  [
    {
      type: "fill",
      time,
      symbol,
      side: "sell",
      price: "61610",
      quantity: "0.01",
      fee: "1",
      cash: "9000",
      position: "0.006",
      tradeId: 2,
      signalTradeId: 1,
      realized: "-1",
      partial: true,
      cause: "stop-loss",
    },
    "info",
    "SELL 0.01 BTC @ 61,610.00  in part  fee 1.00  result -1.00  cash 9,000.00  (stop-loss)",
  ],
  [
    {
      type: "fill",
      time,
      symbol,
      side: "buy",
      price: "61610",
      quantity: "0.01",
      fee: "1",
      cash: "9000",
      position: "0.016",
      tradeId: 2,
      signalTradeId: 1,
      filled: "0.016",
      averagePrice: "61609.5",
    },
    "info",
    "BUY 0.01 BTC @ 61,610.00  fee 1.00  cash 9,000.00  in all 0.016 @ 61,609.50 on average",
  ],
  [
    {
      type: "refusal",
      time,
      symbol,
      side: "sell",
      reason: "min-notional",
      limit: "5",
      value: "4",
      tradeId: 9,
      cause: "flatten",
    },
    "warn",
    "sell (flatten) refused (min-notional): 4 found, limit 5, trade 9",
  ],
  [
    {
      type: "refusal",
      time,
      symbol,
      side: "buy",
      reason: "max-lag",
      limit: "5000",
      value: "5000.25",
      tradeId: 9,
    },
    "warn",
    "buy refused (max-lag): 5000.25 ms found, limit 5000 ms, trade 9",
  ],
  [
    {
      type: "expired",
      time,
      symbol,
      side: "buy",
      signalTradeId: 7,
      reason: "order-ttl",
      filled: "0.5",
      averagePrice: "3",
    },
    "warn",
    "a buy order expired (signal at trade 7); in all 0.5 at 3 on average",
  ],
  [
    { type: "expired", time, symbol, side: "buy", signalTradeId: 7, reason: "replaced" },
    "info",
    "a buy order was cancelled for a sale (signal at trade 7)",
  ],
  [
    {
      type: "expired",
      time,
      symbol,
      side: "sell",
      signalTradeId: 7,
      reason: "order-ttl",
      cause: "take-profit",
    },
    "warn",
    "a sell order expired (take-profit at trade 7)",
  ],
  [
    { type: "rejected", time, reason: "not JSON", count: 1, sample: "{" },
    "warn",
    "1 unusable message: not JSON: {",
  ],
  [
    { type: "rejected", time, reason: "not JSON", count: 2, sample: "{" },
    "warn",
    "2 unusable messages: not JSON: {",
  ],
  [
    {
      type: "status",
      time,
      symbol,
      trades: 5,
      tradesPerSecond: 2,
      lagMs: null,
      equity: "9",
      position: "0",
      halted: false,
    },
    "debug",
    "5 trades, 2/s, equity 9, position 0",
  ],
  [
    {
      type: "status",
      time,
      symbol,
      trades: 5,
      tradesPerSecond: 2,
      lagMs: null,
      equity: "9",
      position: "0",
      halted: true,
    },
    "debug",
    "5 trades, 2/s, equity 9, position 0, halted",
  ],
];

for (const [event, level, text] of NARRATED) {
  Deno.test(`narrate() says "${text}"`, () => assertEquals(narrate(event), { level, text } as never));
}

Deno.test("narrate() leaves the summary to its table", () => {
  assertEquals(narrate({ type: "summary" } as PenstockEvent), null);
});

Deno.test("seconds() has decimals only below ten seconds", () => {
  assertEquals([0, 5, 350, 1500, 9_999, 12_400, 3_600_000].map(seconds), [
    "0 s",
    "0.01 s",
    "0.35 s",
    "1.5 s",
    "10 s",
    "12 s",
    "3600 s",
  ]);
});

Deno.test("signed() shows the sign of anything but zero", () => {
  assertEquals(["1.5", "-1.5", "0"].map(signed), ["+1.5", "-1.5", "0"]);
});

Deno.test("strayText() counts the trades out of order and names the first", () => {
  const reason = "trade 5 is out of order: trade 7 came before it";
  assertEquals(strayText({ count: 1, reason, sample: "{}" }), `${reason}; it places no order`);
  assertEquals(strayText({ count: 2, reason, sample: "{}" }), `2 trades out of order, the first: ${reason}`);
});
