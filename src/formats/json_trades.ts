/**
 * Trades as JSON from ccxt, or from an exchange's REST API or feed: an array, a whole response, or one trade per line.
 */
import type { Complain, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { quoted } from "./csv_layout.ts";
import { type JsonField, jsonFields, jsonRecords, type Span } from "./json_records.ts";
import { JSON_SHAPES, type JsonShape, shapeOf } from "./json_shapes.ts";
import { RowNumbers } from "./row_numbers.ts";
import { type TextField, TextTrade } from "./text_trade.ts";
import { type Chunk, complainAt, type FileReader, type Layout, type TradeFile } from "./trade_file.ts";

/** How much of a file's first line shows its format. */
const SHOWN_CHARACTERS = 4096;
const SAMPLE_CHARACTERS = 200;
const FEED = 10;
const JSON_POSITION = /at position (\d+)/;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const ENCODER = new TextEncoder();
/** The fields read of a record. The symbol comes first, because it decides whether to read the rest. */
const FIELDS: readonly TextField[] = ["symbol", "time", "price", "quantity", "side", "id"];
const NO_BYTES = new Uint8Array();

/** An array of trades, a response that holds one, or one trade per line. */
export const jsonTrades: TradeFile = {
  get name() {
    return `JSON of ${shapeNames()}`;
  },
  layoutOf({ text, isFirst }) {
    if (text === null || !/^[[{]/.test(text)) return null;
    const beginning = text.slice(0, SHOWN_CHARACTERS);
    // A line that only opens a record or a list belongs to JSON over several lines.
    if (/^[[{\s]+$/.test(beginning)) return isFirst ? layoutOf("file") : null;
    const isRest = /^\{\s*"error"\s*:\s*\[/.test(beginning) && beginning.includes('"result"');
    const names = new Set([...beginning.matchAll(/"(\w+)"\s*:/g)].map(([, name]) => name!));
    if (!isRest && shapeOf(names) === undefined) return null;
    return layoutOf(text.startsWith("[") || isRest ? "file" : "line");
  },
};

/** The exchanges and vendors whose JSON is read. Only messages need it: the first list takes 15 ms. */
function shapeNames(): string {
  return new Intl.ListFormat("en-GB", { type: "disjunction" }).format(JSON_SHAPES.map(({ name }) => name));
}

function layoutOf(unit: Layout["unit"]): Layout {
  return {
    name: unit === "file" ? "trades as JSON" : "trades as JSON, one per line",
    unit,
    isCertain: true,
    outweighs: false,
    namesSymbol: false,
    reader: ({ symbol }, strict, numbers) => new JsonTrades(unit, symbol, strict, numbers),
  };
}

/** A reader of one file. Its first record decides what all of them are. */
class JsonTrades implements FileReader {
  readonly symbol: string;
  reason = "";
  emptyFirstId = -1;
  emptyId = -1;
  line = 0;
  otherTrades = 0;
  readonly #unit: Layout["unit"];
  readonly #strict: boolean;
  readonly #trade: TextTrade;
  readonly trade: TradeFields;
  #shape: JsonShape | null = null;
  #name = "";
  #bytes: Uint8Array = NO_BYTES;
  /** What has not been read yet: the next line, or the whole file. */
  #at = 0;
  #end = 0;
  #records: Iterator<Span> = [].values();
  /** The end of the bytes whose lines have been counted, and the start of the line there. */
  #counted = 0;
  #lineStart = 0;
  #record = "";
  #start = 0;

  constructor(unit: Layout["unit"], symbol: string, strict: boolean, numbers = new RowNumbers()) {
    this.#unit = unit;
    this.symbol = symbol;
    this.#strict = strict;
    this.trade = this.#trade = new TextTrade(symbol, numbers);
  }

  get otherSymbols(): readonly string[] {
    return this.#trade.otherSymbols;
  }

  open({ origin, bytes, start, end }: Chunk): void {
    this.#name = origin.name;
    this.#bytes = bytes;
    this.#at = this.#counted = this.#lineStart = start;
    this.#end = end;
    this.#records = [].values();
    if (this.line === 0 || this.#unit === "file") this.line = 1;
    else this.line++;
  }

  next(): ReadResult | null {
    for (;;) {
      const { done, value } = this.#records.next();
      if (done !== true) return this.#take(value);
      if (this.#at >= this.#end) return null;
      const read = this.#unit === "file" ? this.#openFile() : this.#openLine();
      if (read !== null) return read;
    }
  }

  sample(): string {
    return this.#record.slice(0, SAMPLE_CHARACTERS);
  }

  complain(): Complain {
    return complainAt({ name: this.#name, line: this.line, column: 1 }, this.#strict);
  }

  #openFile(): null {
    this.#records = jsonRecords(this.#bytes, this.#at, this.#end);
    this.#at = this.#end;
    return null;
  }

  /** Prepares the records of the next line, and skips a line of JSON without records. */
  #openLine(): ReadResult | null {
    const bytes = this.#bytes;
    const start = this.#at;
    const feed = bytes.indexOf(FEED, start);
    const end = feed < 0 || feed > this.#end ? this.#end : feed;
    this.#at = end + 1;
    this.#countTo(start);
    this.#setRecord(start, end);
    if (this.#record.trim() === "") return null;
    const fault = jsonFault(this.#record);
    if (fault !== null) return this.#refuse(fault.at, fault.what);
    const spans = [...jsonRecords(bytes, start, end)];
    this.#records = spans.values();
    return spans.length === 0 ? "other" : null;
  }

  #take({ start, end }: Span): ReadResult {
    this.#countTo(start);
    this.#setRecord(start, Math.min(end, this.#end));
    if (end > this.#end) return this.#refuse(0, "the JSON ends before the bracket that opens here is closed");
    const fault = this.#unit === "file" ? jsonFault(this.#record) : null;
    if (fault !== null) return this.#refuse(fault.at, fault.what);
    const values = jsonFields(this.#record);
    const isRow = this.#record.startsWith("[");
    const shape = this.#shape ?? this.#shapeOf(values);
    // Feeds list symbols and channels as rows of plain values too.
    if (isRow && shape?.isRow !== true) return "other";
    if (shape === null) {
      const names = quoted([...values.keys()].join(","));
      return this.#refuse(0, `the record has the fields ${names}: expected ${shapeNames()}`);
    }
    const type = values.get("type")?.text ?? null;
    if (shape.types !== undefined && type !== null && !shape.types.includes(type)) return "other";
    return this.#readFields(shape, values);
  }

  /** The shape of the first record, which all records share; null if it is unknown. */
  #shapeOf(values: ReadonlyMap<string, JsonField>): JsonShape | null {
    const shape = shapeOf(new Set(values.keys()));
    if (shape === undefined) return null;
    this.#trade.spell({ timeUnit: null, side: shape.side, isSkipping: shape.isSkipping ?? false });
    return this.#shape = shape;
  }

  #readFields(shape: JsonShape, values: ReadonlyMap<string, JsonField>): ReadResult {
    const trade = this.#trade;
    trade.open();
    for (const field of FIELDS) {
      const names = shape.fields[field] ?? [];
      const name = names.find((name) => (values.get(name)?.text ?? null) !== null);
      const text = name === undefined ? "" : values.get(name)!.text!;
      if (name === undefined && (names.length === 0 || field === "side" || field === "symbol")) continue;
      const expected = trade.read(field, text);
      if (expected !== null) {
        const what = name === undefined ? `there is no ${names[0]}` : `${name} is ${quoted(text)}`;
        return this.#refuse(
          values.get(name ?? "")?.start ?? 0,
          `${what}: expected ${expected}`,
          shape,
          values,
        );
      }
      if (!trade.isWanted) {
        this.otherTrades++;
        return "other";
      }
    }
    const fault = trade.finish(this.#name);
    return fault === null ? "trade" : this.#refuse(0, fault);
  }

  #setRecord(start: number, end: number): void {
    this.#start = start;
    this.#record = DECODER.decode(this.#bytes.subarray(start, end));
  }

  /** Counts lines up to a place. */
  #countTo(place: number): void {
    // A whole array may be one line: do not search all of it for a line feed at every record.
    const passed = this.#bytes.subarray(this.#counted, place);
    for (let feed = passed.indexOf(FEED); feed >= 0; feed = passed.indexOf(FEED, feed + 1)) {
      this.line++;
      this.#lineStart = this.#counted + feed + 1;
    }
    this.#counted = Math.max(this.#counted, place);
  }

  /** Rejects the record, for a fault that starts `at` characters into it. */
  #refuse(
    at: number,
    what: string,
    shape?: JsonShape,
    values?: ReadonlyMap<string, JsonField>,
  ): ReadResult {
    const lines = this.#record.slice(0, at).split("\n");
    const before = lines.length > 1 ? 0 : this.#start - this.#lineStart;
    const column = before + ENCODER.encode(lines.at(-1)).length + 1;
    const unusable = new UnusableInput(
      { name: this.#name, line: this.line + lines.length - 1, column },
      what,
    );
    if (this.#strict) throw unusable;
    this.reason = unusable.message;
    const [id = ""] = shape?.fields.id ?? [];
    this.emptyFirstId = this.emptyId = this.#trade.idOf(values?.get(id)?.text ?? "");
    return "rejected";
  }
}

/** Where the text stops being JSON; null if all of it is JSON. */
function jsonFault(text: string): { readonly at: number; readonly what: string } | null {
  if (beginsJson(text) === "whole") return null;
  // Not every error says where. The fault is at the end of the shortest prefix that no text can complete.
  let [from, to] = [0, text.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (beginsJson(text.slice(0, middle + 1)) === "no") to = middle;
    else from = middle + 1;
  }
  const found = from < text.length ? quoted(text.slice(from)) : "the end of the record";
  return { at: from, what: `not JSON: found ${found}, expected a trade` };
}

/** Whether a text is JSON, the start of JSON, or neither. */
function beginsJson(text: string): "whole" | "yes" | "no" {
  try {
    JSON.parse(text);
    return "whole";
  } catch (error) {
    const { message } = error as SyntaxError;
    const isAtEnd = Number(JSON_POSITION.exec(message)?.[1] ?? -1) === text.length;
    return isAtEnd || /end of JSON|Unterminated/.test(message) ? "yes" : "no";
  }
}
