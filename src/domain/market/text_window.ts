/** The part of a text that a WebAssembly loop has in its memory. */
import { TEXT_START, TradeColumns } from "./trade_columns.ts";

/** How much text a loop is given at once: with the columns it stays in the processor's nearer caches. */
export const TEXT_BYTES = 64 * 1024;
const FEED = 10;
const NO_BYTES = new Uint8Array();
const ENCODER = new TextEncoder();

/** Shows a loop one part of a text after another, and knows which rows it read where. */
export class TextWindow {
  readonly columns: TradeColumns;
  /** Where the loop finds its text. */
  readonly #room: Uint8Array;
  #bytes: Uint8Array = NO_BYTES;
  #end = 0;
  /** Which part of the bytes the loop has: from here on, so many. */
  #from = 0;
  #length = 0;

  /** `memory` is that of the loop; it must not grow. */
  constructor(memory: WebAssembly.Memory) {
    this.#room = new Uint8Array(memory.buffer, TEXT_START, TEXT_BYTES);
    this.columns = new TradeColumns(memory.buffer);
  }

  /** Takes the bytes up to `end`, which hold whole lines. */
  open(bytes: Uint8Array, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.#length = 0;
  }

  /**
   * Has `loop` read rows that start at `at`, between two places in its memory, up to the first that it does not
   * take or that no line feed ends: how many.
   */
  read(at: number, loop: (start: number, end: number) => number): number {
    if (at < this.#from || at >= this.#from + this.#length) this.#show(at);
    const rows = this.#call(at, loop);
    if (rows > 0 || this.#from === at) return rows;
    const shown = this.#from + this.#length;
    if (shown === this.#end || this.#bytes.indexOf(FEED, at) < shown) return 0;
    // It stopped where the part that it has cuts the row off.
    this.#show(at);
    return this.#call(at, loop);
  }

  /** Where row `row` starts in the bytes. */
  startOf(row: number): number {
    return this.#from + (this.columns.start[row]! - TEXT_START);
  }

  /** Where the first row starts in the bytes that the last call did not read. */
  get stoppedAt(): number {
    return this.#from + (this.columns.stoppedAt - TEXT_START);
  }

  /**
   * Puts `text` where a loop finds it, in place of what was there: whether it fits and every character of it is one
   * byte.
   */
  put(text: string): boolean {
    this.#length = 0;
    const { read, written } = ENCODER.encodeInto(text, this.#room);
    return read === text.length && written === text.length;
  }

  #call(at: number, loop: (start: number, end: number) => number): number {
    return loop(TEXT_START + (at - this.#from), TEXT_START + this.#length);
  }

  #show(at: number): void {
    const text = this.#bytes.subarray(at, Math.min(this.#end, at + TEXT_BYTES));
    this.#room.set(text);
    this.#from = at;
    this.#length = text.length;
  }
}
