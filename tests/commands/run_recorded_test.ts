/**
 * The whole program on recorded market data: the built-in exchange serves it over a real socket, Penstock trades it in
 * its own process, and every event must match the independent reference.
 */
import { assert, assertEquals } from "@std/assert";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import type { ExchangeTrade } from "../../src/simulator/trade.ts";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";
import { finishHere } from "../support/program_here.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { gzipLines, isRecorded } from "../support/recorded_data.ts";
import { assertRun } from "./event_contract.ts";

const BTCUSDT = ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"];
const TRADES = 19_904;
const CONNECTION = ["started", "connected", "disconnected", "status", "summary"];

/** The recorded trades, read without any of the program's code. */
async function recorded(): Promise<ExchangeTrade[]> {
  const lines = (await Promise.all(BTCUSDT.map(gzipLines))).flat();
  return lines.filter((line) => line.includes(`"btcusdt@trade"`)).map((line) => {
    const { t, p, q, T, m } = JSON.parse(line.slice(line.indexOf(" ") + 1)).data;
    return { id: t, price: p, quantity: q, time: T, buyerIsMaker: m };
  });
}

/** Trades the recording with `options`, and compares every event with the reference for `choices`. */
async function assertTraded(options: readonly string[], choices: Choices): Promise<PrintedEvent[]> {
  const trades = await recorded();
  assertEquals(trades.length, TRADES);
  await using exchange = BuiltInExchange.listen({ trades, speed: Infinity });
  const { endpoint } = exchange;
  const { code, stdout, stderr } = await finishHere(
    ...[
      "run",
      "--state=none",
      "--json",
      "--log-level=error",
      "--endpoint",
      endpoint,
      "--stop-after",
      `${TRADES}`,
      ...options,
    ],
  );
  assertEquals([code, stderr], [0, ""]);
  const events = eventsOf(stdout);
  assertRun(events);
  const plainTrades = trades.map(({ id, time, price }): PlainTrade => {
    return { firstId: id, lastId: id, time: time * 1000, price };
  });
  const expected = computeReference(plainTrades, choices);
  const made = events.filter(({ type }) => !CONNECTION.includes(type)) as unknown as PipelineEvent[];
  assertEquals(made.length, expected.events.length);
  made.forEach((event, at) => assertEquals(event, expected.events[at]));
  const summary = events.at(-1)!;
  for (const [key, value] of Object.entries(expected.totals)) assertEquals(summary[key], value, key);
  return events;
}

Deno.test({
  name: "penstock run trades the recorded BTCUSDT frames to the known 206 fills, cash and fees",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const events = await assertTraded([], DEFAULTS);
    const fills = events.filter(({ type }) => type === "fill");
    const { side, quantity, price, tradeId, cash } = fills.at(-1)!;
    assertEquals(fills.length, 206);
    assertEquals({ side, quantity, price, tradeId, cash }, {
      side: "sell",
      quantity: "0.01623",
      price: "61607.85",
      tradeId: 3735703112,
      cash: "9806.57851915",
    });
    const { trades, cash: left, fees, position } = events.at(-1)!;
    assertEquals([trades, left, fees, position], [TRADES, "9806.57851915", "205.95837875", "0"]);
  },
});

Deno.test({
  name:
    "penstock run trades the recorded BTCUSDT frames as the reference does with slippage, latency and other windows",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const events = await assertTraded(
      ["--slippage=1.5", "--latency=100ms", "--short=5", "--long=200"],
      { ...DEFAULTS, short: 5, long: 200, slippage: "1.5", latency: 100_000 },
    );
    const fills = events.filter(({ type }) => type === "fill");
    assert(fills.length > 20 && fills.some(({ tradeId, signalTradeId }) => tradeId !== signalTradeId));
  },
});
