/**
 * Reads one Binance message: a `trade` or an `aggTrade`, raw or in the combined envelope.
 *
 * It has two ways that agree on every input. `scan` walks the bytes of a message in the exchange's usual
 * shape, field by field, without making a string or an object. Whatever is not in that shape goes through
 * `decode`. Field meanings: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
import { isCount, isRecord, shownJson } from "../../domain/market/json_value.ts";
import { DecimalBytes, READ_AHEAD, WholeColumn } from "../../domain/numbers/decimal_bytes.ts";
import { PRICE_TEXT, QUANTITY_TEXT } from "../../domain/numbers/price.ts";
import { LEAST_NANOSECONDS, microseconds, microsecondsIn } from "../../domain/numbers/time.ts";
import type { ReadResult, TradeFields } from "../../domain/market/trade_reader.ts";
import type { FrameDecoder, FrameFault } from "../frame_decoder.ts";
import { faultIn } from "./message_fault.ts";

const QUOTE = 34, COMMA = 44, ZERO = 48, NINE = 57, COLON = 58, BRACE = 125, S = 115;
const ENCODER = new TextEncoder();

/** `,"t"` as a word: how the field of one letter starts. */
function fieldWord(letter: string): number {
  return new DataView(ENCODER.encode(`,"${letter}"`).buffer).getInt32(0);
}

const A = fieldWord("a"), B = fieldWord("b"), F = fieldWord("f"), L = fieldWord("l");
const T_ID = fieldWord("t"), T_TIME = fieldWord("T");

/** A text to look for, compared four bytes at a time. */
class Literal {
  readonly length: number;
  readonly #words: Int32Array;
  /** The last four bytes, which may overlap the last word. */
  readonly #tail: number;

  /** `text` has at least four bytes, all ASCII. */
  constructor(text: string) {
    const view = new DataView(ENCODER.encode(text).buffer);
    this.length = view.byteLength;
    this.#words = Int32Array.from({ length: Math.floor(this.length / 4) }, (_, i) => view.getInt32(4 * i));
    this.#tail = view.getInt32(this.length - 4);
  }

  /** Whether `view` has the text at `at`. */
  isAt(view: DataView, at: number): boolean {
    const end = at + this.length;
    if (end > view.byteLength || view.getInt32(end - 4) !== this.#tail) return false;
    const words = this.#words;
    for (let i = 0; i < words.length; i++) if (view.getInt32(at + 4 * i) !== words[i]) return false;
    return true;
  }
}

const PRICE = new Literal(',"p":"'), QUANTITY = new Literal('","q":"');
const MAKER = new Literal(',"m":true'), TAKER = new Literal(',"m":false');
const IGNORED = new Literal(',"M":true'), IGNORED_FALSE = new Literal(',"M":false');

/** How a message starts, by its kind. */
interface Shape {
  readonly trade: Literal;
  readonly aggregate: Literal;
}

/** A decoder of one symbol's messages, each of which holds one trade at most. */
export class BinanceMessageReader implements FrameDecoder, TradeFields {
  /** Trade ids covered, both inclusive. */
  firstId = 0;
  lastId = 0;
  /** µs since 1970. */
  time = 0;
  /** Integer count of 10^-decimals, trailing zeros dropped. */
  price = 0;
  decimals = 0;
  quantityWhole = 0;
  /** Hundred-millionths, 0 to 99,999,999. */
  quantityFraction = 0;
  buyerIsMaker = false;
  /** After "rejected": what is wrong, with the value found. */
  reason = "";
  /** After "rejected": the ids of the trade if those could be read, else -1. */
  emptyFirstId = -1;
  emptyId = -1;
  /** After "rejected": whether it is a marker that says no market trade took place under its id. */
  isMarker = false;

  readonly symbol: string;
  readonly #raw: Shape;
  readonly #combined: Shape;
  readonly #symbolField: Literal;
  readonly #decimal = new DecimalBytes();
  readonly #idColumn = new WholeColumn(this.#decimal);
  readonly #firstColumn = new WholeColumn(this.#decimal);
  readonly #lastColumn = new WholeColumn(this.#decimal);
  readonly #timeColumn = new WholeColumn(this.#decimal);
  #bytes: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(this.#bytes.buffer);

  /** The reader itself, which has the fields: that saves going through another object for each of them. */
  get trade(): TradeFields {
    return this;
  }

  /** A reader for `symbol`, in upper case as the exchange writes it, e.g. "BTCUSDT". */
  constructor(symbol: string) {
    this.symbol = symbol;
    const shape = (before: (event: string) => string): Shape => ({
      trade: new Literal(`${before("trade")}{"e":"trade","E":`),
      aggregate: new Literal(`${before("aggTrade")}{"e":"aggTrade","E":`),
    });
    this.#raw = shape(() => "");
    this.#combined = shape((event) => `{"stream":"${symbol.toLowerCase()}@${event}","data":`);
    this.#symbolField = new Literal(`,"s":"${symbol}"`);
  }

  /**
   * True if `bytes` from `start` to `end` are a trade in the usual shape; false only means "not in that
   * shape". Always false if fewer than READ_AHEAD bytes follow in `bytes`; their values do not matter.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    // A digit after the message would look like part of it.
    if (end + READ_AHEAD > view.byteLength || isDigit(bytes[end]!)) return false;
    const combined = bytes[start + 2] === S;
    const { trade, aggregate } = combined ? this.#combined : this.#raw;
    let prefix = trade;
    if (!trade.isAt(view, start)) {
      if (!aggregate.isAt(view, start)) return false;
      prefix = aggregate;
    }
    const aggregated = prefix === aggregate;
    const decimal = this.#decimal;
    let at = decimal.skipWhole(view, start + prefix.length);
    if (at < 0 || !this.#symbolField.isAt(view, at)) return false;
    at = readField(view, at + this.#symbolField.length, aggregated ? A : T_ID, this.#idColumn);
    if (at < 0) return false;
    this.firstId = this.lastId = this.#idColumn.value;
    if (!PRICE.isAt(view, at)) return false;
    at = decimal.readPrice(view, at + PRICE.length);
    if (at < 0 || !QUANTITY.isAt(view, at)) return false;
    at = decimal.readQuantity(view, at + QUANTITY.length);
    if (at < 0 || bytes[at] !== QUOTE) return false;
    this.#takeAmounts();
    at++;
    if (aggregated) {
      at = readField(view, at, F, this.#firstColumn);
      if (at < 0) return false;
      at = readField(view, at, L, this.#lastColumn);
      if (at < 0) return false;
      this.firstId = this.#firstColumn.value;
      this.lastId = this.#lastColumn.value;
      if (this.lastId < this.firstId) return false;
    } else if (view.getInt32(at) === B) {
      // Order ids, which Binance sent until 2025.
      at = readField(view, at, B, this.#firstColumn);
      if (at < 0) return false;
      at = readField(view, at, A, this.#lastColumn);
      if (at < 0) return false;
    }
    at = readField(view, at, T_TIME, this.#timeColumn);
    if (at < 0 || this.#timeColumn.value === 0) return false;
    this.time = microseconds(this.#timeColumn.value);
    if (MAKER.isAt(view, at)) this.buyerIsMaker = true;
    else if (TAKER.isAt(view, at)) this.buyerIsMaker = false;
    else return false;
    at += this.buyerIsMaker ? MAKER.length : TAKER.length;
    if (bytes[at] === COMMA) {
      if (IGNORED.isAt(view, at)) at += IGNORED.length;
      else if (IGNORED_FALSE.isAt(view, at)) at += IGNORED_FALSE.length;
      else return false;
    }
    if (bytes[at] !== BRACE) return false;
    if (combined && bytes[++at] !== BRACE) return false;
    return at === end - 1;
  }

  /** Reads a message of any shape with `JSON.parse`, and finds what is wrong with it. */
  decode(message: string): ReadResult {
    this.emptyFirstId = this.emptyId = -1;
    this.isMarker = false;
    let parsed: unknown;
    try {
      parsed = JSON.parse(message);
    } catch {
      return this.#reject("not JSON");
    }
    if (!isRecord(parsed)) return this.#reject("not a JSON object");
    const body = "stream" in parsed && "data" in parsed ? parsed.data : parsed;
    if (!isRecord(body)) return this.#reject(`"data" is not an object`);
    if (body.e === "trade" || body.e === "aggTrade") {
      return this.#readTrade(body, body.e === "aggTrade", message);
    }
    if (typeof body.e === "string" || isStreamSnapshot(parsed)) return "other";
    if (typeof body.id === "number" && "result" in body) return "other";
    return this.#reject("not a Binance trade message");
  }

  /** Always null: there is one trade in a message. */
  next(): null {
    return null;
  }

  fault(reason: string, message: string): FrameFault {
    return faultIn(reason, message);
  }

  otherSymbol(message: string): string | null {
    const symbol = SYMBOL.exec(message)?.[1];
    return symbol === undefined || symbol === this.symbol || !EVENT_OF_TRADE.test(message) ? null : symbol;
  }

  /** Trades are longer than any such notice, so most messages are ruled out by their length alone. */
  isShutdownNotice(message: string): boolean {
    return message.length < 120 && message.includes('"serverShutdown"');
  }

  #readTrade(body: Readonly<Record<string, unknown>>, aggregate: boolean, message: string): ReadResult {
    if (typeof body.s !== "string") return this.#reject(`symbol "s" is ${shownJson(body.s)}`);
    if (body.s !== this.symbol) return "other";
    const first = aggregate ? body.f : body.t;
    const last = aggregate ? body.l : body.t;
    if (!isCount(first) || !isCount(last) || last < first) {
      return this.#reject(`trade id is ${shownJson(first)}${aggregate ? ` to ${shownJson(last)}` : ""}`);
    }
    this.emptyFirstId = first;
    this.emptyId = last;
    if (body.X !== undefined && body.X !== "MARKET") {
      this.isMarker = true;
      return this.#reject(`not a market trade: "X" is ${shownJson(body.X)}`);
    }
    const { p, q } = body;
    const decimal = this.#decimal;
    if (!readText(p, (view) => decimal.readPrice(view, 0))) {
      return this.#reject(`price is ${shownJson(p)}, not ${PRICE_TEXT}`);
    }
    if (!readText(q, (view) => decimal.readQuantity(view, 0))) {
      return this.#reject(`quantity is ${shownJson(q)}, not ${QUANTITY_TEXT}`);
    }
    const time = timeOf(body.T, message);
    if (time === null) return this.#reject(`trade time "T" is ${shownJson(body.T)}`);
    if (typeof body.m !== "boolean") return this.#reject(`"m" is ${shownJson(body.m)}, not true or false`);
    this.#takeAmounts();
    this.emptyFirstId = this.emptyId = -1;
    this.firstId = first;
    this.lastId = last;
    this.time = time;
    this.buyerIsMaker = body.m;
    return "trade";
  }

  #reject(reason: string): ReadResult {
    this.reason = reason;
    return "rejected";
  }

  #takeAmounts(): void {
    const { price, decimals, quantityWhole, quantityFraction } = this.#decimal;
    this.price = price;
    this.decimals = decimals;
    this.quantityWhole = quantityWhole;
    this.quantityFraction = quantityFraction;
  }
}

const EVENT_OF_TRADE = /"e"\s*:\s*"(?:trade|aggTrade)"/;
const SYMBOL = /"s"\s*:\s*"([^"\\]+)"/;
const LONG_TIME = /"T"\s*:\s*(\d{18,19})(?!\d)/g;

/** The time of `stamp`, µs. Nanoseconds are read from the message's own text, since a number is not exact there. */
function timeOf(stamp: unknown, message: string): number | null {
  if (isCount(stamp)) return stamp === 0 ? null : microseconds(stamp);
  if (typeof stamp !== "number" || stamp < LEAST_NANOSECONDS) return null;
  const [found, ...more] = message.matchAll(LONG_TIME);
  return found === undefined || more.length > 0 ? null : microsecondsIn(found[1]!);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Reads a field such as `,"t":<number>` into its column; the position after it, or -1. */
function readField(view: DataView, at: number, field: number, column: WholeColumn): number {
  return view.getInt32(at) === field && view.getUint8(at + 4) === COLON ? column.read(view, at + 5) : -1;
}

/** Whether `read` reads the whole of `text`. */
function readText(text: unknown, read: (view: DataView) => number): boolean {
  if (typeof text !== "string") return false;
  const bytes = ENCODER.encode(text);
  const padded = new Uint8Array(bytes.length + READ_AHEAD);
  padded.set(bytes);
  return read(new DataView(padded.buffer)) === bytes.length;
}

/** Streams whose messages carry no event type: book tickers and depth snapshots. */
function isStreamSnapshot(message: Readonly<Record<string, unknown>>): boolean {
  return typeof message.stream === "string" || "lastUpdateId" in message || "u" in message && "B" in message;
}
