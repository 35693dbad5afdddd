/**
 * Two made-up formats, unlike those in the table: lines of words that start with a number sign, and bytes with the
 * newest trade first, so that the file has to be read whole.
 */
import { BackfilledTrades } from "../../src/domain/market/backfilled_trades.ts";
import type { Complain, ReadResult, TradeFields } from "../../src/domain/market/trade_reader.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import {
  type Chunk,
  complainAt,
  type FileReader,
  type Layout,
  type TradeFile,
} from "../../src/formats/trade_file.ts";
import { joined } from "../feeds/recorded_input.ts";
import type { FileTrade } from "../support/trade_files.ts";

const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();

/** A line or a record: its number from 1, and either a trade or the fault and its column. */
interface Piece {
  readonly line: number;
  readonly text: string;
  readonly trade?: FileTrade;
  readonly fault?: { readonly column: number; readonly what: string };
}

/** Reads a file of one symbol's trades. `piecesIn` takes its chunks apart. */
class PieceReader implements FileReader {
  readonly symbol: string;
  line = 0;
  reason = "";
  readonly emptyFirstId = -1;
  readonly emptyId = -1;
  readonly #strict: boolean;
  readonly #piecesIn: (chunk: Chunk, before: number) => Generator<Piece>;
  readonly #amounts: BackfilledTrades;
  #pieces: Iterator<Piece> = [].values();
  #name = "";
  #text = "";

  constructor(symbol: string, strict: boolean, piecesIn: (chunk: Chunk, before: number) => Generator<Piece>) {
    this.symbol = symbol;
    this.#strict = strict;
    this.#piecesIn = piecesIn;
    this.#amounts = new BackfilledTrades(symbol);
  }

  get trade(): TradeFields {
    return this.#amounts.trade;
  }

  open(chunk: Chunk): void {
    this.#name = chunk.origin.name;
    this.#pieces = this.#piecesIn(chunk, this.line);
  }

  next(): ReadResult | null {
    const { done, value } = this.#pieces.next();
    if (done === true) return null;
    const { line, text, trade, fault } = value as Piece;
    this.line = line;
    this.#text = text;
    if (text.trim() === "") return this.next();
    if (trade === undefined) return this.#reject(fault!.column, fault!.what);
    this.#amounts.open([trade]);
    return this.#amounts.next() === "trade" ? "trade" : this.#reject(1, this.#amounts.reason);
  }

  sample(): string {
    return this.#text.slice(0, 200);
  }

  complain(): Complain {
    return complainAt({ name: this.#name, line: this.line }, this.#strict);
  }

  #reject(column: number, what: string): ReadResult {
    const error = new UnusableInput({ name: this.#name, line: this.line, column }, what);
    if (this.#strict) throw error;
    this.reason = error.message;
    return "rejected";
  }
}

const LAYOUT: Omit<Layout, "name" | "unit" | "reader"> = {
  isCertain: true,
  outweighs: false,
  namesSymbol: false,
};

/** `#7 sold 0.5 at 100.5 when 1723161255342` a line. */
export const wordFile: TradeFile = {
  name: "words",
  layoutOf: ({ text }) =>
    text?.startsWith("#") === true
      ? {
        ...LAYOUT,
        name: "words",
        unit: "line",
        reader: ({ symbol }, strict) => new PieceReader(symbol, strict, lines),
      }
      : null,
};

export function wordsOf({ lastId, buyerIsMaker, quantity, price, time }: FileTrade): string {
  return `#${lastId} ${buyerIsMaker ? "sold" : "bought"} ${quantity} at ${price} when ${time / 1000}.\n`;
}

const WORDS = /^#(\d+) (sold|bought) (\S+) at (\S+) when (\d+)\.\r?$/;

function* lines({ bytes, start, end }: Chunk, before: number): Generator<Piece> {
  const texts = DECODER.decode(bytes.subarray(start, end)).split("\n");
  if (texts.at(-1) === "") texts.pop();
  for (const [at, text] of texts.entries()) {
    const line = before + at + 1;
    const [, id, side, quantity, price, time] = WORDS.exec(text) ?? [];
    if (time === undefined) {
      yield { line, text, fault: { column: 1, what: `${JSON.stringify(text)} is no trade` } };
    } else {
      const trade = {
        firstId: Number(id),
        lastId: Number(id),
        time: Number(time),
        price: price!,
        quantity: quantity!,
        buyerIsMaker: side === "sold",
      };
      yield { line, text, trade };
    }
  }
}

const MAGIC = ENCODER.encode("NEWEST FIRST");
/** Id, time in ms, price and quantity in hundred-millionths take eight bytes each, and the side takes one. */
const RECORD_BYTES = 33;
const EIGHT = 8, UNIT = 100_000_000n;

/** Records of bytes, the newest first. */
export const byteFile: TradeFile = {
  name: "bytes",
  layoutOf: ({ bytes }) =>
    MAGIC.every((byte, at) => bytes[at] === byte)
      ? {
        ...LAYOUT,
        name: "bytes",
        unit: "file",
        reader: ({ symbol }, strict) => new PieceReader(symbol, strict, records),
      }
      : null,
};

export function recordOf({ lastId, buyerIsMaker, quantity, price, time }: FileTrade): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  const amounts = [price, quantity].map((text) => {
    const [whole = "", fraction = ""] = text.split(".");
    return BigInt(whole + fraction.padEnd(EIGHT, "0"));
  });
  for (const [at, value] of [BigInt(lastId), BigInt(time / 1000), ...amounts].entries()) {
    view.setBigUint64(at * EIGHT, value);
  }
  bytes[RECORD_BYTES - 1] = buyerIsMaker ? 1 : 0;
  return bytes;
}

export function byteFileOf(oldestFirst: readonly Uint8Array[]): Uint8Array {
  return joined(MAGIC, ...oldestFirst.toReversed());
}

function* records({ bytes, start, end }: Chunk): Generator<Piece> {
  if ((end - start - MAGIC.length) % RECORD_BYTES !== 0) {
    yield { line: 1, text: "bytes", fault: { column: 1, what: "the file is cut off" } };
    return;
  }
  let line = 0;
  for (let at = end; at > start + MAGIC.length; at -= RECORD_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at - RECORD_BYTES, RECORD_BYTES);
    const value = (index: number) => view.getBigUint64(index * EIGHT);
    const side = view.getUint8(RECORD_BYTES - 1);
    line++;
    const text = `record ${line}`;
    if (side > 1) {
      yield { line, text, fault: { column: RECORD_BYTES, what: `the side is ${side}` } };
      continue;
    }
    const trade = {
      firstId: Number(value(0)),
      lastId: Number(value(0)),
      time: Number(value(1)),
      price: decimalText(value(2)),
      quantity: decimalText(value(3)),
      buyerIsMaker: side === 1,
    };
    yield { line, text, trade };
  }
}

function decimalText(value: bigint): string {
  return `${value / UNIT}.${String(value % UNIT).padStart(EIGHT, "0")}`;
}
