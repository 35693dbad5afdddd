/** Reads CSV rows of the published layouts into columns, by the WebAssembly loop of `assembly/csv_rows.ts`. */
import { MODULE } from "./csv_rows_module.ts";
import { COLUMN_ROWS, TEXT_START, TradeColumns } from "../domain/market/trade_columns.ts";

/** How much text the loop is given at once: with the columns it stays in the processor's nearer caches. */
const TEXT_BYTES = 64 * 1024;
/** So many bytes of 0 end the text. */
const END_BYTES = 24;
/** The unit of the loop's prices when each has its own, without trailing zeros. */
const OWN_UNIT = -1;

interface Loop {
  readonly memory: WebAssembly.Memory;
  readRows(at: number, end: number, most: number, isAggregate: number, hasFlag: number, unit: number): number;
}

let compiled: WebAssembly.Module | null = null;

/** The rows of one chunk after another. */
export class CsvScan {
  readonly columns: TradeColumns;
  readonly #loop: Loop;
  readonly #memory: Uint8Array;
  #bytes: Uint8Array = new Uint8Array();
  #end = 0;
  /** Which part of the bytes the loop has: from here on, so many. */
  #from = 0;
  #length = 0;

  constructor() {
    compiled ??= new WebAssembly.Module(MODULE);
    this.#loop = new WebAssembly.Instance(compiled).exports as unknown as Loop;
    const { buffer } = this.#loop.memory;
    this.#memory = new Uint8Array(buffer);
    this.columns = new TradeColumns(buffer);
  }

  /** Takes the bytes up to `end`, which hold whole lines. */
  open(bytes: Uint8Array, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.#length = 0;
  }

  /**
   * Reads rows that start at `at` into the columns, up to the first that is not a trade in the layout that these say,
   * or that no line feed ends: how many.
   */
  read(at: number, isAggregate: boolean, hasFlag: boolean): number {
    const rows = this.#call(at, isAggregate, hasFlag);
    if (rows > 0 || this.#from === at || this.#from + this.#length === this.#end) return rows;
    // The row that it stopped at may be one that was cut off.
    this.#length = 0;
    return this.#call(at, isAggregate, hasFlag);
  }

  /** Where row `row` starts in the bytes. */
  startOf(row: number): number {
    return this.#from + (this.columns.start[row]! - TEXT_START);
  }

  /** Where the first row starts in the bytes that the last call did not read. */
  get stoppedAt(): number {
    return this.#from + (this.columns.stoppedAt - TEXT_START);
  }

  #call(at: number, isAggregate: boolean, hasFlag: boolean): number {
    if (at < this.#from || at >= this.#from + this.#length) this.#copy(at);
    const start = TEXT_START + (at - this.#from);
    const end = TEXT_START + this.#length;
    return this.#loop.readRows(start, end, COLUMN_ROWS, Number(isAggregate), Number(hasFlag), OWN_UNIT);
  }

  #copy(at: number): void {
    const text = this.#bytes.subarray(at, Math.min(this.#end, at + TEXT_BYTES));
    this.#memory.set(text, TEXT_START);
    this.#memory.fill(0, TEXT_START + text.length, TEXT_START + text.length + END_BYTES);
    this.#from = at;
    this.#length = text.length;
  }
}
