/** Turns the reference's input into a pipeline's: choices into options, trades into messages. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { barSizeIn, EACH_TRADE } from "../../src/domain/market/bar_size.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import { stake } from "../../src/config/option_values.ts";
import type { TradingParameters } from "../../src/domain/risk/trading_parameters.ts";
import type { PipelineOptions } from "../../src/stages/pipeline_options.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import { type Choices, DEFAULT_QUANTITY, type PlainTrade } from "./reference.ts";

/** More than most made-up streams have trades: filling empty rows with zeros took a sixth of a short run. */
const ROWS = 256;

/** The program's defaults. */
export const DEFAULTS: Choices = {
  symbol: "BTCUSDT",
  short: 20,
  long: 50,
  cash: "10000",
  stake: "1000",
  fee: "0.001",
  slippage: "0",
  latency: 0,
  lot: "0.00001",
  tick: "0.01",
  minNotional: "5",
  maxDrawdown: "0.2",
};

/** The trading parameters for `choices`. */
export function tradingParametersOf(choices: Choices): TradingParameters {
  return {
    cash: new Money(choices.cash),
    stake: stake(choices.stake),
    feeRate: new Money(choices.fee),
    slippage: new Money(choices.slippage),
    latency: choices.latency,
    fill: choices.fill ?? "signal",
    lot: new Money(choices.lot),
    tick: new Money(choices.tick),
    minQuantity: null,
    maxQuantity: null,
    minNotional: new Money(choices.minNotional),
    maxNotional: null,
    maxDrawdown: moneyOf(choices.maxDrawdown),
    maxDailyLoss: moneyOf(choices.maxDailyLoss),
    onHalt: choices.onHalt ?? "hold",
    maxPosition: moneyOf(choices.maxPosition),
    maxOrders: choices.maxOrders ?? null,
    cooldown: millisecondsOf(choices.cooldown),
    maxLag: millisecondsOf(choices.maxLag),
    participation: moneyOf(choices.participation),
    orderTtl: choices.orderTtl ?? null,
    stopLoss: moneyOf(choices.stopLoss),
    takeProfit: moneyOf(choices.takeProfit),
    trailingStop: moneyOf(choices.trailingStop),
  };
}

function millisecondsOf(length: number | null | undefined): number | null {
  return length == null ? null : length / 1000;
}

function moneyOf(amount: string | null | undefined): Money | null {
  return amount === null || amount === undefined ? null : new Money(amount);
}

/** A pipeline's options; without `stopAfter` it never stops by itself. */
export function optionsOf(choices: Choices, stopAfter: number | null = null): PipelineOptions {
  const { symbol } = choices;
  const parameters = tradingParametersOf(choices);
  const bars = barSizeIn(choices.bars ?? EACH_TRADE)!;
  return { symbol, strategy: strategyOf(choices), bars, parameters, stopAfter, blockRows: ROWS };
}

/** The shapes in which Binance sends a trade. */
export type MessageShape = "trade" | "old trade" | "combined trade" | "aggTrade" | "combined aggTrade";

/**
 * The message of one trade. Only an aggTrade can cover several ids. A time of whole milliseconds is sent in
 * those.
 */
export function messageOf(
  { firstId, lastId, time, price, quantity = DEFAULT_QUANTITY }: PlainTrade,
  shape: MessageShape = firstId === lastId ? "trade" : "aggTrade",
  symbol = DEFAULTS.symbol,
): string {
  const stamp = time % 1000 === 0 ? time / 1000 : time;
  const tail = `"T":${stamp},"m":true,"M":true}`;
  const amounts = `"p":"${price}","q":"${quantity}"`;
  const orders = shape === "old trade" ? `,"b":88,"a":50` : "";
  const isAggregate = shape.endsWith("aggTrade");
  const event = isAggregate ? "aggTrade" : "trade";
  const body = isAggregate
    ? `{"e":"aggTrade","E":${stamp},"s":"${symbol}","a":7,${amounts},"f":${firstId},"l":${lastId},${tail}`
    : `{"e":"trade","E":${stamp},"s":"${symbol}","t":${lastId},${amounts}${orders},${tail}`;
  return shape.startsWith("combined") ? `{"stream":"${symbol.toLowerCase()}@${event}","data":${body}}` : body;
}

/** The reader made last, with messages in it. */
let last: FrameBatch | null = null;

/** A reader of `messages`: the one before, whose memory costs more than to read a few, if all was read from it. */
export function reading(messages: readonly string[], symbol = DEFAULTS.symbol): FrameBatch {
  const isFree = last !== null && last.isAtEnd && last.symbol === symbol;
  const batch = isFree ? last! : new FrameBatch(new BinanceMessageReader(symbol));
  if (messages.length > 0) last = batch;
  return batch.open(messages);
}
