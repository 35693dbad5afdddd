/** What the tests of MessageLines share: messages, and a plain list of what was read. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { MessageLines } from "../../src/formats/message_lines.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { RECORDING } from "../support/layouts.ts";

export const ENCODER = new TextEncoder();
export const TIME = "1723161255342123";

export const trade = (id: number, price = "61837.63", more = "") =>
  `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":${id},"p":"${price}","q":"0.02","T":1723161255342,"m":true${more}}`;
export const ETHER = trade(1).replace("BTCUSDT", "ETHUSDT");
/** Opens `text` as one chunk of its own file. */
export function open(lines: MessageLines, text: string): MessageLines {
  const bytes = ENCODER.encode(text);
  return lines.open({ origin: { name: "a.txt", layout: RECORDING }, bytes, start: 0, end: bytes.length });
}

/**
 * Everything left to read: an id for a trade, a note's event, a read result with its reason, or what was
 * thrown.
 */
export function rest(lines: MessageLines): (number | string)[] {
  const found: (number | string)[] = [];
  for (;;) {
    let readResult;
    try {
      readResult = lines.next();
    } catch (error) {
      if (!(error instanceof UnusableInput)) throw error;
      found.push(`thrown: ${error.message}`);
      continue;
    }
    if (readResult === "trade") found.push(lines.trade.lastId);
    else if (readResult === "other") found.push("other");
    else if (readResult === "rejected") found.push(`rejected: ${lines.reason}`);
    else {
      const note = lines.takeNote();
      if (note === null) return found;
      found.push(note.event);
    }
  }
}

export function readAll(text: string, kind: "recording" | "messages" = "recording", strict = true) {
  const isTimed = kind === "recording";
  return rest(open(new MessageLines(new BinanceMessageReader("BTCUSDT"), strict, isTimed), text));
}
