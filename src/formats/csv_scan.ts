/** Reads CSV rows of the published layouts into columns, by the WebAssembly loop of `assembly/csv_rows.ts`. */
import { MODULE } from "./csv_rows_module.ts";
import { TextWindow } from "../domain/market/text_window.ts";
import { COLUMN_ROWS, OWN_UNIT, type TradeColumns } from "../domain/market/trade_columns.ts";

interface Loop {
  readonly memory: WebAssembly.Memory;
  readRows(at: number, end: number, most: number, isAggregate: number, hasFlag: number, unit: number): number;
}

/** Which of the published layouts rows have. */
export interface RowLayout {
  /** Whether they have the ids of a first and a last trade, not an amount. */
  readonly isAggregate: boolean;
  /** Whether a second boolean ends them. */
  readonly hasFlag: boolean;
}

let compiled: WebAssembly.Module | null = null;

/** The rows of one chunk after another. */
export class CsvScan {
  readonly #loop: Loop;
  readonly #text: TextWindow;

  constructor() {
    compiled ??= new WebAssembly.Module(MODULE);
    this.#loop = new WebAssembly.Instance(compiled).exports as unknown as Loop;
    this.#text = new TextWindow(this.#loop.memory);
  }

  get columns(): TradeColumns {
    return this.#text.columns;
  }

  /** Takes the bytes up to `end`, which hold whole lines. */
  open(bytes: Uint8Array, end: number): void {
    this.#text.open(bytes, end);
  }

  /**
   * Reads at most `most` rows that start at `at` into the columns, up to the first that is not a trade in the layout
   * that these say, or that no line feed ends: how many. With a `unit` it reads a block, as `columns.startAfter` says.
   */
  read(
    at: number,
    { isAggregate, hasFlag }: RowLayout,
    { most = COLUMN_ROWS, unit = OWN_UNIT }: { readonly most?: number; readonly unit?: number } = {},
  ): number {
    const rows = Math.min(most, COLUMN_ROWS);
    return this.#text.read(
      at,
      (start, end) => this.#loop.readRows(start, end, rows, Number(isAggregate), Number(hasFlag), unit),
    );
  }

  /** Where row `row` starts in the bytes. */
  startOf(row: number): number {
    return this.#text.startOf(row);
  }

  /** Where the first row starts in the bytes that the last call did not read. */
  get stoppedAt(): number {
    return this.#text.stoppedAt;
  }
}
