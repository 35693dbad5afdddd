/** The pipeline on recorded market data, against figures computed by hand and against the reference. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert } from "@std/assert";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { gzipLines, isRecorded, zipLines } from "../support/recorded_data.ts";
import { assertEquals } from "../support/equals.ts";

const BTCUSDT = ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"];
const PEPEUSDT = "spot-PEPEUSDT-aggTrades-2024-10-27.zip";
const APEUSDT = "futures-APEUSDT-aggTrades-2024-10-18.zip";

let read: Promise<readonly string[]> | null = null;

/** All frames of the recording, without their times of arrival; read once for all tests. */
function frames(): Promise<readonly string[]> {
  return read ??= Promise.all(BTCUSDT.map(gzipLines)).then((lines) =>
    lines.flat().map((line) => line.slice(line.indexOf(" ") + 1))
  );
}

/** The trades among the frames, read without any code of the program. */
function tradesIn(frames: readonly string[]): PlainTrade[] {
  return frames.filter((frame) => frame.includes(`"btcusdt@trade"`)).map((frame) => {
    const { t, T, p, q } = JSON.parse(frame).data;
    return { firstId: t, lastId: t, time: T * 1000, price: p, quantity: q };
  });
}

/** The rows of an aggTrades file in either layout: aggregate id, price, quantity, first id, last id, ms. */
async function aggregates(name: string): Promise<PlainTrade[]> {
  const rows = (await zipLines(name)).map((line) => line.split(","));
  return rows.filter(([id]) => /^\d/.test(id!)).map(([, price, , first, last, time]) => ({
    firstId: Number(first),
    lastId: Number(last),
    time: Number(time) * 1000,
    price: price!,
  }));
}

function messagesOf(trades: readonly PlainTrade[], symbol: string): string[] {
  return trades.map((trade) => messageOf(trade, "aggTrade", symbol));
}

/** Runs the messages in batches of 1,000, as a feed would hand them over. */
function play(
  messages: readonly string[],
  choices: Choices,
): { pipeline: Pipeline; events: PipelineEvent[] } {
  const pipeline = new Pipeline(optionsOf(choices));
  const events: PipelineEvent[] = [];
  for (let at = 0; at < messages.length; at += 1_000) {
    events.push(...pipeline.run(reading(messages.slice(at, at + 1_000), choices.symbol)));
  }
  events.push(...pipeline.end());
  return { pipeline, events };
}

/** Compares with the reference, and returns the totals to compare with known figures. */
function assertMatchesReference(
  messages: readonly string[],
  trades: readonly PlainTrade[],
  choices: Choices,
): Pipeline["totals"] {
  const { pipeline, events } = play(messages, choices);
  const expected = computeReference(trades, choices);
  assertEquals(events.length, expected.events.length);
  events.forEach((event, at) => assertEquals(event, expected.events[at]));
  for (const [key, value] of Object.entries(expected.totals)) {
    assertEquals(pipeline.totals[key as keyof Pipeline["totals"]], value, key);
  }
  return pipeline.totals;
}

Deno.test({
  name: "Pipeline on recorded BTCUSDT frames ends with the known 206 fills and the known cash and fees",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const recorded = await frames();
    const totals = assertMatchesReference(recorded, tradesIn(recorded), DEFAULTS);
    const { events } = play(recorded, DEFAULTS);
    const last = events.filter((event) => event.type === "fill").at(-1);
    assertEquals(
      { side: last?.side, quantity: last?.quantity, price: last?.price, tradeId: last?.tradeId },
      { side: "sell", quantity: "0.01623", price: "61607.85", tradeId: 3735703112 },
    );
    assertEquals(totals.trades, 19_904);
    assertEquals(totals.fills, 206);
    assertEquals(totals.cash, "9806.57851915");
    assertEquals(totals.fees, "205.95837875");
    assertEquals(totals.rejected, 0);
    assertEquals(totals.passedOver, recorded.length - 19_904);
  },
});

Deno.test({
  name: "Pipeline on recorded BTCUSDT frames equals the reference with slippage, latency and other windows",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const recorded = await frames();
    const choices = { ...DEFAULTS, short: 5, long: 200, slippage: "1.5", latency: 100_000 };
    const totals = assertMatchesReference(recorded, tradesIn(recorded), choices);
    assert(totals.fills > 0);
  },
});

Deno.test({
  name: "Pipeline on recorded BTCUSDT frames equals the reference under every limit, over midnight",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const recorded = await frames();
    const trades = tradesIn(recorded);
    const limits = {
      ...{ maxDrawdown: "0.008", maxDailyLoss: "0.0045", maxPosition: "1500", participation: "0.25" },
      ...{ maxOrders: { count: 12, within: 60_000 }, cooldown: 1_500_000, orderTtl: 4_000_000 },
      ...{ stopLoss: "0.0004", takeProfit: "0.0006", stake: "1400", latency: 20_000, slippage: "0.5" },
    };
    for (const onHalt of ["hold", "flatten"] as const) {
      const choices = { ...DEFAULTS, ...limits, onHalt };
      const totals = assertMatchesReference(recorded, trades, choices);
      const { events } = play(recorded, choices);
      const printed = new Set(events.flatMap((event) => Object.values(event)));
      const kinds = [
        "halt",
        "released",
        "max-drawdown",
        "max-daily-loss",
        "halted",
        "max-orders",
        "cooldown",
      ];
      for (const kind of [...kinds, "stop-loss", "take-profit", "order-ttl"]) assert(printed.has(kind), kind);
      assert(totals.fills > 100, `${totals.fills}`);
    }
  },
});

Deno.test({
  name: "Pipeline on recorded BTCUSDT frames gives the same events in one batch as frame by frame",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const recorded = (await frames()).slice(0, 40_000);
    const whole = new Pipeline(optionsOf(DEFAULTS));
    const single = new Pipeline(optionsOf(DEFAULTS));
    const batch = new FrameBatch(new BinanceMessageReader(DEFAULTS.symbol));
    assertEquals(
      recorded.flatMap((frame) => [...single.run(batch.open([frame]))]),
      [...whole.run(reading(recorded))],
    );
    assertEquals(single.totals, whole.totals);
  },
});

Deno.test({
  name: "Pipeline on recorded PEPEUSDT aggregates, prices below 0.00001, ends with the known figures",
  ignore: !isRecorded(PEPEUSDT),
  fn: async () => {
    const trades = await aggregates(PEPEUSDT);
    const choices = { ...DEFAULTS, symbol: "PEPEUSDT", lot: "1", tick: "0.00000001", maxDrawdown: "0.99" };
    const totals = assertMatchesReference(messagesOf(trades, "PEPEUSDT"), trades, choices);
    assertEquals(totals.trades, 57_229);
    assertEquals(totals.fills, 1_584);
    assertEquals(totals.cash, "8020.80005308");
    assertEquals(totals.fees, "1583.60440517");
  },
});

Deno.test({
  name: "Pipeline on recorded APEUSDT aggregates, whose ids have one hole, ends with the known figures",
  ignore: !isRecorded(APEUSDT),
  fn: async () => {
    const trades = await aggregates(APEUSDT);
    const choices = { ...DEFAULTS, symbol: "APEUSDT", lot: "1", tick: "0.0001" };
    const totals = assertMatchesReference(messagesOf(trades, "APEUSDT"), trades, choices);
    assertEquals(totals.trades, 45_342);
    assertEquals(totals.gaps, 1);
    assertEquals(totals.fills, 1_038);
    assertEquals(totals.cash, "8980.7589239");
  },
});
