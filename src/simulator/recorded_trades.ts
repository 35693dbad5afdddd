/** The trades of a recording, for the exchange to serve. */
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";
import { ChunkReader } from "../formats/chunk_reader.ts";
import { MAX_DECIMALS, priceText } from "../domain/numbers/price.ts";
import type { TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { chunksOf } from "../feeds/files/recorded_files.ts";
import type { ExchangeTrade } from "./trade.ts";

/**
 * Reads the trades of the decoder's symbol from any file that `penstock backtest` reads, in the order of the
 * file. Other streams and Penstock's own notes are skipped, and a recording that a crash cut short is read up
 * to there. An aggregate becomes one trade with the last of its ids. Throws UnusableInput if something cannot
 * be read or there is no trade, and the reason of `signal`, which ends the wait for a pipe without a writer.
 */
export async function readRecordedTrades(
  path: string,
  decoder: FrameDecoder,
  signal?: AbortSignal,
): Promise<ExchangeTrade[]> {
  const reader = new ChunkReader(decoder, true);
  const trades: ExchangeTrade[] = [];
  for await (const chunk of chunksOf(path, signal === undefined ? {} : { signal })) {
    for (const trade of reader.tradesIn(chunk)) trades.push(served(trade));
  }
  signal?.throwIfAborted();
  if (trades.length === 0) throw new UnusableInput({ name: path }, `holds no trades of ${decoder.symbol}`);
  return trades;
}

function served(trade: TradeFields): ExchangeTrade {
  const { lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = trade;
  return {
    id: lastId,
    price: inFull(priceText(price, decimals)),
    quantity: `${quantityWhole}.${String(quantityFraction).padStart(MAX_DECIMALS, "0")}`,
    time: time / 1000,
    buyerIsMaker,
  };
}

/** A price with all eight decimals, as the exchange whose protocol it speaks writes it. */
function inFull(text: string): string {
  const [whole, decimals = ""] = text.split(".");
  return `${whole}.${decimals.padEnd(MAX_DECIMALS, "0")}`;
}
