/** The seam between an exchange's frames and the trades in them. */
import type { ReadBlock } from "../domain/market/block.ts";
import type { Followed, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";

/** A fault in a frame, for the user who has it in a file. */
export interface FrameFault {
  /** With the value found and what was expected. */
  readonly what: string;
  /** Where in the frame's text, in UTF-16 code units from 0. */
  readonly position: number;
}

/**
 * A faster way for frames that hold exactly one trade in the exchange's usual shape: it reads many at once, into
 * columns, and stops at a frame in any other shape. A frame with a line feed in it is never in the usual shape.
 *
 * It reads only what `takeFrames` or `open` gave it last, so one reader can use it at a time.
 */
export interface FrameScan {
  /** Takes frames to read. Returns false, and reads none of them, if they are too long together or not ASCII. */
  takeFrames(frames: readonly string[]): boolean;
  /** Reads the frames from number `from` on, and returns how many. */
  readFrames(from: number, most?: number): number;
  /** Reads the frames from number `from` on as `TradeReader.takeBlock` does. */
  frameBlock(from: number, after: Followed, most: number): ReadBlock | null;

  /** Takes lines to read, up to `end`: a frame each, after the time at which it was received if they are timed. */
  open(bytes: Uint8Array, end: number): void;
  /** Reads the lines from `at` on, and returns how many. It also stops at a line without a line feed. */
  readLines(at: number, isTimed: boolean, most?: number): number;
  /** Reads the lines from `at` on as `TradeReader.takeBlock` does. */
  lineBlock(at: number, isTimed: boolean, after: Followed, most: number): ReadBlock | null;
  /** Where the first line that the last call did not read starts. */
  readonly stoppedAt: number;
  /** Where the frame of row `row` starts. */
  startOf(row: number): number;
  /** When the frame of row `row` was received, µs since 1970. */
  receivedAt(row: number): number;

  /** Copies the trade of row `row` into the decoder's. */
  give(row: number): void;
}

/**
 * Reads the frames of one symbol's stream. A frame holds no trade, one, or several.
 *
 * `decode` reads a frame's first trade and `next` those after it, one per call. `scan` is a faster way; both ways agree
 * on every frame.
 *
 * A trade accounts for all ids from `trade.firstId` to `trade.lastId`. If an exchange's ids skip, the skipped ones
 * belong to the next trade, so ids between one trade's last and the next one's first were missed. Within a frame
 * nothing is missed.
 */
export interface FrameDecoder {
  /** In upper case as the exchange writes it. */
  readonly symbol: string;
  /** The trade read last, always the same object; valid only after "trade" or after `scan` gave one. */
  readonly trade: TradeFields;
  /** After "rejected": what is wrong, with the value found. */
  readonly reason: string;
  /** After "rejected": the ids of the trade, both inclusive, if they could be read, otherwise -1. */
  readonly emptyFirstId: number;
  readonly emptyId: number;
  /** After "rejected": whether it is a marker that says no market trade took place under its id. */
  readonly isMarker: boolean;

  /** The faster way; null if there is none. */
  readonly scan: FrameScan | null;

  /**
   * Reads a frame of any shape, up to the end of its first trade. Drops the rest of the previous frame.
   */
  decode(frame: string): ReadResult;

  /** Reads the next trade in the frame that `decode` was given; null at its end. */
  next(): ReadResult | null;

  /** What is wrong with `frame`, which has just been rejected for `reason`. */
  fault(reason: string, frame: string): FrameFault;

  /** The other symbol whose trades `frame` holds; null if it holds none. */
  otherSymbol(frame: string): string | null;

  /** Whether `frame` says that the server is about to close its connections. */
  isShutdownNotice(frame: string): boolean;
}
