/** The trades of a recording, for the exchange to serve. */
import { gunzipSync } from "node:zlib";
import { BinanceMessageReader } from "../../domain/binance_message.ts";
import type { ExchangeTrade } from "./trade.ts";

/** A file that holds no trades of the symbol, or is not a recording. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/**
 * Reads the trades of `symbol` from a recording, plain or gzip: one frame a line, behind its receive time and a
 * blank or alone. Lines of other streams are passed over. Throws a RecordingError where a line is not readable
 * or no trade is found, and the file's own error where it cannot be read.
 */
export async function readRecordedTrades(path: string, symbol: string): Promise<ExchangeTrade[]> {
  const reader = new BinanceMessageReader(symbol);
  const trades: ExchangeTrade[] = [];
  let number = 0;
  for (const line of await lines(path)) {
    number++;
    const frame = line.slice(line.indexOf("{"));
    if (line.trim() === "") continue;
    const verdict = reader.readJson(frame);
    if (verdict === "trade") trades.push(trade(frame, reader));
    else if (verdict === "rejected" && reader.emptyId < 0) {
      throw new RecordingError(`${path}, line ${number}: ${reader.reason}: ${line.slice(0, 100)}`);
    }
  }
  if (trades.length === 0) throw new RecordingError(`${path} holds no trades of ${symbol}`);
  return trades;
}

function trade(frame: string, { lastId, time, buyerIsMaker }: BinanceMessageReader): ExchangeTrade {
  // The reader has just found these two to be decimal text; they are served as they were recorded.
  const message = JSON.parse(frame) as { data?: { p: string; q: string }; p: string; q: string };
  const { p: price, q: quantity } = message.data ?? message;
  return { id: lastId, price, quantity, time: time / 1000, buyerIsMaker };
}

/** The file's lines. It is read whole: the exchange keeps its trades in memory in any case. */
async function lines(path: string): Promise<string[]> {
  const bytes = await Deno.readFile(path);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  // node:zlib reads files of several gzip members, as recorders append them; DecompressionStream does not.
  return new TextDecoder().decode(isGzip ? gunzipSync(bytes) : bytes).split("\n");
}
