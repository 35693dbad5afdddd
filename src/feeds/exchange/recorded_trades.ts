/** The trades of a recording, for the exchange to serve. */
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
  for await (const line of lines(path)) {
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

async function* lines(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  const magic = new Uint8Array(2);
  await file.read(magic);
  await file.seek(0, Deno.SeekMode.Start);
  const bytes: ReadableStream<Uint8Array<ArrayBuffer>> = magic[0] === 0x1f && magic[1] === 0x8b
    ? file.readable.pipeThrough(new DecompressionStream("gzip"))
    : file.readable;
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}
