/** The part of a text that is in the memory of a WebAssembly loop. */
import { TEXT_START, TradeColumns } from "./trade_columns.ts";

/**
 * How much text a loop gets at once: together with the columns it fits into the processor's nearer caches.
 */
export const TEXT_BYTES = 64 * 1024;
const FEED = 10;
const NO_BYTES = new Uint8Array();
const ENCODER = new TextEncoder();

/** Shows a loop one part of a text after another, and knows where the rows that it read are in the text. */
export class TextWindow {
  readonly columns: TradeColumns;
  /** Where the loop finds its text. */
  readonly #room: Uint8Array;
  #bytes: Uint8Array = NO_BYTES;
  #end = 0;
  /** The bytes that the loop has: where they start, and how many there are. */
  #from = 0;
  #length = 0;

  /** `memory` is the loop's, and must not grow. */
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
   * Makes `loop` read rows from `at` on, between two addresses in its memory, up to the first row that it does not take
   * or that has no line feed at its end. Returns how many rows it read.
   */
  read(at: number, loop: (start: number, end: number) => number): number {
    if (at < this.#from || at >= this.#from + this.#length) this.#show(at);
    const rows = this.#call(at, loop);
    if (rows > 0 || this.#from === at) return rows;
    const shown = this.#from + this.#length;
    if (shown === this.#end || this.#bytes.indexOf(FEED, at) < shown) return 0;
    // It stopped because its part of the text ends within this row.
    this.#show(at);
    return this.#call(at, loop);
  }

  /** Where row `row` starts in the bytes. */
  startOf(row: number): number {
    return this.#from + (this.columns.start[row]! - TEXT_START);
  }

  /** Where the first row that the last call did not read starts in the bytes. */
  get stoppedAt(): number {
    return this.#from + (this.columns.stoppedAt - TEXT_START);
  }

  /**
   * Puts `text` where the loop finds it, and replaces what was there. Returns whether it fits and each of its
   * characters is one byte.
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
