/** Reads the frames of a live stream, as texts, a batch at a time. */
import { READ_AHEAD } from "../domain/numbers/decimal_bytes.ts";
import type { ReadResult, TradeFields, TradeReader } from "../domain/market/trade_reader.ts";
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";

const SAMPLE_CHARACTERS = 200;
const FRAMES_AT_ONCE = 64;
/** Room for that many ordinary frames. A text that does not fit is decoded instead. */
const BYTES_AT_ONCE = 64 * 1024;
const ENCODER = new TextEncoder();
const NONE: readonly string[] = [];

/** The frames of one symbol's stream. `open` a batch, then call `next` until it answers null. */
export class FrameBatch implements TradeReader {
  readonly trade: TradeFields;
  readonly symbol: string;
  readonly #decoder: FrameDecoder;
  readonly #bytes = new Uint8Array(BYTES_AT_ONCE + READ_AHEAD);
  #frames = NONE;
  #taken = 0;
  /** Whether the frame taken last may hold more. */
  #isInFrame = false;
  /** Frames up to this one are in #bytes; those not taken yet start at #end. */
  #encoded = 0;
  #receivedAt = 0;
  #isEncoded = false;
  #end = 0;

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

  /** Takes a batch that arrived at `receivedAt` (µs since 1970), and drops the rest of the last batch. */
  open(frames: readonly string[], receivedAt = 0): this {
    this.#receivedAt = receivedAt;
    this.#frames = frames;
    this.#taken = this.#encoded = 0;
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
    if (this.#taken === this.#encoded) this.#encode();
    const frame = this.#frames[this.#taken++]!;
    const start = this.#end;
    this.#end = start + frame.length;
    if (this.#isEncoded && this.#decoder.scan(this.#bytes, start, this.#end)) return "trade";
    this.#isInFrame = true;
    return this.#decoder.decode(frame);
  }

  /** The beginning of the frame that was read last. */
  sample(): string {
    return (this.#frames[this.#taken - 1] ?? "").slice(0, SAMPLE_CHARACTERS);
  }

  /**
   * Turns the next frames into bytes. Reading bytes from an array is several times faster than reading characters from
   * a string, and encoding many frames at once costs little more than encoding one.
   */
  #encode(): void {
    const first = this.#taken;
    const some = this.#frames.length <= FRAMES_AT_ONCE
      ? this.#frames
      : this.#frames.slice(first, first + FRAMES_AT_ONCE);
    const text = some.length === 1 ? some[0]! : some.join("");
    const { read, written } = ENCODER.encodeInto(text, this.#bytes.subarray(0, BYTES_AT_ONCE));
    // A digit left over from an earlier text would look like part of the last frame.
    this.#bytes[written] = 0;
    this.#isEncoded = read === text.length && written === text.length;
    this.#encoded = first + some.length;
    this.#end = 0;
  }
}
