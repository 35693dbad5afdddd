/** Reads rows of klines into columns, with the WebAssembly loop of `assembly/kline_rows.ts`. */
import type { ReadBlock } from "../domain/market/block.ts";
import { TextWindow } from "../domain/market/text_window.ts";
import { COLUMN_ROWS } from "../domain/market/trade_columns.ts";
import type { Followed } from "../domain/market/trade_reader.ts";
import { PRINTS } from "./kline_prints.ts";
import { MODULE } from "./kline_rows_module.ts";

interface Loop {
  readonly memory: WebAssembly.Memory;
  readKlines(
    at: number,
    end: number,
    most: number,
    count: number,
    unit: number,
    interval: number,
  ): number;
}

let compiled: WebAssembly.Module | null = null;

/** The rows of one chunk after another. */
export class KlineScan {
  readonly #text: TextWindow;
  readonly #loop: Loop;
  readonly #count: number;
  readonly #symbol: string;

  /** Scans rows with `count` columns, which are klines of `symbol`. */
  constructor(symbol: string, count: number) {
    compiled ??= new WebAssembly.Module(MODULE);
    this.#loop = new WebAssembly.Instance(compiled).exports as unknown as Loop;
    this.#text = new TextWindow(this.#loop.memory);
    this.#count = count;
    this.#symbol = symbol;
  }

  /** Takes the bytes up to `end`, which hold whole lines. */
  open(bytes: Uint8Array, end: number): void {
    this.#text.open(bytes, end);
  }

  /**
   * Reads rows from `at` on into a block of at most `most` trades: klines of `interval` (µs) whose prints follow this
   * trade. Stops before the first row that is not such a kline; returns null if that is the first row.
   */
  read(at: number, after: Followed, most: number, interval: number): ReadBlock | null {
    const rows = Math.floor(Math.min(most, COLUMN_ROWS) / PRINTS);
    // The last print of a kline is the one before the next.
    if (rows === 0 || (after.id + 1) % PRINTS !== 0) return null;
    const { columns } = this.#text;
    columns.startAfter(after);
    const read = this.#text.read(
      at,
      (start, end) => this.#loop.readKlines(start, end, rows, this.#count, after.decimals, interval),
    );
    return read === 0 ? null : columns.block(this.#symbol, PRINTS * read, after.decimals);
  }

  /** Where the first row that the last call did not read starts in the bytes. */
  get stoppedAt(): number {
    return this.#text.stoppedAt;
  }
}
