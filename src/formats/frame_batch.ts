/** Reads the frames of a live stream, which are strings, a batch at a time. */
import type { ReadBlock } from "../domain/market/block.ts";
import type { Followed, ReadResult, TradeFields, TradeReader } from "../domain/market/trade_reader.ts";
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";

const SAMPLE_CHARACTERS = 200;
/** How many frames are encoded together, because encoding many at once costs little more than encoding one. */
const FRAMES_AT_ONCE = 256;
/** How many are encoded together if that many are too long, or if one of them is not ASCII. */
const FEWER_AT_ONCE = 64;
const NONE: readonly string[] = [];

/** The frames of one symbol's stream. `open` a batch, then call `next` until it returns null. */
export class FrameBatch implements TradeReader {
  readonly trade: TradeFields;
  readonly symbol: string;
  readonly #decoder: FrameDecoder;
  #frames = NONE;
  #taken = 0;
  /** Whether the frame taken last may hold more. */
  #isInFrame = false;
  /** The frames that `scan` has: from the first of these up to, but not including, the second. */
  #first = 0;
  #encoded = 0;
  #isEncoded = false;
  #atOnce = FRAMES_AT_ONCE;
  #receivedAt = 0;
  /** The frames in the rows of `scan`. */
  #rowsFrom = 0;
  #rowsTo = 0;
  /**
   * How many frames `scan` reads at once for `next`: only one if the caller takes blocks, and asks `next` for the
   * frames between.
   */
  #most = FRAMES_AT_ONCE;

  constructor(decoder: FrameDecoder) {
    this.#decoder = decoder;
    this.trade = decoder.trade;
    this.symbol = decoder.symbol;
  }

  get reason(): string {
    return this.#decoder.reason;
  }

  get emptyFirstId(): number {
    return this.#decoder.emptyFirstId;
  }

  get emptyId(): number {
    return this.#decoder.emptyId;
  }

  /** When the batch arrived, µs since 1970; 0 if not known. */
  get receivedAt(): number {
    return this.#receivedAt;
  }

  /** Frames of the batch that `next` has started to read. */
  get taken(): number {
    return this.#taken;
  }

  get isAtEnd(): boolean {
    return this.#taken === this.#frames.length && !this.#isInFrame;
  }

  /** Takes a batch that arrived at `receivedAt` (µs since 1970), and drops the rest of the last batch. */
  open(frames: readonly string[], receivedAt = 0): this {
    this.#receivedAt = receivedAt;
    this.#frames = frames;
    this.#taken = this.#first = this.#encoded = 0;
    this.#rowsFrom = this.#rowsTo = 0;
    this.#atOnce = FRAMES_AT_ONCE;
    this.#isInFrame = false;
    return this;
  }

  next(): ReadResult | null {
    if (this.#isInFrame) {
      const read = this.#decoder.next();
      if (read !== null) return read;
      this.#isInFrame = false;
    }
    if (this.#taken === this.#frames.length) return null;
    if (this.#taken >= this.#rowsTo) this.#fill();
    const at = this.#taken++;
    if (at < this.#rowsTo) {
      this.#decoder.scan!.give(at - this.#rowsFrom);
      return "trade";
    }
    this.#isInFrame = true;
    return this.#decoder.decode(this.#frames[at]!);
  }

  takeBlock(after: Followed, most: number): ReadBlock | null {
    this.#most = 1;
    this.#rowsTo = 0;
    if (this.#isInFrame || this.#taken === this.#frames.length || !this.#encode()) return null;
    const block = this.#decoder.scan!.frameBlock(this.#taken - this.#first, after, most);
    if (block === null) return null;
    block.receivedAt.fill(this.#receivedAt, 0, block.size);
    this.#taken += block.size;
    return block;
  }

  /** The start of the frame that was read last. */
  sample(): string {
    return (this.#frames[this.#taken - 1] ?? "").slice(0, SAMPLE_CHARACTERS);
  }

  /** Lets `scan` read frames from the next one on, up to the first that must be decoded. */
  #fill(): void {
    if (!this.#encode()) return;
    this.#rowsFrom = this.#taken;
    this.#rowsTo = this.#taken + this.#decoder.scan!.readFrames(this.#taken - this.#first, this.#most);
  }

  /** Whether `scan` has the next frame. */
  #encode(): boolean {
    if (this.#decoder.scan === null) return false;
    if (this.#taken === this.#encoded) {
      this.#isEncoded = this.#encodeSome(this.#atOnce);
      if (!this.#isEncoded && this.#encoded - this.#taken > FEWER_AT_ONCE) {
        this.#atOnce = FEWER_AT_ONCE;
        this.#isEncoded = this.#encodeSome(FEWER_AT_ONCE);
      }
    }
    return this.#isEncoded;
  }

  /** Gives the next frames to `scan`; false if `scan` does not take them. */
  #encodeSome(count: number): boolean {
    const from = this.#taken;
    const some = this.#frames.length <= count ? this.#frames : this.#frames.slice(from, from + count);
    this.#first = from;
    this.#encoded = from + some.length;
    return this.#decoder.scan!.takeFrames(some);
  }
}
