/** The trade ids at the edges of a batch of frames. */
import type { FrameDecoder } from "../../exchanges/frame_decoder.ts";
import type { ReadResult } from "../../domain/market/trade_reader.ts";

/** The first id of the first trade in the frames; null if there is none. */
export function firstIdIn(frames: readonly string[], decoder: FrameDecoder): number | null {
  for (const frame of frames) {
    for (let read: ReadResult | null = decoder.decode(frame); read !== null; read = decoder.next()) {
      if (read === "trade") return decoder.trade.firstId;
    }
  }
  return null;
}

/** The last id of the last trade in the frames; null if there is none. */
export function lastIdIn(frames: readonly string[], decoder: FrameDecoder): number | null {
  for (let at = frames.length - 1; at >= 0; at--) {
    let lastId: number | null = null;
    for (let read: ReadResult | null = decoder.decode(frames[at]!); read !== null; read = decoder.next()) {
      if (read === "trade") lastId = decoder.trade.lastId;
    }
    if (lastId !== null) return lastId;
  }
  return null;
}
