/** The stream for benchmarks of the live path, and a pipeline that processes it. */
import { configure, tradingParametersOf } from "../../src/config/config.ts";
import { MessageWriter } from "../../src/simulator/messages.ts";
import { priceProcess } from "../../src/simulator/price_process.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";

/** How many messages there are. */
export const MESSAGES = 200_000;

/** How many frames the flood has: the messages, several times. */
export const FRAMES = 1_000_000;

/** The default options of `penstock run`. */
export const { config } = configure({});

/** Trade messages of the built-in exchange with seed 1. */
export function makeMessages(): string[] {
  const writer = new MessageWriter({ symbol: "BTCUSDT", combined: false, microseconds: false });
  const trades = priceProcess({ seed: 1, rate: 20, firstId: 3_735_683_259, startTime: 1_723_161_255_342 });
  // Decoded from bytes, as the socket does it: a string concatenated from parts would be slower to read.
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return trades.take(MESSAGES).map((trade) => decoder.decode(encoder.encode(writer.trade(trade)))).toArray();
}

/** A pipeline for these messages that no loss limit stops. */
export function newPipeline(): Pipeline {
  const { symbol } = config;
  return new Pipeline({
    symbol,
    strategy: strategyOf(config),
    parameters: { ...tradingParametersOf(config), maxDrawdown: null },
    stopAfter: null,
  });
}
