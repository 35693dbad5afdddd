/** The seam between an exchange's frames and the trades in them. */
import type { ReadResult, TradeFields } from "../domain/market/trade_reader.ts";

/** What is wrong with a frame, for the user who has it in a file. */
export interface FrameFault {
  /** With the value found and what was expected. */
  readonly what: string;
  /** Where in the frame's text, in UTF-16 code units from 0. */
  readonly position: number;
}

/**
 * Reads the frames of one symbol's stream. A frame holds no trade, one, or several.
 *
 * `decode` reads a frame's first trade and `next` those after it, one per call. `scan` is a faster way for a
 * frame that holds exactly one trade in the exchange's usual shape; both ways agree on every frame.
 *
 * A trade accounts for all ids from `trade.firstId` to `trade.lastId`. Where an exchange's ids skip, the
 * skipped ones belong to the trade after them; so ids between one trade's last and the next one's first were
 * missed. Within a frame nothing is missed.
 */
export interface FrameDecoder {
  /** In upper case as the exchange writes it. */
  readonly symbol: string;
  /** The trade read last, always the same object; valid only after "trade" or after `scan` was true. */
  readonly trade: TradeFields;
  /** After "rejected": what is wrong, with the value found. */
  readonly reason: string;
  /** After "rejected": the ids of the trade, both inclusive, if those could be read; else -1. */
  readonly emptyFirstId: number;
  readonly emptyId: number;
  /** After "rejected": whether it is a marker that says no market trade took place under its id. */
  readonly isMarker: boolean;

  /**
   * True if `bytes` from `start` to `end` are one frame with one trade in the usual shape; false only means
   * "not in that shape". Always false if fewer than READ_AHEAD bytes follow in `bytes`; their values do not
   * matter. Never true for a frame with a line feed in it.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean;

  /**
   * Reads a frame of any shape, up to the end of its first trade. The rest of the frame before is dropped.
   */
  decode(frame: string): ReadResult;

  /** Reads on in the frame that `decode` was given; null at its end. After `scan` there is nothing more. */
  next(): ReadResult | null;

  /** What is wrong with `frame`, which has just been rejected for `reason`. */
  fault(reason: string, frame: string): FrameFault;

  /** The other symbol whose trades `frame` holds; null if it holds none. */
  otherSymbol(frame: string): string | null;

  /** Whether `frame` says that the server is about to close its connections. */
  isShutdownNotice(frame: string): boolean;
}
