/**
 * Reads one Binance message: a `trade` or an `aggTrade`, raw or in the combined envelope.
 *
 * Two ways that agree on every input: `scan` walks the bytes of a message in the exchange's usual shape, field by
 * field, without making a string or an object; whatever is not in that shape goes through `readJson`.
 * Field meanings: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
import { MAX_DECIMALS, MAX_PRICE, MAX_QUANTITY, powerOfTen } from "./price.ts";
import { microseconds } from "./time.ts";
import type { TradeFields, Verdict } from "./trade_reader.ts";

const QUOTE = 34, COMMA = 44, DOT = 46, ZERO = 48, NINE = 57, COLON = 58, BRACE = 125;
const A = 97, B = 98, F = 102, L = 108, S = 115, T_ID = 116, T_TIME = 84;
const MAX_DIGITS = 16;
/** So many digits fit 31 bits, where integer arithmetic is cheapest. */
const SMALL_DIGITS = 9;
const ENCODER = new TextEncoder();

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

  /** Whether it stands in `view` at `at`. */
  stands(view: DataView, at: number): boolean {
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

/** How a message begins, by its kind. */
interface Shape {
  readonly trade: Literal;
  readonly aggregate: Literal;
}

/**
 * A reader for one symbol's messages. The fields hold the last trade read; they mean something only after
 * `read` answered "trade", and the next `read` overwrites them.
 */
export class BinanceMessageReader implements TradeFields {
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
  /** After "rejected": the id of a marker that says no market trade took place under it, or -1. */
  emptyId = -1;

  readonly symbol: string;
  readonly #raw: Shape;
  readonly #combined: Shape;
  readonly #symbolField: Literal;
  #bytes: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(this.#bytes.buffer);
  #integer = 0;

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
   * True when `bytes` from `start` to `end` are a trade in the usual shape; false says nothing but "not in that
   * shape".
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    const combined = bytes[start + 2] === S;
    const { trade, aggregate } = combined ? this.#combined : this.#raw;
    let prefix = trade;
    if (!trade.stands(view, start)) {
      if (!aggregate.stands(view, start)) return false;
      prefix = aggregate;
    }
    const aggregated = prefix === aggregate;
    let at = this.#skipNumber(bytes, start + prefix.length);
    if (at < 0 || !this.#symbolField.stands(view, at)) return false;
    at = this.#field(bytes, at + this.#symbolField.length, aggregated ? A : T_ID);
    if (at < 0) return false;
    this.firstId = this.lastId = this.#integer;
    if (!PRICE.stands(view, at)) return false;
    at = this.#readPrice(bytes, at + PRICE.length);
    if (at < 0 || !QUANTITY.stands(view, at)) return false;
    at = this.#readQuantity(bytes, at + QUANTITY.length);
    if (at < 0 || bytes[at] !== QUOTE) return false;
    at++;
    if (!aggregated && bytes[at + 2] === B) {
      // Order ids, which Binance sent until 2025.
      at = this.#field(bytes, this.#field(bytes, at, B), A);
      if (at < 0) return false;
    }
    if (aggregated) {
      at = this.#field(bytes, at, F);
      if (at < 0) return false;
      this.firstId = this.#integer;
      at = this.#field(bytes, at, L);
      if (at < 0 || this.#integer < this.firstId) return false;
      this.lastId = this.#integer;
    }
    at = this.#field(bytes, at, T_TIME);
    if (at < 0 || this.#integer === 0) return false;
    this.time = microseconds(this.#integer);
    if (MAKER.stands(view, at)) this.buyerIsMaker = true;
    else if (TAKER.stands(view, at)) this.buyerIsMaker = false;
    else return false;
    at += this.buyerIsMaker ? MAKER.length : TAKER.length;
    if (bytes[at] === COMMA) {
      if (IGNORED.stands(view, at)) at += IGNORED.length;
      else if (IGNORED_FALSE.stands(view, at)) at += IGNORED_FALSE.length;
      else return false;
    }
    if (bytes[at] !== BRACE) return false;
    if (combined && bytes[++at] !== BRACE) return false;
    return at === end - 1;
  }

  /** The same by `JSON.parse`, for every shape and every fault. */
  readJson(message: string): Verdict {
    this.emptyId = -1;
    let parsed: unknown;
    try {
      parsed = JSON.parse(message);
    } catch {
      return this.#reject("not JSON");
    }
    if (!isRecord(parsed)) return this.#reject("not a JSON object");
    const body = "stream" in parsed && "data" in parsed ? parsed.data : parsed;
    if (!isRecord(body)) return this.#reject(`"data" is not an object`);
    if (body.e === "trade" || body.e === "aggTrade") return this.#readTrade(body, body.e === "aggTrade");
    if (typeof body.e === "string" || isStreamSnapshot(parsed)) return "other";
    if (typeof body.id === "number" && "result" in body) return "other";
    return this.#reject("not a Binance trade message");
  }

  #readTrade(body: Record<string, unknown>, aggregate: boolean): Verdict {
    if (typeof body.s !== "string") return this.#reject(`symbol "s" is ${shown(body.s)}`);
    if (body.s !== this.symbol) return "other";
    const first = aggregate ? body.f : body.t;
    const last = aggregate ? body.l : body.t;
    if (!isCount(first) || !isCount(last) || last < first) {
      return this.#reject(`trade id is ${shown(first)}${aggregate ? ` to ${shown(last)}` : ""}`);
    }
    if (body.X !== undefined && body.X !== "MARKET") {
      this.emptyId = last;
      return this.#reject(`not a market trade: "X" is ${shown(body.X)}`);
    }
    const { p, q } = body;
    if (!this.#readText(p, (bytes) => this.#readPrice(bytes, 0))) {
      return this.#reject(`price is ${shown(p)}, not decimal text from 0.00000001 to ${MAX_PRICE}`);
    }
    if (!this.#readText(q, (bytes) => this.#readQuantity(bytes, 0))) {
      return this.#reject(`quantity is ${shown(q)}, not decimal text above 0 with up to 8 decimals`);
    }
    if (!isCount(body.T) || body.T === 0) return this.#reject(`trade time "T" is ${shown(body.T)}`);
    if (typeof body.m !== "boolean") return this.#reject(`"m" is ${shown(body.m)}, not true or false`);
    this.firstId = first;
    this.lastId = last;
    this.time = microseconds(body.T);
    this.buyerIsMaker = body.m;
    return "trade";
  }

  #reject(reason: string): Verdict {
    this.reason = reason;
    return "rejected";
  }

  /** Reads `,"<letter>":<number>` at `at`; the position after it, or -1. */
  #field(bytes: Uint8Array, at: number, letter: number): number {
    if (
      at < 0 || bytes[at] !== COMMA || bytes[at + 1] !== QUOTE || bytes[at + 2] !== letter ||
      bytes[at + 3] !== QUOTE || bytes[at + 4] !== COLON
    ) return -1;
    return this.#number(bytes, at + 5);
  }

  /** Passes over a JSON integer of up to 16 digits; the position after it, or -1. */
  #skipNumber(bytes: Uint8Array, start: number): number {
    let at = start;
    while (isDigit(bytes[at]!)) at++;
    const digits = at - start;
    return digits === 0 || digits > MAX_DIGITS || digits > 1 && bytes[start] === ZERO ? -1 : at;
  }

  /** Reads a JSON integer up to 2^53 - 1 into #integer; the position after it, or -1. */
  #number(bytes: Uint8Array, start: number): number {
    let at = start;
    let high = 0;
    let byte = bytes[at]!;
    for (const limit = start + SMALL_DIGITS; at < limit && isDigit(byte); byte = bytes[++at]!) {
      high = high * 10 + byte - ZERO;
    }
    let value = high;
    if (isDigit(byte)) {
      const middle = at;
      let low = 0;
      for (; isDigit(byte); byte = bytes[++at]!) {
        if (at - start >= MAX_DIGITS) return -1;
        low = low * 10 + byte - ZERO;
      }
      value = high * powerOfTen(at - middle) + low;
    }
    if (at === start || value > Number.MAX_SAFE_INTEGER || at - start > 1 && bytes[start] === ZERO) return -1;
    this.#integer = value;
    return at;
  }

  /** Reads decimal text into `price` and `decimals`; the position after it, or -1 when it is out of range. */
  #readPrice(bytes: Uint8Array, start: number): number {
    let at = start;
    let value = 0;
    let digit = bytes[at]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = bytes[++at]! - ZERO;
      if (at - start > 8) return -1;
    }
    if (at === start || value > MAX_PRICE || (at - start > 1 && bytes[start] === ZERO)) return -1;
    const whole = value;
    let decimals = 0;
    if (bytes[at] === DOT) {
      const point = at;
      let zeros = 0;
      digit = bytes[++at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        if (digit === 0) zeros++;
        else {
          if (decimals + zeros >= MAX_DECIMALS) return -1;
          value = value * powerOfTen(zeros + 1) + digit;
          decimals += zeros + 1;
          zeros = 0;
        }
        digit = bytes[++at]! - ZERO;
      }
      if (at === point + 1) return -1;
    }
    if (value === 0 || (whole === MAX_PRICE && decimals > 0)) return -1;
    this.price = value;
    this.decimals = decimals;
    return at;
  }

  /** Reads decimal text into the two parts of the quantity; the position after it, or -1. */
  #readQuantity(bytes: Uint8Array, start: number): number {
    let at = start;
    let whole = 0;
    let digit = bytes[at]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digit = bytes[++at]! - ZERO;
    }
    if (at === start || at - start > MAX_DIGITS || (at - start > 1 && bytes[start] === ZERO)) return -1;
    let fraction = 0;
    if (bytes[at] === DOT) {
      const point = at;
      digit = bytes[++at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        if (at - point <= MAX_DECIMALS) fraction = fraction * 10 + digit;
        else if (digit !== 0) return -1;
        digit = bytes[++at]! - ZERO;
      }
      const read = at - point - 1;
      if (read === 0) return -1;
      if (read < MAX_DECIMALS) fraction *= powerOfTen(MAX_DECIMALS - read);
    }
    if (whole > MAX_QUANTITY || (whole === MAX_QUANTITY && fraction > 0) || whole + fraction === 0) return -1;
    this.quantityWhole = whole;
    this.quantityFraction = fraction;
    return at;
  }

  /** Reads the whole of `text` with one of the readers above. */
  #readText(text: unknown, read: (bytes: Uint8Array) => number): boolean {
    if (typeof text !== "string") return false;
    const bytes = bytesOf(text);
    return read(bytes) === bytes.length;
  }
}

/** A byte outside the array is undefined, and no digit. */
function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function bytesOf(text: string): Uint8Array {
  return ENCODER.encode(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Streams whose messages carry no event type: book tickers and depth snapshots. */
function isStreamSnapshot(message: Record<string, unknown>): boolean {
  return typeof message.stream === "string" || "lastUpdateId" in message || "u" in message && "B" in message;
}

const SHOWN_CHARACTERS = 40;

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
