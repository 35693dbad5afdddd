/** The table of exchanges. A new exchange needs a folder, a test, its addresses in hosts.ts and a row here. */
import { binance } from "./binance/binance.ts";
import type { Exchange } from "./exchange.ts";
import type { FrameDecoder } from "./frame_decoder.ts";
import type { ExchangeName } from "./hosts.ts";

const KNOWN: Readonly<Record<ExchangeName, Exchange>> = {
  binance: binance("binance"),
  "binance-us": binance("binance-us"),
};

/** The exchange that `--exchange` names. */
export function exchangeNamed(name: ExchangeName): Exchange {
  return KNOWN[name];
}

/** A decoder for the frames of `symbol` from the named exchange, live or recorded. */
export function decoderOf(
  { exchange, symbol }: { readonly exchange: ExchangeName; readonly symbol: string },
): FrameDecoder {
  return exchangeNamed(exchange).decoder(symbol);
}
