/**
 * Reads one Binance message: a `trade` or an `aggTrade`, raw or in the combined envelope.
 *
 * Two ways that agree on every input: `scan` walks the text of a message in the exchange's usual shape, field
 * by field, without making a string or an object; whatever is not in that shape goes through `JSON.parse`.
 * Field meanings: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
import { MAX_DECIMALS, MAX_PRICE, MAX_QUANTITY, powerOfTen } from "./price.ts";
import { microseconds } from "./time.ts";

/**
 * What a message turned out to be: a trade of the symbol; something else that is meant to be there (another
 * stream, an acknowledgement); or something unusable, with the reason in `reason`.
 */
export type Verdict = "trade" | "other" | "rejected";

const QUOTE = 34, COMMA = 44, DOT = 46, NINE = 57, COLON = 58, ZERO = 48, BRACE = 125;
const MAX_DIGITS = 16;

/**
 * A reader for one symbol's messages. The fields hold the last trade read; they mean something only after
 * `read` answered "trade", and the next `read` overwrites them.
 */
export class BinanceMessageReader {
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
  readonly #rawTrade: string;
  readonly #rawAggregate: string;
  readonly #combinedTrade: string;
  readonly #combinedAggregate: string;
  readonly #symbolField: string;
  #integer = 0;

  /** A reader for `symbol`, in upper case as the exchange writes it, e.g. "BTCUSDT". */
  constructor(symbol: string) {
    this.symbol = symbol;
    this.#rawTrade = `{"e":"trade","E":`;
    this.#rawAggregate = `{"e":"aggTrade","E":`;
    this.#combinedTrade = `{"stream":"${symbol.toLowerCase()}@trade","data":${this.#rawTrade}`;
    this.#combinedAggregate = `{"stream":"${symbol.toLowerCase()}@aggTrade","data":${this.#rawAggregate}`;
    this.#symbolField = `,"s":"${symbol}",`;
  }

  /** Reads one message and says what it is. Never throws. */
  read(message: string): Verdict {
    return this.scan(message) ? "trade" : this.readJson(message);
  }

  /** True when `message` is a trade in the usual shape; false says nothing but "not in that shape". */
  scan(message: string): boolean {
    const combined = message.charCodeAt(2) === 115;
    let at: number;
    let aggregate = false;
    const plainPrefix = combined ? this.#combinedTrade : this.#rawTrade;
    if (message.startsWith(plainPrefix)) at = plainPrefix.length;
    else {
      const prefix = combined ? this.#combinedAggregate : this.#rawAggregate;
      if (!message.startsWith(prefix)) return false;
      at = prefix.length;
      aggregate = true;
    }
    at = this.#number(message, at);
    if (at < 0 || !message.startsWith(this.#symbolField, at)) return false;
    at += this.#symbolField.length - 1;
    at = this.#field(message, at, aggregate ? 97 : 116);
    if (at < 0) return false;
    this.firstId = this.lastId = this.#integer;
    if (!aggregate && message.charCodeAt(at + 2) === 98) {
      at = this.#field(message, this.#field(message, at, 98), 97);
      if (at < 0) return false;
    }
    if (!this.#opensText(message, at, 112)) return false;
    at = this.#readPrice(message, at + 6);
    if (at < 0 || message.charCodeAt(at) !== QUOTE || !this.#opensText(message, at + 1, 113)) return false;
    at = this.#readQuantity(message, at + 7);
    if (at < 0 || message.charCodeAt(at) !== QUOTE) return false;
    at++;
    if (aggregate) {
      at = this.#field(message, at, 102);
      if (at < 0) return false;
      this.firstId = this.#integer;
      at = this.#field(message, at, 108);
      if (at < 0 || this.#integer < this.firstId) return false;
      this.lastId = this.#integer;
    }
    at = this.#field(message, at, 84);
    if (at < 0 || this.#integer === 0) return false;
    this.time = microseconds(this.#integer);
    if (!message.startsWith(',"m":', at)) return false;
    this.buyerIsMaker = message.charCodeAt(at + 5) === 116;
    if (!message.startsWith(this.buyerIsMaker ? "true" : "false", at + 5)) return false;
    at += this.buyerIsMaker ? 9 : 10;
    if (message.charCodeAt(at) === COMMA) {
      if (message.startsWith(',"M":true', at)) at += 9;
      else if (message.startsWith(',"M":false', at)) at += 10;
      else return false;
    }
    if (message.charCodeAt(at) !== BRACE) return false;
    if (combined && message.charCodeAt(++at) !== BRACE) return false;
    return at === message.length - 1;
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
    if (typeof p !== "string" || this.#readPrice(p, 0) !== p.length) {
      return this.#reject(`price is ${shown(p)}, not decimal text from 0.00000001 to ${MAX_PRICE}`);
    }
    if (typeof q !== "string" || this.#readQuantity(q, 0) !== q.length) {
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
  #field(text: string, at: number, letter: number): number {
    if (
      at < 0 || text.charCodeAt(at) !== COMMA || text.charCodeAt(at + 1) !== QUOTE ||
      text.charCodeAt(at + 2) !== letter || text.charCodeAt(at + 3) !== QUOTE ||
      text.charCodeAt(at + 4) !== COLON
    ) return -1;
    return this.#number(text, at + 5);
  }

  /** Whether `,"<letter>":"` stands at `at`. */
  #opensText(text: string, at: number, letter: number): boolean {
    return text.charCodeAt(at) === COMMA && text.charCodeAt(at + 1) === QUOTE &&
      text.charCodeAt(at + 2) === letter && text.charCodeAt(at + 3) === QUOTE &&
      text.charCodeAt(at + 4) === COLON && text.charCodeAt(at + 5) === QUOTE;
  }

  /** Reads a JSON integer up to 2^53 - 1 into #integer; the position after it, or -1. */
  #number(text: string, at: number): number {
    const start = at;
    let value = 0;
    let digit = text.charCodeAt(at) - ZERO;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = text.charCodeAt(++at) - ZERO;
    }
    const digits = at - start;
    if (digits === 0 || digits > MAX_DIGITS || value > Number.MAX_SAFE_INTEGER) return -1;
    if (digits > 1 && text.charCodeAt(start) === ZERO) return -1;
    this.#integer = value;
    return at;
  }

  /** Reads decimal text into `price` and `decimals`; the position after it, or -1 when it is out of range. */
  #readPrice(text: string, at: number): number {
    let value = 0;
    let decimals = 0;
    let zeros = 0;
    const start = at;
    let code = text.charCodeAt(at);
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      code = text.charCodeAt(++at);
    }
    if (at === start || at - start > 8 || (at - start > 1 && text.charCodeAt(start) === ZERO)) return -1;
    if (value > MAX_PRICE) return -1;
    const atMost = value === MAX_PRICE;
    if (code === DOT) {
      const point = at;
      code = text.charCodeAt(++at);
      while (code >= ZERO && code <= NINE) {
        if (code === ZERO) zeros++;
        else {
          if (decimals + zeros + 1 > MAX_DECIMALS || atMost) return -1;
          value = value * powerOfTen(zeros + 1) + (code - ZERO);
          decimals += zeros + 1;
          zeros = 0;
        }
        code = text.charCodeAt(++at);
      }
      if (at === point + 1) return -1;
    }
    if (value === 0) return -1;
    this.price = value;
    this.decimals = decimals;
    return at;
  }

  /** Reads decimal text into the two parts of the quantity; the position after it, or -1. */
  #readQuantity(text: string, at: number): number {
    let whole = 0;
    const start = at;
    let code = text.charCodeAt(at);
    while (code >= ZERO && code <= NINE) {
      whole = whole * 10 + (code - ZERO);
      code = text.charCodeAt(++at);
    }
    if (at === start || at - start > MAX_DIGITS || (at - start > 1 && text.charCodeAt(start) === ZERO)) return -1;
    let fraction = 0;
    if (code === DOT) {
      const point = at;
      code = text.charCodeAt(++at);
      while (code >= ZERO && code <= NINE) {
        const decimals = at - point;
        if (decimals <= MAX_DECIMALS) fraction = fraction * 10 + (code - ZERO);
        else if (code !== ZERO) return -1;
        code = text.charCodeAt(++at);
      }
      if (at === point + 1) return -1;
      const read = at - point - 1;
      if (read < MAX_DECIMALS) fraction *= powerOfTen(MAX_DECIMALS - read);
    }
    if (whole > MAX_QUANTITY || (whole === MAX_QUANTITY && fraction > 0) || whole + fraction === 0) return -1;
    this.quantityWhole = whole;
    this.quantityFraction = fraction;
    return at;
  }
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
