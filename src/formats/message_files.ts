/** Files of an exchange's messages, one per line: recordings, with the time of receipt, and bare messages. */
import { isNote, startsNote } from "../domain/recording/recording_note.ts";
import { isTornTime, MessageLines } from "./message_lines.ts";
import type { Layout, TradeFile } from "./trade_file.ts";

const RECORDED = /^\d+ /;
const DECODER = new TextDecoder();

/** `<receive time> <frame>` per line, with notes between the frames if Penstock wrote the file. */
export const recordings: TradeFile = {
  name: "recordings (<receive time> <frame>)",
  layoutOf: ({ bytes, text, isFirst }) => {
    if (text === null) return null;
    if (RECORDED.test(text)) return { ...layout(true, bytes), name: "recording", outweighs: true };
    if (!isFirst || !isTornTime(text)) return null;
    return { ...layout(true, bytes), name: "recording", outweighs: false, isCertain: false, isOwn: true };
  },
};

/** One message per line. */
export const messages: TradeFile = {
  name: "Binance messages, one per line",
  layoutOf: ({ bytes, text }) =>
    text?.startsWith("{") === true ? { ...layout(false, bytes), name: "messages", outweighs: false } : null,
};

function layout(isTimed: boolean, line: Uint8Array): Omit<Layout, "name" | "outweighs"> {
  return {
    unit: "line",
    isCertain: true,
    namesSymbol: true,
    isOwn: isNote(frameOf(line)) || isTimed && startsNote(frameOf(line)),
    reader: (decoder, strict) => new MessageLines(decoder, strict, isTimed),
  };
}

/** What follows the receive time in a line, or the whole line if it has none. */
export function frameOf(line: Uint8Array): string {
  return DECODER.decode(line).replace(/^\d* /, "");
}
