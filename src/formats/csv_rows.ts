/**
 * Reads the rows of Binance's public-data CSV files: the hot path of a backtest.
 *
 * There are two ways to read a row, and they agree on every row. A WebAssembly loop reads many rows at once into
 * columns. `#examine` reads the row at which the loop stops, field by field, and says what is wrong with it.
 */
import { idsIn, IS_T, isHeaderAt, longTimeAt, readBoolean } from "./csv_fields.ts";
import {
  type CsvColumns,
  type CsvField,
  type FieldKind,
  fieldsOf,
  isPublished,
  quoted,
} from "./csv_layout.ts";
import { CsvScan } from "./csv_scan.ts";
import { DecimalBytes, READ_AHEAD } from "../domain/numbers/decimal_bytes.ts";
import { COLUMN_ROWS } from "../domain/market/trade_columns.ts";
import type { ReadBlock } from "../domain/market/block.ts";
import { PRICE_TEXT, QUANTITY_TEXT } from "../domain/numbers/price.ts";
import { microseconds } from "../domain/numbers/time.ts";
import type { Complain, Followed, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { type Chunk, complainAt, type FileReader, type Origin } from "./trade_file.ts";

const TAB = 9, SPACE = 32, FEED = 10, RETURN = 13, COMMA = 44, MINUS = 45, ZERO = 48, ONE = 49;
const SAMPLE_CHARACTERS = 200;
/** The most bytes that UTF-8 needs for a character of a string. */
const CHARACTER_BYTES = 3;
const NO_BYTES = new Uint8Array();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

const MOST = Number.MAX_SAFE_INTEGER;
const EXPECTED: Readonly<Record<FieldKind, string>> = {
  "trade id": `a whole number from 0 to ${MOST}`,
  "first id": `a whole number from 0 to ${MOST}`,
  "last id": `a whole number from 0 to ${MOST}`,
  "id": `a whole number from 0 to ${MOST}`,
  "price": PRICE_TEXT,
  "quantity": QUANTITY_TEXT,
  "amount": "decimal text",
  "time": "a whole number of s, ms, µs or ns since 1970, such as 1735689600000",
  "buyer is maker": "true or false",
  "flag": "true or false",
  "anything": "anything",
};

/**
 * A reader of one symbol's rows. The trade's fields hold the last one read; they are valid only after `next` returned
 * "trade", and the next call overwrites them.
 */
export class CsvRows implements FileReader, TradeFields {
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

  readonly #decimal = new DecimalBytes();
  readonly #scan: CsvScan | null;
  /** How many rows are in the columns, and how many of them `next` has returned. */
  #scanned = 0;
  #given = 0;
  /**
   * How many rows the loop reads at once for `next`: only one if the caller takes blocks, and asks `next` for the rows
   * between.
   */
  #most = COLUMN_ROWS;
  /** How many rows the last block has. */
  #blockRows = 0;

  #origin: Origin | null = null;
  readonly #fields: readonly CsvField[];
  /** Where the fields of the current row start, then where another field would start. */
  readonly #starts: Int32Array;
  /** How many fields it has. */
  #found = 0;
  readonly #isPublished: boolean;
  readonly #isAggregate: boolean;
  readonly #mayBeHeader: boolean;
  /** Lines started in this origin, and how many of them were blank. */
  #line = 0;
  #blank = 0;

  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  #end = 0;
  /** Where the row read last starts in these bytes, unless it is in the columns. */
  #bytes: Uint8Array = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES.buffer);
  #row = 0;

  /**
   * A reader of rows with these columns. No row names a symbol, so all of them count as trades of `symbol`. If the file
   * `isBare`, its first line is a row even if it looks like a header. When `strict`, `next` throws UnusableInput at an
   * unusable row; otherwise it returns "rejected". Without a `scan`, `#examine` reads every row, which is for tests.
   */
  constructor(
    { columns, isBare = false }: { readonly columns: CsvColumns; readonly isBare?: boolean },
    symbol: string,
    strict: boolean,
    scan: CsvScan | null = new CsvScan(columns),
  ) {
    this.#scan = scan;
    this.symbol = symbol;
    this.#strict = strict;
    this.#mayBeHeader = !isBare;
    this.#fields = fieldsOf(columns);
    this.#starts = new Int32Array(columns.count + 1);
    this.#isPublished = isPublished(columns);
    this.#isAggregate = columns.firstId !== columns.lastId;
  }

  /** The number of the line read last, from 1. */
  get line(): number {
    return this.#line;
  }

  /**
   * Continues with `chunk` and drops the unread rest of the last one. Lines are counted over all chunks of the same
   * origin object, whose first line may be a header.
   */
  open(chunk: Chunk): void {
    const { origin, bytes, start, end } = chunk;
    if (origin !== this.#origin) {
      this.#origin = origin;
      this.#line = this.#blank = 0;
    }
    this.#chunk = bytes;
    this.#at = start;
    this.#end = end;
    this.#scanned = this.#given = 0;
    this.#scan?.open(bytes, end);
  }

  /**
   * Reads one row. A header and blank lines are skipped silently. An aggregate that Binance marked as invalid (price
   * and quantity 0, trade ids -1) is "other". Null at the end of the chunk. When strict, throws UnusableInput at a row
   * that is not a trade, with the place of the field and what was expected there.
   */
  next(): ReadResult | null {
    for (;;) {
      if (this.#given < this.#scanned) {
        this.#line++;
        this.#scan!.columns.read(this.#given++, this);
        return "trade";
      }
      if (this.#at >= this.#end) return null;
      if (this.#fill()) continue;
      this.#line++;
      const read = this.#examine();
      if (read !== null) return read;
    }
  }

  takeBlock(after: Followed, most: number): ReadBlock | null {
    const scan = this.#scan;
    if (scan === null || this.#isAtHeader) return null;
    // Rows that were read ahead are read again.
    if (this.#given < this.#scanned) this.#at = scan.startOf(this.#given);
    this.#given = this.#scanned = 0;
    this.#most = 1;
    if (this.#at >= this.#end) return null;
    scan.columns.startAfter(after);
    const rows = scan.read(this.#at, most, after.decimals);
    if (rows === 0) return null;
    this.#blockRows = rows;
    this.#line += rows;
    this.#at = scan.stoppedAt;
    return scan.columns.block(this.symbol, rows, after.decimals);
  }

  giveBack(): void {
    this.#at = this.#scan!.startOf(0);
    this.#line -= this.#blockRows;
  }

  sample(): string {
    const isScanned = this.#given > 0;
    const bytes = isScanned ? this.#chunk : this.#bytes;
    const row = isScanned ? this.#scan!.startOf(this.#given - 1) : this.#row;
    const end = Math.min(rowEnd(bytes, row), row + SAMPLE_CHARACTERS * CHARACTER_BYTES);
    return DECODER.decode(bytes.subarray(row, end)).slice(0, SAMPLE_CHARACTERS);
  }

  complain(): Complain {
    return complainAt({ name: this.#origin?.name ?? "", line: this.#line, column: 1 }, this.#strict);
  }

  /** Whether the next line may be a header: it can look like a row if its first field may be anything. */
  get #isAtHeader(): boolean {
    return this.#mayBeHeader && this.#line === this.#blank;
  }

  /** Reads rows into the columns; false if the next row is not of the usual kind. */
  #fill(): boolean {
    const scan = this.#scan;
    this.#given = this.#scanned = 0;
    if (scan === null || this.#isAtHeader) return false;
    this.#scanned = scan.read(this.#at, this.#most);
    if (this.#scanned === 0) return false;
    this.#at = scan.stoppedAt;
    return true;
  }

  /**
   * Makes the next row ready for `#examine`. Rows are read a word at a time, a little beyond their end. A row too close
   * to the end of the bytes, and one without a line feed, is copied to where there is room.
   */
  #lend(): void {
    const at = this.#at;
    const bytes = this.#chunk;
    const feed = bytes.indexOf(FEED, at);
    const isEnded = feed >= 0 && feed < this.#end;
    const end = isEnded ? feed : this.#end;
    this.#at = end + 1;
    if (isEnded && end + READ_AHEAD < bytes.length) {
      if (this.#bytes !== bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#bytes = bytes;
      this.#row = at;
      return;
    }
    const row = new Uint8Array(end - at + 1 + READ_AHEAD);
    row.set(bytes.subarray(at, end));
    row[end - at] = FEED;
    this.#bytes = row;
    this.#view = new DataView(row.buffer);
    this.#row = 0;
  }

  /** Reads any line in any layout; null for a line that is skipped silently. */
  #examine(): ReadResult | null {
    this.#lend();
    const bytes = this.#bytes;
    const row = this.#row;
    const end = rowEnd(bytes, row);
    let begin = row;
    while (begin < end && (bytes[begin] === SPACE || bytes[begin] === TAB)) begin++;
    if (begin === end) {
      this.#blank++;
      return null;
    }
    if (this.#mayBeHeader && this.#line - this.#blank === 1 && isHeaderAt(bytes, begin, end)) return null;

    const fields = this.#fields;
    const starts = this.#starts;
    const found = this.#split(row, end);
    this.#found = found;
    if (found !== fields.length) {
      const isShort = found < fields.length;
      const names = fields.map(({ name }) => name).join(",");
      const expected = this.#isPublished ? `${fields.length} (${names})` : `${fields.length}`;
      // The column where the first missing field should have started, or where the first extra one does.
      const place = isShort ? end : starts[fields.length]!;
      return this.#refuse(
        place,
        `the row has ${found} ${found === 1 ? "field" : "fields"}: expected ${expected}`,
      );
    }
    if (this.#isAggregate && this.#isInvalidAggregate()) return "other";
    for (let column = 0; column < fields.length; column++) {
      const { kind } = fields[column]!;
      const start = starts[column]!;
      if (this.#take(kind, start) !== starts[column + 1]! - 1 && kind !== "anything") {
        return this.#refuseField(column, EXPECTED[kind]);
      }
    }
    if (this.lastId < this.firstId) {
      const first = fields.find(({ kind }) => kind === "first id")!;
      const last = fields.findIndex(({ kind }) => kind === "last id");
      return this.#refuseField(last, `at least the ${first.name}, ${this.firstId}`);
    }
    return "trade";
  }

  /** Finds the fields of a row and counts them; after the last one, notes where another would start. */
  #split(row: number, end: number): number {
    const bytes = this.#bytes;
    const starts = this.#starts;
    let found = 0;
    starts[found++] = row;
    for (let at = row; at < end; at++) {
      // A typed array ignores writes past its end.
      if (bytes[at] === COMMA) starts[found++] = at + 1;
    }
    if (found < starts.length) starts[found] = end + 1;
    return found;
  }

  /** Reads a field into the trade. The position after it, or -1. */
  #take(kind: FieldKind, start: number): number {
    const view = this.#view;
    const decimal = this.#decimal;
    let at: number;
    switch (kind) {
      case "price":
        at = decimal.readPrice(view, start);
        this.price = decimal.price;
        this.decimals = decimal.decimals;
        return at;
      case "quantity":
        at = decimal.readQuantity(view, start);
        this.quantityWhole = decimal.quantityWhole;
        this.quantityFraction = decimal.quantityFraction;
        return at;
      case "amount":
        return decimal.skipAmount(view, start);
      case "buyer is maker":
        this.buyerIsMaker = ((this.#bytes[start]! & IS_T) >> 4) === 1;
        return readBoolean(this.#bytes, view, start);
      case "flag":
        return readBoolean(this.#bytes, view, start);
      case "anything":
        return -1;
    }
    at = decimal.readWhole(view, start);
    const { whole } = decimal;
    if (kind === "time" && at < 0) {
      const long = longTimeAt(this.#bytes, start);
      this.time = long?.time ?? 0;
      return long?.end ?? -1;
    }
    if (kind === "time") {
      this.time = microseconds(whole);
      return whole === 0 ? -1 : at;
    }
    if (kind === "trade id" || kind === "first id") this.firstId = whole;
    if (kind === "trade id" || kind === "last id") this.lastId = whole;
    return at;
  }

  /** How Binance marks an aggregate as invalid. */
  #isInvalidAggregate(): boolean {
    const bytes = this.#bytes;
    return this.#fields.every(({ kind }, column) => {
      const start = this.#starts[column]!;
      const end = this.#starts[column + 1]! - 1;
      if (kind === "first id" || kind === "last id") {
        return end === start + 2 && bytes[start] === MINUS && bytes[start + 1] === ONE;
      }
      if (kind !== "price" && kind !== "quantity") return true;
      if (this.#decimal.skipAmount(this.#view, start) !== end) return false;
      for (let at = start; at < end; at++) if (bytes[at]! > ZERO) return false;
      return true;
    });
  }

  #refuseField(column: number, expected: string): ReadResult {
    const start = this.#starts[column]!;
    const end = this.#starts[column + 1]! - 1;
    const text = this.#text(start, Math.min(end, start + SAMPLE_CHARACTERS));
    const found = text === "" ? "empty" : quoted(text);
    return this.#refuse(start, `${this.#fields[column]!.name} is ${found}: expected ${expected}`);
  }

  #refuse(at: number, what: string): ReadResult {
    const place = { name: this.#origin?.name ?? "", line: this.#line, column: at - this.#row + 1 };
    const unusable = new UnusableInput(place, what);
    if (this.#strict) throw unusable;
    this.reason = unusable.message;
    const ids = idsIn(this.#fields, this.#starts, this.#found, this.#view, this.#decimal);
    this.emptyFirstId = ids?.firstId ?? -1;
    this.emptyId = ids?.lastId ?? -1;
    return "rejected";
  }

  #text(start: number, end: number): string {
    return DECODER.decode(this.#bytes.subarray(start, end));
  }
}

/** The position of the line end of the row at `row`. */
function rowEnd(bytes: Uint8Array, row: number): number {
  const feed = bytes.indexOf(FEED, row);
  if (feed < 0) return row;
  return feed > row && bytes[feed - 1] === RETURN ? feed - 1 : feed;
}
