/** Reads a whole text as a backtest reads a file: recognized, cut into chunks, and read trade by trade. */
import { assert } from "@std/assert";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { priceText } from "../../src/domain/numbers/price.ts";
import { PeekedSource } from "../../src/feeds/files/byte_source.ts";
import { lineChunks } from "../../src/feeds/files/line_chunks.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import type { TradeFile } from "../../src/formats/trade_file.ts";
import type { Said } from "./venue_samples.ts";

/** What was read. */
export interface ReadFile {
  /** Null if the file was not recognized. */
  readonly layout: string | null;
  readonly trades: readonly Said[];
  /** Whether the trades were numbered. */
  readonly isCounted: boolean;
  /** Why lines were rejected, or the file was not recognized. */
  readonly reasons: readonly string[];
  readonly others: number;
  readonly otherSymbols: readonly string[];
}

/** Reads a file of `symbol`, called "a.csv". */
export async function readFile(
  text: string | Uint8Array,
  symbol: string,
  { formats, chunkBytes = 1 << 18 }: {
    readonly formats?: readonly TradeFile[];
    readonly chunkBytes?: number;
  } = {},
): Promise<ReadFile> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const source = new PeekedSource(bytes, {
    read: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  });
  const reader = new ChunkReader(new BinanceMessageReader(symbol), false);
  const trades: Said[] = [];
  const reasons: string[] = [];
  let layout: string | null = null;
  try {
    const chosen = formats === undefined ? {} : { formats };
    for await (const chunk of lineChunks("a.csv", source, { chunkBytes, onWarning: () => {}, ...chosen })) {
      layout = chunk.origin.layout.name;
      reader.open(chunk);
      for (let read = reader.next(); read !== null || reader.takeNote() !== null; read = reader.next()) {
        if (read === "trade") trades.push(said(reader));
        if (read === "rejected") reasons.push(reader.reason);
        assert(reader.sample().length <= 200);
      }
    }
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    reasons.push(error.message);
  }
  const { numbers, otherTrades, otherSymbols } = reader;
  return { layout, trades, reasons, isCounted: numbers.last > 0, others: otherTrades, otherSymbols };
}

function said({ trade }: ChunkReader): Said {
  const { lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = trade;
  const quantity = `${quantityWhole}.${String(quantityFraction).padStart(8, "0")}`.replace(/\.?0+$/, "");
  return [lastId, time, priceText(price, decimals), quantity, buyerIsMaker];
}
