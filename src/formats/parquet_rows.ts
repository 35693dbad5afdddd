/** Reads the trades in decoded columns of a Parquet file. */
import { BLOCK_ROWS, type ReadBlock } from "../domain/market/block.ts";
import { TradeBlock } from "../domain/market/trade_block.ts";
import type { Complain, Followed, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { MAX_DECIMALS, MAX_QUANTITY, powerOfTen } from "../domain/numbers/price.ts";
import { HOUR } from "../domain/numbers/time.ts";
import { quoted } from "./csv_layout.ts";
import type { UsedColumn } from "./record_columns.ts";
import { valueText } from "./parquet_value.ts";
import { RowNumbers } from "./row_numbers.ts";
import { TextTrade } from "./text_trade.ts";
import { type Chunk, complainAt, type FileReader, type Origin, type Records } from "./trade_file.ts";

const SAMPLE_CHARACTERS = 200;
const ID = /^(0|[1-9]\d{0,15})$/;
/** Up to this whole number, the product of a double and a power of ten is exact enough to round to the right number. */
const SURE = Number.MAX_SAFE_INTEGER / 16;
const PARTS = 10 ** MAX_DECIMALS;

/** The rows of one file, for one symbol. `open` a chunk, then call `next`. */
export class ParquetRows implements FileReader {
  readonly symbol: string;
  readonly trade: TradeFields;
  reason = "";
  emptyFirstId = -1;
  emptyId = -1;
  otherTrades = 0;
  readonly #trade: TextTrade;
  readonly #numbers: RowNumbers;
  readonly #strict: boolean;
  #origin: Origin | null = null;
  #records: Records | null = null;
  /** Which columns have the ids that an aggregate covers; -1 for none. */
  #firstAt = -1;
  #lastAt = -1;
  /** The next row of the records. */
  #row = 0;
  #block: TradeBlock | null = null;
  /** The next row before the last block was taken. */
  #before = { row: 0, last: 0, time: 0 };

  /**
   * When `strict`, `next` throws UnusableInput at an unusable row; otherwise it returns "rejected". Trades without ids
   * are counted in `numbers`.
   */
  constructor(symbol: string, strict: boolean, numbers: RowNumbers = new RowNumbers()) {
    this.symbol = symbol;
    this.#strict = strict;
    this.#numbers = numbers;
    this.trade = this.#trade = new TextTrade(symbol, numbers);
  }

  get otherSymbols(): readonly string[] {
    return this.#trade.otherSymbols;
  }

  /** The number of the row read last, from 1. */
  get line(): number {
    return (this.#records?.before ?? 0) + this.#row;
  }

  open({ origin, records }: Chunk): void {
    if (records === undefined) throw new TypeError(`The columns of ${origin.name} have not been decoded`);
    if (origin !== this.#origin) {
      const columns = records.columns;
      const timeUnit = columns.find(({ field }) => field === "time")?.timeUnit ?? null;
      const side = columns.find(({ field }) => field === "side")?.side ?? "taker";
      this.#trade.spell({ timeUnit, side, isSkipping: false });
      this.#origin = origin;
      this.#firstAt = columns.findIndex(({ field }) => field === "first id");
      this.#lastAt = columns.findIndex(({ field }) => field === "last id");
    }
    this.#records = records;
    this.#row = records.from;
  }

  next(): ReadResult | null {
    const records = this.#records;
    if (records === null || this.#row >= records.to) return null;
    const row = this.#row++;
    const trade = this.#trade;
    trade.open();
    const { columns, values } = records;
    for (let at = 0; at < columns.length; at++) {
      const column = columns[at]!;
      const value = values[at]![row];
      const expected = this.#takes(column, value) ? null : this.#read(column, value);
      if (expected !== null) return this.#refuse(column, value, expected);
      if (!trade.isWanted) {
        this.otherTrades++;
        return "other";
      }
    }
    const fault = trade.finish(this.#origin!.name) ?? this.#takeRange(row);
    if (fault === null) return "trade";
    return this.#reject(records.columns.find(({ field }) => field === "time")!, fault);
  }

  takeBlock({ id, time, decimals }: Followed, most: number): ReadBlock | null {
    const numbers = this.#numbers;
    const start = this.#before = { row: this.#row, last: numbers.last, time: numbers.time };
    const block = this.#block ??= new TradeBlock(this.symbol);
    block.open(id + 1, decimals, false);
    block.highest = block.latest = 0;
    const size = Math.min(most, BLOCK_ROWS);
    for (let [last, before] = [id, time]; block.size < size;) {
      const back = { row: this.#row, last: numbers.last, time: numbers.time };
      const others = this.otherTrades;
      if (!this.#readsTrade() || !this.#adds(block, last, before)) {
        this.#goBack(back);
        this.otherTrades = others;
        break;
      }
      last = this.trade.lastId;
      before = this.trade.time;
    }
    this.#before = start;
    return block.size === 0 ? null : block;
  }

  giveBack(): void {
    this.#goBack(this.#before);
  }

  sample(): string {
    const { columns, values } = this.#records ?? { columns: [], values: [] };
    const texts = columns.map((column, at) => valueText(column, values[at]![this.#row - 1]));
    return texts.join(",").slice(0, SAMPLE_CHARACTERS);
  }

  complain(): Complain {
    return complainAt({ name: this.#origin?.name ?? "", line: this.line, column: 1 }, this.#strict);
  }

  /** Reads the next row; false if it is not a trade. An unusable row is read again later, and reported then. */
  #readsTrade(): boolean {
    try {
      return this.next() === "trade";
    } catch (error) {
      if (!(error instanceof UnusableInput)) throw error;
      return false;
    }
  }

  #goBack({ row, last, time }: { readonly row: number; readonly last: number; readonly time: number }): void {
    this.#row = row;
    this.#numbers.last = last;
    this.#numbers.time = time;
  }

  /** Adds the trade to a block if it follows a trade with this id at this time. */
  #adds(block: TradeBlock, id: number, before: number): boolean {
    const { trade } = this;
    const price = trade.decimals > block.decimals
      ? Infinity
      : trade.price * powerOfTen(block.decimals - trade.decimals);
    const isNext = trade.firstId === id + 1 && trade.lastId - id <= 1_000_000_000 &&
      Math.abs(trade.time - before) <= HOUR && price <= Number.MAX_SAFE_INTEGER;
    if (!isNext) return false;
    block.add(trade, price, 0);
    if (price > block.highest) block.highest = price;
    if (trade.time > block.latest) block.latest = trade.time;
    return true;
  }

  /** Reads a number without making text of it, which works for nearly all; false if the number needs a closer look. */
  #takes({ physical, scale, field, timeUnit, side }: UsedColumn, value: unknown): boolean {
    const trade = this.#trade;
    if (field === "time") {
      // Milliseconds and microseconds are exact; other units need a closer look at the size.
      if (physical !== "integer" || scale !== null || timeUnit === null || timeUnit === "ns") return false;
      const time = Number(value) * (timeUnit === "ms" ? 1000 : 1);
      if (!(time > 0 && time <= Number.MAX_SAFE_INTEGER)) return false;
      trade.time = time;
      return true;
    }
    if (field === "side" && typeof value === "boolean" && side === "sold") {
      trade.buyerIsMaker = value;
      return true;
    }
    if (field !== "price" && field !== "quantity" || physical === "bytes" || physical === "float") {
      return false;
    }
    let count = Number(value);
    let decimals = scale ?? 0;
    if (physical === "double") {
      for (decimals = 0; decimals <= MAX_DECIMALS; decimals++) {
        const scaled = Math.round(count * powerOfTen(decimals));
        if (scaled / powerOfTen(decimals) === count && scaled <= SURE) break;
      }
      if (decimals > MAX_DECIMALS) return false;
      count = Math.round(count * powerOfTen(decimals));
    }
    if (!(count > 0 && count <= SURE) || decimals > MAX_DECIMALS) return false;
    for (; decimals > 0 && count % 10 === 0; decimals--) count /= 10;
    if (field === "price") {
      trade.price = count;
      trade.decimals = decimals;
      return true;
    }
    const unit = powerOfTen(decimals);
    trade.quantityWhole = Math.floor(count / unit);
    trade.quantityFraction = count % unit * (PARTS / unit);
    return trade.quantityWhole < MAX_QUANTITY;
  }

  #read(column: UsedColumn, value: unknown): string | null {
    const { field } = column;
    if (field === "first id" || field === "last id") return null;
    return this.#trade.read(field, valueText(column, value));
  }

  /** Reads the ids that an aggregate covers, if the file has them. */
  #takeRange(row: number): string | null {
    if (this.#firstAt < 0 || this.#lastAt < 0) return null;
    const { columns, values } = this.#records!;
    const [first, last] = [this.#firstAt, this.#lastAt].map((at) => {
      const text = valueText(columns[at]!, values[at]![row]);
      return ID.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER ? Number(text) : -1;
    }) as [number, number];
    if (first < 0 || last < first) return "its first and last trade id are not a range of whole numbers";
    this.#trade.firstId = first;
    this.#trade.lastId = last;
    return null;
  }

  #refuse(column: UsedColumn, value: unknown, expected: string): ReadResult {
    const text = valueText(column, value);
    const found = text === "" ? "empty" : quoted(text);
    return this.#reject(column, `${column.name} is ${found}: expected ${expected}`);
  }

  #reject(column: UsedColumn, what: string): ReadResult {
    const place = { name: this.#origin!.name, line: this.line, column: column.number };
    const unusable = new UnusableInput(place, what);
    if (this.#strict) throw unusable;
    this.reason = unusable.message;
    const { columns, values } = this.#records!;
    const ids = columns.findIndex(({ field }) => field === "id");
    const text = ids < 0 ? "" : valueText(columns[ids]!, values[ids]![this.#row - 1]);
    const isRange = columns.some(({ field }) => field === "first id");
    this.emptyFirstId = this.emptyId = isRange ? -1 : this.#trade.idOf(text);
    return "rejected";
  }
}
