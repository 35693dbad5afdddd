/** Reads rows of text that a comma, a semicolon or a tab separates into fields, quoted or not: one trade per row. */
import type { Complain, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { quoted } from "./csv_layout.ts";
import { RowNumbers } from "./row_numbers.ts";
import { type TextField, type TextSpelling, TextTrade } from "./text_trade.ts";
import { type Chunk, complainAt, type FileReader } from "./trade_file.ts";

const SAMPLE_CHARACTERS = 200;
const SPACE = 32, ASCII = 128;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const ENCODER = new TextEncoder();

/** What separates the fields of a file. */
export const SEPARATORS = [",", ";", "\t"] as const;

/** One column of a file. */
export interface Column {
  /** Its name in messages. */
  readonly name: string;
  /** Null for a column that is skipped. */
  readonly field: TextField | null;
}

/** A file of such rows. */
export interface DelimitedLayout extends TextSpelling {
  readonly separator: string;
  readonly columns: readonly Column[];
  /** Whether the first line that is not blank names the columns. */
  readonly hasHeader: boolean;
  /** Whether rows may have more fields than there are columns. */
  readonly mayHaveMore?: boolean;
}

/** A reader of one file. */
export class DelimitedRows implements FileReader {
  readonly symbol: string;
  readonly trade: TradeFields;
  reason = "";
  emptyFirstId = -1;
  emptyId = -1;
  line = 0;
  /** How many trades of other symbols were skipped. */
  otherTrades = 0;
  readonly #layout: DelimitedLayout;
  readonly #strict: boolean;
  readonly #trade: TextTrade;
  /** The columns that are read; those that decide whether to read the others come first. */
  readonly #read: readonly (readonly [column: number, field: TextField])[];
  readonly #idColumn: number;
  #awaitsHeader: boolean;
  #name = "";
  #text = "";
  #at = 0;
  #row = "";
  /** The row's fields if one is quoted; otherwise where they start, and where another would start. */
  #fields: readonly string[] | null = null;
  readonly #starts: Int32Array;

  /** When `strict`, `next` throws UnusableInput at an unusable row; otherwise it returns "rejected". */
  constructor(
    layout: DelimitedLayout,
    symbol: string,
    strict: boolean,
    numbers: RowNumbers = new RowNumbers(),
  ) {
    this.#layout = layout;
    this.symbol = symbol;
    this.#strict = strict;
    this.trade = this.#trade = new TextTrade(symbol, numbers).spell(layout);
    this.#awaitsHeader = layout.hasHeader;
    this.#idColumn = layout.columns.findIndex(({ field }) => field === "id");
    this.#starts = new Int32Array(layout.columns.length + 1);
    const read = layout.columns.flatMap(({ field }, column) =>
      field === null ? [] : [[column, field] as const]
    );
    const decides = ([, field]: readonly [number, TextField]) => field === "symbol" || field === "exchange";
    this.#read = [...read.filter(decides), ...read.filter((entry) => !decides(entry))];
  }

  get otherSymbols(): readonly string[] {
    return this.#trade.otherSymbols;
  }

  open({ origin, bytes, start, end }: Chunk): void {
    this.#name = origin.name;
    this.#text = DECODER.decode(bytes.subarray(start, end));
    this.#at = 0;
  }

  next(): ReadResult | null {
    while (this.#at < this.#text.length) {
      const feed = this.#text.indexOf("\n", this.#at);
      const end = feed < 0 ? this.#text.length : feed;
      const row = this.#text.slice(this.#at, this.#text[end - 1] === "\r" ? end - 1 : end);
      this.#at = end + 1;
      this.line++;
      if (row.trim() === "") continue;
      this.#row = row;
      if (!this.#awaitsHeader) return this.#take(row);
      this.#awaitsHeader = false;
    }
    return null;
  }

  sample(): string {
    return this.#row.slice(0, SAMPLE_CHARACTERS);
  }

  complain(): Complain {
    return complainAt({ name: this.#name, line: this.line, column: 1 }, this.#strict);
  }

  #take(row: string): ReadResult {
    const { columns, separator, mayHaveMore = false } = this.#layout;
    const fields = this.#fields = row.includes('"') ? fieldsOf(row, separator) : null;
    const found = fields?.length ?? this.#split(row);
    if (fields === null && row.includes('"')) {
      return this.#refuse(false, row.indexOf('"'), "the quotation marks do not come in pairs around a field");
    }
    const isShort = found < columns.length;
    if (isShort || found > columns.length && !mayHaveMore) {
      const names = columns.map(({ name }) => name).join(separator === "\t" ? " " : separator);
      return this.#refuse(
        found > this.#idColumn + 1,
        isShort ? row.length : startOf(row, separator, columns.length),
        `the row has ${found} ${found === 1 ? "field" : "fields"}: expected ${columns.length} (${names})`,
      );
    }
    const trade = this.#trade;
    trade.open();
    for (const [column, field] of this.#read) {
      const expected = trade.read(field, this.#field(column));
      if (expected !== null) return this.#refuseField(column, found, expected);
      if (!trade.isWanted) {
        this.otherTrades++;
        return "other";
      }
    }
    const fault = trade.finish(this.#name);
    if (fault === null) return "trade";
    const time = columns.findIndex(({ field }) => field === "time");
    return this.#refuse(false, startOf(row, separator, time), fault);
  }

  /** Finds the fields of a row without quotation marks, and counts them. */
  #split(row: string): number {
    const { separator } = this.#layout;
    const starts = this.#starts;
    let found = 1;
    // A typed array ignores writes past its end.
    for (let at = row.indexOf(separator); at >= 0; at = row.indexOf(separator, at + 1)) {
      starts[found++] = at + 1;
    }
    starts[found] = row.length + 1;
    return found;
  }

  /** The text of a field, without quotation marks and blanks around it. */
  #field(column: number): string {
    if (this.#fields !== null) return this.#fields[column]!;
    const start = this.#starts[column]!;
    const end = this.#starts[column + 1]! - 1;
    const row = this.#row;
    const isBare = isVisible(row.charCodeAt(start)) && isVisible(row.charCodeAt(end - 1));
    return isBare ? row.slice(start, end) : row.slice(start, end).trim();
  }

  #refuseField(column: number, found: number, expected: string): ReadResult {
    const { columns, separator } = this.#layout;
    const text = this.#field(column);
    const shown = text === "" ? "empty" : quoted(text);
    return this.#refuse(
      found > this.#idColumn + 1,
      startOf(this.#row, separator, column),
      `${columns[column]!.name} is ${shown}: expected ${expected}`,
    );
  }

  /**
   * Rejects the row, for a fault that starts `at` characters into it. Its id counts only if a field follows it: an id
   * at the end may have been cut off.
   */
  #refuse(hasWholeId: boolean, at: number, what: string): ReadResult {
    const column = ENCODER.encode(this.#row.slice(0, at)).length + 1;
    const unusable = new UnusableInput({ name: this.#name, line: this.line, column }, what);
    if (this.#strict) throw unusable;
    this.reason = unusable.message;
    const ids = hasWholeId && this.#idColumn >= 0;
    this.emptyFirstId = this.emptyId = ids ? this.#trade.idOf(this.#field(this.#idColumn)) : -1;
    return "rejected";
  }
}

/** Whether a character is ASCII and not a blank. */
function isVisible(code: number): boolean {
  return code > SPACE && code < ASCII;
}

const QUOTED_FIELD = /^\s*"((?:[^"]|"")*)"\s*$/;

/**
 * The fields of a row without the quotation marks and the blanks around them; null if a quotation mark is not part of
 * a pair around a field.
 */
export function fieldsOf(row: string, separator: string): string[] | null {
  if (!row.includes('"')) {
    const fields = row.split(separator);
    for (let at = 0; at < fields.length; at++) fields[at] = fields[at]!.trim();
    return fields;
  }
  const fields: string[] = [];
  for (const raw of rawFields(row, separator)) {
    const [, inner] = QUOTED_FIELD.exec(raw) ?? [];
    if (inner === undefined && raw.includes('"')) return null;
    fields.push(inner === undefined ? raw.trim() : inner.replaceAll('""', '"').trim());
  }
  return fields;
}

/** The fields as the row has them. A separator within quotation marks does not separate fields. */
function rawFields(row: string, separator: string): string[] {
  const fields: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < row.length; at++) {
    if (row[at] === '"') isQuoted = !isQuoted;
    else if (row[at] === separator && !isQuoted) {
      fields.push(row.slice(start, at));
      start = at + 1;
    }
  }
  fields.push(row.slice(start));
  return fields;
}

/** Where the field of a column starts, in characters from 0. */
function startOf(row: string, separator: string, column: number): number {
  return rawFields(row, separator).slice(0, column).reduce((start, field) => start + field.length + 1, 0);
}
