/**
 * Reads one Binance message: a `trade` or an `aggTrade`, raw or in the combined envelope.
 *
 * There are two ways, which agree on every input. A WebAssembly loop reads messages in the exchange's usual
 * shape into columns, many per call. Whatever is not in that shape goes through `decode`. Field meanings:
 * https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
import { isCount, isRecord, shownJson } from "../../domain/market/json_value.ts";
import { BinanceScan } from "./binance_scan.ts";
import { DecimalBytes, READ_AHEAD } from "../../domain/numbers/decimal_bytes.ts";
import { PRICE_TEXT, QUANTITY_TEXT } from "../../domain/numbers/price.ts";
import { LEAST_NANOSECONDS, microseconds, microsecondsIn } from "../../domain/numbers/time.ts";
import type { ReadResult, TradeFields } from "../../domain/market/trade_reader.ts";
import type { FrameDecoder, FrameFault } from "../frame_decoder.ts";
import { faultIn } from "./message_fault.ts";

const ENCODER = new TextEncoder();

/** A decoder of one symbol's messages, each of which holds at most one trade. */
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
  /** After "rejected": the ids of the trade if they could be read, otherwise -1. */
  emptyFirstId = -1;
  emptyId = -1;
  /** After "rejected": whether it is a marker that says no market trade took place under its id. */
  isMarker = false;

  readonly symbol: string;
  readonly #decimal = new DecimalBytes();
  #scan: BinanceScan | null = null;

  /** The reader itself, which has the fields: that saves going through another object for each of them. */
  get trade(): TradeFields {
    return this;
  }

  /** A reader for `symbol`, in upper case as the exchange writes it, e.g. "BTCUSDT". */
  constructor(symbol: string) {
    this.symbol = symbol;
  }

  get scan(): BinanceScan {
    return this.#scan ??= new BinanceScan(this.symbol, this);
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
