/**
 * Reads the rows of Binance's public-data CSV files: the hot path of a backtest.
 *
 * There are two ways to read a row, and they agree on every row. `#scan` walks a row of a published layout in one
 * pass and makes no string or object. `#examine` takes the other rows field by field, and says what is wrong with them.
 */
import {
  idsIn,
  IS_T,
  isHeaderAt,
  LETTER,
  longTimeAt,
  readBoolean,
  SAYS,
  SMALL,
  WORD,
  WORD_MASK,
} from "./csv_fields.ts";
import {
  type CsvColumns,
  type CsvField,
  type FieldKind,
  fieldsOf,
  isPublished,
  quoted,
} from "./csv_layout.ts";
import { DecimalBytes, READ_AHEAD, WholeColumn } from "../domain/numbers/decimal_bytes.ts";
import { PRICE_TEXT, QUANTITY_TEXT } from "../domain/numbers/price.ts";
import { microseconds } from "../domain/numbers/time.ts";
import type { Complain, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { type Chunk, complainAt, type FileReader, type Origin } from "./trade_file.ts";

const TAB = 9, SPACE = 32, FEED = 10, RETURN = 13, COMMA = 44, MINUS = 45, ZERO = 48, ONE = 49;
const SAMPLE_CHARACTERS = 200;
/** The most bytes that UTF-8 takes for a character of a string. */
const CHARACTER_BYTES = 3;
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
  readonly #idColumn = new WholeColumn(this.#decimal);
  readonly #firstColumn = new WholeColumn(this.#decimal);
  readonly #lastColumn = new WholeColumn(this.#decimal);
  readonly #timeColumn = new WholeColumn(this.#decimal);

  #origin: Origin | null = null;
  readonly #fields: readonly CsvField[];
  /** Where the fields of the current row start, and then where the next one would. */
  readonly #starts: Int32Array;
  /** How many fields it has. */
  #found = 0;
  readonly #isPublished: boolean;
  readonly #isAggregate: boolean;
  readonly #hasFlag: boolean;
  readonly #mayBeHeader: boolean;
  /** Lines started in this origin, and how many of them were blank. */
  #line = 0;
  #blank = 0;

  #bytes: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(this.#bytes.buffer);
  #row = 0;
  #at = 0;
  #end = 0;
  /** The last rows of the chunk, if they are too close to the end of its bytes to be read in place. */
  #rest: Uint8Array | null = null;

  /**
   * A reader of rows with these columns. No row names a symbol, so all of them count as trades of `symbol`. If the
   * file `isBare`, its first line is a row even if it looks like a header. When `strict`, `next` throws UnusableInput
   * at an unusable row; otherwise it answers "rejected".
   */
  constructor(
    { columns, isBare = false }: { readonly columns: CsvColumns; readonly isBare?: boolean },
    symbol: string,
    strict: boolean,
  ) {
    this.symbol = symbol;
    this.#strict = strict;
    this.#mayBeHeader = !isBare;
    this.#fields = fieldsOf(columns);
    this.#starts = new Int32Array(columns.count + 1);
    this.#isPublished = isPublished(columns);
    this.#isAggregate = columns.firstId !== columns.lastId;
    this.#hasFlag = this.#fields.some(({ kind }) => kind === "flag");
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
    // Rows are read a word at a time, a little beyond their end. Rows too close to the end of the bytes, and a row
    // without a line feed, are copied to where there is room.
    const last = Math.min(end, bytes.length - READ_AHEAD) - 1;
    const feed = last < start ? -1 : bytes.lastIndexOf(FEED, last);
    const split = Math.max(start, feed + 1);
    this.#lend(bytes, start, split);
    this.#rest = null;
    if (split === end) return;
    const isEnded = bytes[end - 1] === FEED;
    const rest = new Uint8Array(end - split + (isEnded ? 0 : 1) + READ_AHEAD);
    rest.set(bytes.subarray(split, end));
    if (!isEnded) rest[end - split] = FEED;
    this.#rest = rest;
  }

  /**
   * Reads one row. A header and blank lines are skipped silently. An aggregate that Binance marked as invalid (price
   * and quantity 0, trade ids -1) is "other". Null at the end of the chunk. When strict, throws UnusableInput at a row
   * that is not a trade, with the place of the field and what was expected there.
   */
  next(): ReadResult | null {
    for (;;) {
      const row = this.#at;
      if (row >= this.#end) {
        const rest = this.#rest;
        if (rest === null) return null;
        this.#rest = null;
        this.#lend(rest, 0, rest.length - READ_AHEAD);
        continue;
      }
      this.#row = row;
      this.#line++;
      if (this.#isPublished) {
        const after = this.#scan(this.#bytes, this.#view, row);
        if (after >= 0) {
          this.#at = after;
          return "trade";
        }
      }
      const read = this.#examine(row);
      if (read !== null) return read;
    }
  }

  sample(): string {
    const row = this.#row;
    const text = this.#text(row, Math.min(this.#rowEnd(row), row + SAMPLE_CHARACTERS * CHARACTER_BYTES));
    return text.slice(0, SAMPLE_CHARACTERS);
  }

  complain(): Complain {
    return complainAt({ name: this.#origin?.name ?? "", line: this.#line, column: 1 }, this.#strict);
  }

  #lend(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /**
   * The position after the row at `row` and its line feed if the row is a trade in a published layout; -1 says only
   * that it was not recognized here. This is straight-line code, because a backtest spends most of its time here.
   */
  #scan(bytes: Uint8Array, view: DataView, row: number): number {
    const decimal = this.#decimal;
    let at = this.#idColumn.read(view, row);
    if (at < 0 || bytes[at] !== COMMA) return -1;
    at = decimal.readPrice(view, at + 1);
    if (at < 0 || bytes[at] !== COMMA) return -1;
    at = decimal.readQuantity(view, at + 1);
    if (at < 0 || bytes[at] !== COMMA) return -1;
    if (this.#isAggregate) {
      at = this.#firstColumn.read(view, at + 1);
      if (at < 0 || bytes[at] !== COMMA) return -1;
      at = this.#lastColumn.read(view, at + 1);
      const first = this.#firstColumn.value;
      const last = this.#lastColumn.value;
      if (at < 0 || bytes[at] !== COMMA || last < first) return -1;
      this.firstId = first;
      this.lastId = last;
    } else {
      at = decimal.skipAmount(view, at + 1);
      if (at < 0 || bytes[at] !== COMMA) return -1;
      this.firstId = this.lastId = this.#idColumn.value;
    }
    at = this.#timeColumn.read(view, at + 1);
    const time = this.#timeColumn.value;
    if (at < 0 || bytes[at] !== COMMA || time === 0) return -1;
    this.time = microseconds(time);
    this.price = decimal.price;
    this.decimals = decimal.decimals;
    this.quantityWhole = decimal.quantityWhole;
    this.quantityFraction = decimal.quantityFraction;
    // No branch here: it would be unpredictable.
    at++;
    const letter = bytes[at]!;
    const no = ((letter & IS_T) >> 4) ^ 1;
    const strange = (view.getInt32(at + no, true) ^ WORD[no]!) & WORD_MASK;
    if ((strange | ((letter | SMALL) ^ LETTER[no]!)) !== 0) return -1;
    this.buyerIsMaker = SAYS[no]!;
    at += 4 + no;
    if (this.#hasFlag) {
      at = bytes[at] === COMMA ? readBoolean(bytes, view, at + 1) : -1;
      if (at < 0) return -1;
    }
    if (bytes[at] === RETURN) at++;
    return bytes[at] === FEED ? at + 1 : -1;
  }

  /** Reads any line in any layout; null for a line that is skipped silently. */
  #examine(row: number): ReadResult | null {
    const bytes = this.#bytes;
    const end = this.#rowEnd(row);
    this.#at = end + (bytes[end] === RETURN ? 2 : 1);
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

  /** Finds the fields of a row and counts them; after the last one, notes where the next would start. */
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

  /** The position of the row's line end. Every row that was lent has one. */
  #rowEnd(row: number): number {
    const bytes = this.#bytes;
    const feed = bytes.indexOf(FEED, row);
    if (feed < 0) return row;
    return feed > row && bytes[feed - 1] === RETURN ? feed - 1 : feed;
  }

  #text(start: number, end: number): string {
    return DECODER.decode(this.#bytes.subarray(start, end));
  }
}
