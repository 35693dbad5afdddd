/** Reads CSV rows into columns, with the WebAssembly loops of `assembly/csv_rows.ts`. */
import { type CsvColumns, type FieldKind, fieldsOf, isPublished } from "./csv_layout.ts";
import { MODULE } from "./csv_rows_module.ts";
import { TextWindow } from "../domain/market/text_window.ts";
import { COLUMN_ROWS, COMPARED, OWN_UNIT, type TradeColumns } from "../domain/market/trade_columns.ts";

interface Loops {
  readonly memory: WebAssembly.Memory;
  readRows(at: number, end: number, most: number, isAggregate: number, hasFlag: number, unit: number): number;
  readFields(at: number, end: number, most: number, count: number, unit: number): number;
}

type Loop = (start: number, end: number, most: number, unit: number) => number;

/** What fields hold, in the order of the loop's numbers. */
const KINDS: readonly FieldKind[] = [
  "trade id",
  "first id",
  "last id",
  "time",
  "price",
  "quantity",
  "buyer is maker",
  "anything",
];
/** The most fields that the loop has room for. */
const MOST_FIELDS = 2048;

let compiled: WebAssembly.Module | null = null;

/** The rows of one chunk after another. */
export class CsvScan {
  readonly #text: TextWindow;
  readonly #loop: Loop;

  /** Scans rows with these columns. */
  constructor(columns: CsvColumns) {
    compiled ??= new WebAssembly.Module(MODULE);
    const loops = new WebAssembly.Instance(compiled).exports as unknown as Loops;
    this.#text = new TextWindow(loops.memory);
    this.#loop = loopFor(columns, loops);
  }

  get columns(): TradeColumns {
    return this.#text.columns;
  }

  /** Takes the bytes up to `end`, which hold whole lines. */
  open(bytes: Uint8Array, end: number): void {
    this.#text.open(bytes, end);
  }

  /**
   * Reads at most `most` rows that start at `at` into the columns, and returns how many. It stops before the first row
   * that is not a trade, or has no line feed. With a `unit` it reads a block, as `columns.startAfter` says.
   */
  read(at: number, most = COLUMN_ROWS, unit = OWN_UNIT): number {
    const rows = Math.min(most, COLUMN_ROWS);
    return this.#text.read(at, (start, end) => this.#loop(start, end, rows, unit));
  }

  /** Where row `row` starts in the bytes. */
  startOf(row: number): number {
    return this.#text.startOf(row);
  }

  /** Where the first row that the last call did not read starts in the bytes. */
  get stoppedAt(): number {
    return this.#text.stoppedAt;
  }
}

/**
 * The loop for a published layout, which also checks the fields that a trade does not need; otherwise the loop for
 * columns in any order.
 */
function loopFor(columns: CsvColumns, loops: Loops): Loop {
  const kinds = fieldsOf(columns).map(({ kind }) => kind);
  if (isPublished(columns)) {
    const isAggregate = Number(columns.firstId !== columns.lastId);
    const hasFlag = Number(kinds.includes("flag"));
    return (start, end, most, unit) => loops.readRows(start, end, most, isAggregate, hasFlag, unit);
  }
  const count = kinds.length;
  if (count > MOST_FIELDS) return () => 0;
  new Uint8Array(loops.memory.buffer, COMPARED).set(kinds.map((kind) => KINDS.indexOf(kind)));
  return (start, end, most, unit) => loops.readFields(start, end, most, count, unit);
}
