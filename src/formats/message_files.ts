/** Files of an exchange's messages, one a line: recordings, with the time of receipt, and bare messages. */
import { isNote } from "../domain/recording/recording_note.ts";
import { MessageLines } from "./message_lines.ts";
import type { Layout, TradeFile } from "./trade_file.ts";

const RECORDED = /^\d+ /;
const DECODER = new TextDecoder();

/** `<receive time> <frame>` a line, with notes between the frames where Penstock wrote it. */
export const recordings: TradeFile = {
  name: "recordings (<receive time> <frame>)",
  layoutOf: ({ bytes, text }) =>
    text !== null && RECORDED.test(text)
      ? { ...layout(true, bytes), name: "recording", outweighs: true }
      : null,
};

/** One message a line. */
export const messages: TradeFile = {
  name: "Binance messages, one a line",
  layoutOf: ({ bytes, text }) =>
    text?.startsWith("{") === true ? { ...layout(false, bytes), name: "messages", outweighs: false } : null,
};

function layout(isTimed: boolean, line: Uint8Array): Omit<Layout, "name" | "outweighs"> {
  return {
    unit: "line",
    isCertain: true,
    namesSymbol: true,
    isOwn: isNote(frameOf(line)),
    reader: (decoder, strict) => new MessageLines(decoder, strict, isTimed),
  };
}

/** What follows the receive time in a line, or all of it if it has none. */
export function frameOf(line: Uint8Array): string {
  return DECODER.decode(line).replace(/^\d* /, "");
}
