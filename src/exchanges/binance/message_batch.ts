/** Reads the messages of a live stream, as texts, a batch at a time. */
import { BinanceMessageReader } from "./binance_message.ts";
import { READ_AHEAD } from "../../domain/numbers/decimal_bytes.ts";
import type { ReadResult, TradeReader } from "../../domain/market/trade_reader.ts";

const SAMPLE_CHARACTERS = 200;
const MESSAGES_AT_ONCE = 64;
/** Room for this many ordinary messages; a text that does not fit is read as JSON. */
const BYTES_AT_ONCE = 64 * 1024;
const ENCODER = new TextEncoder();
const NONE: readonly string[] = [];

/** The messages of one symbol's stream. `open` a batch, then call `next` until it answers null. */
export class MessageBatch implements TradeReader {
  readonly trade: BinanceMessageReader;
  readonly #bytes = new Uint8Array(BYTES_AT_ONCE + READ_AHEAD);
  #messages = NONE;
  #taken = 0;
  /** Messages up to here are in #bytes, from #end on those not taken yet. */
  #encoded = 0;
  #receivedAt = 0;
  #isEncoded = false;
  #end = 0;

  /** A reader for `symbol`, in upper case as the exchange writes it. */
  constructor(symbol: string) {
    this.trade = new BinanceMessageReader(symbol);
  }

  get symbol(): string {
    return this.trade.symbol;
  }

  get reason(): string {
    return this.trade.reason;
  }

  get emptyFirstId(): number {
    return this.trade.emptyFirstId;
  }

  get emptyId(): number {
    return this.trade.emptyId;
  }

  /** When the batch arrived, µs since 1970; 0 if not known. */
  get receivedAt(): number {
    return this.#receivedAt;
  }

  /** Messages of the batch that `next` has read. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes a batch that arrived at `receivedAt` (µs since 1970); the rest of the last batch is dropped. */
  open(messages: readonly string[], receivedAt = 0): this {
    this.#receivedAt = receivedAt;
    this.#messages = messages;
    this.#taken = this.#encoded = 0;
    return this;
  }

  next(): ReadResult | null {
    if (this.#taken === this.#messages.length) return null;
    if (this.#taken === this.#encoded) this.#encode();
    const message = this.#messages[this.#taken++]!;
    const start = this.#end;
    this.#end = start + message.length;
    if (this.#isEncoded && this.trade.scan(this.#bytes, start, this.#end)) return "trade";
    return this.trade.readJson(message);
  }

  sample(): string {
    return (this.#messages[this.#taken - 1] ?? "").slice(0, SAMPLE_CHARACTERS);
  }

  /**
   * Turns the next messages into bytes: reading bytes out of an array is several times faster than reading
   * characters out of a string, and one encoding of many messages costs little more than one of a single message.
   */
  #encode(): void {
    const first = this.#taken;
    const some = this.#messages.length <= MESSAGES_AT_ONCE
      ? this.#messages
      : this.#messages.slice(first, first + MESSAGES_AT_ONCE);
    const text = some.length === 1 ? some[0]! : some.join("");
    const { read, written } = ENCODER.encodeInto(text, this.#bytes.subarray(0, BYTES_AT_ONCE));
    // A digit left from an earlier text would look like part of the last message.
    this.#bytes[written] = 0;
    this.#isEncoded = read === text.length && written === text.length;
    this.#encoded = first + some.length;
    this.#end = 0;
  }
}
