/** The trade ids at the edges of a batch of messages. */
import type { BinanceMessageReader } from "../../exchanges/binance/binance_message.ts";

/** The first id of the first trade among the messages; null if there is none. */
export function firstIdIn(messages: readonly string[], reader: BinanceMessageReader): number | null {
  for (const message of messages) if (reader.readJson(message) === "trade") return reader.firstId;
  return null;
}

/** The last id of the last trade among the messages; null if there is none. */
export function lastIdIn(messages: readonly string[], reader: BinanceMessageReader): number | null {
  for (let at = messages.length - 1; at >= 0; at--) {
    if (reader.readJson(messages[at]!) === "trade") return reader.lastId;
  }
  return null;
}
