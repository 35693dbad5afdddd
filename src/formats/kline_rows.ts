/**
 * Reads files of klines, one per line. A kline becomes four prints, or none if its interval has no trades.
 *
 * There are two ways to read a row, and they agree on every row. A WebAssembly loop reads usual rows into a block. All
 * others are read field by field, which also says what is wrong with one.
 */
import { BLOCK_ROWS, type ReadBlock } from "../domain/market/block.ts";
import { TradeBlock } from "../domain/market/trade_block.ts";
import type { Complain, Followed, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { powerOfTen } from "../domain/numbers/price.ts";
import { READ_AHEAD } from "../domain/numbers/decimal_bytes.ts";
import { HOUR } from "../domain/numbers/time.ts";
import { isHeaderAt } from "./csv_fields.ts";
import { KlinePrints, PRINTS } from "./kline_prints.ts";
import { type KlineFault, KlineRow } from "./kline_row.ts";
import { KlineScan } from "./kline_scan.ts";
import { type Chunk, complainAt, type FileReader, type Origin } from "./trade_file.ts";

const TAB = 9, FEED = 10, RETURN = 13, SPACE = 32;
const SAMPLE_CHARACTERS = 200;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const NO_BYTES = new Uint8Array();

/** A place between two rows. */
interface Position {
  /** Where the next row starts in the chunk. */
  at: number;
  /** Lines before it in the file, and how many of them were blank. */
  line: number;
  blank: number;
}

/**
 * The klines of one symbol. `open` a chunk, then call `next`. The trade's fields hold the print read last, and the next
 * call overwrites them.
 */
export class KlineRows implements FileReader, TradeFields {
  firstId = 0;
  lastId = 0;
  time = 0;
  price = 0;
  decimals = 0;
  quantityWhole = 0;
  quantityFraction = 0;
  buyerIsMaker = false;
  readonly trade: TradeFields = this;
  reason = "";
  emptyFirstId = -1;
  emptyId = -1;
  readonly symbol: string;
  readonly #strict: boolean;
  readonly #scan: KlineScan | null;
  readonly #row: KlineRow;
  readonly #prints: KlinePrints;
  /** The next print of the row read last. */
  #print = PRINTS;
  /** The interval that a row ahead shows. Rows before that one are read without knowing it, wherever chunks end. */
  #seen: number | null = null;

  #origin: Origin | null = null;
  #chunk: Uint8Array<ArrayBuffer> = NO_BYTES;
  #chunkView: DataView = new DataView(NO_BYTES.buffer);
  #end = 0;
  #next: Position = { at: 0, line: 0, blank: 0 };
  /** The row read last: where it started, and where it is now, with room after it. */
  #rowAt = 0;
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  #view: DataView = this.#chunkView;
  #start = 0;
  #rowEnd = 0;

  #block: TradeBlock | null = null;
  /** The position before the last block. */
  #before: Position & { readonly print: number } = { ...this.#next, print: PRINTS };

  /**
   * A reader of rows with `count` columns; all count as those of `symbol`. When `strict`, `next` throws UnusableInput
   * at an unusable row; otherwise it returns "rejected". Without a `scan` every row is read field by field: that is for
   * tests.
   */
  constructor(
    symbol: string,
    count: number,
    strict: boolean,
    scan: KlineScan | null = new KlineScan(symbol, count),
  ) {
    this.symbol = symbol;
    this.#strict = strict;
    this.#scan = scan;
    this.#row = new KlineRow(count);
    this.#prints = new KlinePrints(this.#row);
  }

  get line(): number {
    return this.#next.line;
  }

  get interval(): number | null {
    return this.#row.interval ?? this.#seen;
  }

  open({ origin, bytes, start, end }: Chunk): void {
    if (origin !== this.#origin) {
      this.#origin = origin;
      this.#next = { at: start, line: 0, blank: 0 };
      this.#row.interval = this.#seen = null;
    }
    this.#chunk = bytes as Uint8Array<ArrayBuffer>;
    this.#chunkView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#next.at = start;
    this.#end = end;
    this.#print = PRINTS;
    this.#scan?.open(bytes, end);
    if (this.interval === null) this.#lookAhead();
  }

  next(): ReadResult | null {
    if (this.#print === PRINTS) {
      if (!this.#nextRow()) return null;
      const fault = this.#read();
      if (fault !== null) return this.#refuse(fault);
      if (!this.#row.hasTrades) return this.#passOver();
    }
    this.#prints.read(this.#print++, this);
    return "trade";
  }

  takeBlock(after: Followed, most: number): ReadBlock | null {
    const { id, time, decimals } = after;
    const print = this.#print;
    this.#before = { ...this.#next, print };
    if (print < PRINTS) this.#before.at = this.#rowAt;
    const scanned = this.#scanned(after, most);
    if (scanned !== null) return scanned;
    const block = this.#block ??= new TradeBlock(this.symbol);
    block.open(id + 1, decimals, false);
    block.highest = block.latest = 0;
    const size = Math.min(most, BLOCK_ROWS);
    for (let before = time; block.size < size;) {
      if (this.#print === PRINTS && !this.#readsKline()) break;
      if (!this.#adds(block, id + 1 + block.size, before)) break;
      before = block.latest;
    }
    return block.size === 0 ? null : block;
  }

  giveBack(): void {
    const { at, line, blank, print } = this.#before;
    this.#next = { at, line, blank };
    this.#print = PRINTS;
    if (print === PRINTS) return;
    this.#next.line--;
    this.#readsKline();
    this.#print = print;
  }

  sample(): string {
    return DECODER.decode(this.#bytes.subarray(this.#start, this.#rowEnd)).slice(0, SAMPLE_CHARACTERS);
  }

  complain(): Complain {
    return complainAt({ name: this.#origin?.name ?? "", line: this.line, column: 1 }, this.#strict);
  }

  /**
   * Reads whole klines of the usual kind into a block; null if the next row is of another kind, or its interval is not
   * known yet.
   */
  #scanned(after: Followed, most: number): ReadBlock | null {
    const next = this.#next;
    const { interval } = this.#row;
    const scan = this.#scan;
    const mayBeHeader = next.line === next.blank;
    if (scan === null || interval === null || mayBeHeader || this.#print < PRINTS || next.at >= this.#end) {
      return null;
    }
    const block = scan.read(next.at, after, most, interval);
    if (block === null) return null;
    next.at = scan.stoppedAt;
    next.line += block.size / PRINTS;
    return block;
  }

  /** Adds the next print to a block if it has this id, and follows within an hour of `before`. */
  #adds(block: TradeBlock, id: number, before: number): boolean {
    const prints = this.#prints;
    const { unit } = this.#row;
    const print = this.#print;
    const time = prints.timeOf(print);
    if (prints.firstId + print !== id || time - before > HOUR || unit > block.decimals) return false;
    const price = prints.priceOf(print) * powerOfTen(block.decimals - unit);
    if (price > Number.MAX_SAFE_INTEGER) return false;
    const isLast = print === PRINTS - 1;
    const at = block.size;
    block.id[at] = id;
    block.time[at] = time;
    block.price[at] = price;
    block.quantityWhole[at] = isLast ? prints.restWhole : prints.quarterWhole;
    block.quantityFraction[at] = isLast ? prints.restFraction : prints.quarterFraction;
    if (price > block.highest) block.highest = price;
    block.latest = time;
    block.size = at + 1;
    this.#print = print + 1;
    return true;
  }

  /** Reads the row and makes its prints. Returns what is wrong with the row; null for nothing. */
  #read(): KlineFault | null {
    const fault = this.#row.read(this.#bytes, this.#view, this.#start, this.#rowEnd);
    if (fault !== null) return fault;
    this.#prints.take();
    this.#print = 0;
    return null;
  }

  /** Reads the next row. If it is not a kline, leaves it unread and returns false. */
  #readsKline(): boolean {
    const { at, line, blank } = this.#next;
    if (this.#nextRow() && this.#read() === null && this.#row.hasTrades) return true;
    this.#print = PRINTS;
    this.#next = { at, line, blank };
    return false;
  }

  /** Finds the interval in the first usable row of the chunk, and goes back. */
  #lookAhead(): void {
    const next = { ...this.#next };
    while (this.#nextRow() && this.#read() !== null);
    this.#seen = this.#row.interval;
    this.#row.interval = null;
    this.#next = next;
    this.#print = PRINTS;
  }

  /** Moves on to the next row that is neither blank nor a header; false if there is none. */
  #nextRow(): boolean {
    while (this.#next.at < this.#end) {
      this.#lend();
      if (this.#isBlank()) this.#next.blank++;
      else if (
        this.#next.line - this.#next.blank > 1 || !isHeaderAt(this.#bytes, this.#start, this.#rowEnd)
      ) {
        return true;
      }
    }
    return false;
  }

  /**
   * Takes the next row. Rows are read a word at a time, a little beyond their end: one without a line feed, or too
   * close to the end of the bytes, is copied to where there is room.
   */
  #lend(): void {
    const chunk = this.#chunk;
    const next = this.#next;
    const start = this.#rowAt = next.at;
    const feed = chunk.indexOf(FEED, start);
    const isEnded = feed >= 0 && feed < this.#end;
    let end = isEnded ? feed : this.#end;
    next.at = end + 1;
    next.line++;
    if (end > start && chunk[end - 1] === RETURN) end--;
    if (isEnded && feed + READ_AHEAD < chunk.length) {
      this.#bytes = chunk;
      this.#view = this.#chunkView;
      this.#start = start;
    } else {
      this.#bytes = new Uint8Array(end - start + 1 + READ_AHEAD);
      this.#bytes.set(chunk.subarray(start, end));
      this.#bytes[end - start] = FEED;
      this.#view = new DataView(this.#bytes.buffer);
      this.#start = 0;
    }
    this.#rowEnd = this.#start + end - start;
  }

  #isBlank(): boolean {
    for (let at = this.#start; at < this.#rowEnd; at++) {
      const byte = this.#bytes[at];
      if (byte !== SPACE && byte !== TAB && byte !== RETURN) return false;
    }
    return true;
  }

  /** Nothing was traded, so there is nothing to fill an order; but the interval is not missing. */
  #passOver(): ReadResult {
    this.#print = PRINTS;
    this.emptyFirstId = this.#prints.firstId;
    this.emptyId = this.#prints.firstId + PRINTS - 1;
    return "empty";
  }

  #refuse({ at, what }: KlineFault): ReadResult {
    const place = { name: this.#origin?.name ?? "", line: this.line, column: at - this.#start + 1 };
    const unusable = new UnusableInput(place, what);
    if (this.#strict) throw unusable;
    this.reason = unusable.message;
    const { number } = this.#row;
    this.emptyFirstId = number === null ? -1 : PRINTS * number;
    this.emptyId = number === null ? -1 : PRINTS * number + PRINTS - 1;
    return "rejected";
  }
}
