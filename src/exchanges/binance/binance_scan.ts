/**
 * Reads Binance's messages in their usual shape into columns, by the WebAssembly loop of
 * `assembly/binance_messages.ts`.
 */
import type { ReadBlock } from "../../domain/market/block.ts";
import type { Followed } from "../../domain/market/trade_reader.ts";
import { TextWindow } from "../../domain/market/text_window.ts";
import {
  COLUMN_ROWS,
  COMPARED,
  COMPARED_BYTES,
  OWN_UNIT,
  TEXT_START,
  type WritableFields,
} from "../../domain/market/trade_columns.ts";
import type { FrameScan } from "../frame_decoder.ts";
import { MODULE } from "./message_module.ts";

interface Loop {
  readonly memory: WebAssembly.Memory;
  readFrames(at: number, end: number, from: number, to: number, unit: number): number;
  readLines(at: number, end: number, most: number, isTimed: number, unit: number): number;
}

/** The longest of the strings that the loop compares with, after its length. */
const LONGEST = COMPARED_BYTES - 8;
const ENCODER = new TextEncoder();

let compiled: WebAssembly.Module | null = null;

/** The messages of one symbol. */
export class BinanceScan implements FrameScan {
  readonly #loop: Loop;
  readonly #text: TextWindow;
  readonly #symbol: string;
  readonly #trade: WritableFields;
  #frames = 0;

  /** For messages of `symbol`; `give` writes into `trade`. */
  constructor(symbol: string, trade: WritableFields) {
    compiled ??= new WebAssembly.Module(MODULE);
    this.#loop = new WebAssembly.Instance(compiled).exports as unknown as Loop;
    this.#text = new TextWindow(this.#loop.memory);
    this.#symbol = symbol;
    this.#trade = trade;
    const memory = new DataView(this.#loop.memory.buffer);
    for (const [index, text] of comparedTexts(symbol).entries()) {
      // A symbol that is too long for it is in no message that the loop takes.
      const bytes = ENCODER.encode(text);
      const compared = bytes.length > LONGEST ? new Uint8Array(LONGEST) : bytes;
      const at = COMPARED + index * COMPARED_BYTES;
      memory.setUint32(at, compared.length, true);
      for (const [i, byte] of compared.entries()) memory.setUint8(at + 8 + i, byte);
    }
  }

  takeFrames(frames: readonly string[]): boolean {
    this.#frames = 0;
    if (frames.length > COLUMN_ROWS) return false;
    const { start: ends } = this.#text.columns;
    let end = TEXT_START;
    for (let i = 0; i < frames.length; i++) ends[i] = end += frames[i]!.length;
    if (!this.#text.put(frames.length === 1 ? frames[0]! : frames.join(""))) return false;
    this.#frames = frames.length;
    return true;
  }

  readFrames(from: number, most = COLUMN_ROWS): number {
    return this.#readFrames(from, most, OWN_UNIT);
  }

  frameBlock(from: number, after: Followed, most: number): ReadBlock | null {
    const { columns } = this.#text;
    columns.startAfter(after);
    const rows = this.#readFrames(from, most, after.decimals);
    return rows === 0 ? null : columns.block(this.#symbol, rows, after.decimals);
  }

  open(bytes: Uint8Array, end: number): void {
    this.#text.open(bytes, end);
  }

  readLines(at: number, isTimed: boolean, most = COLUMN_ROWS): number {
    return this.#readLines(at, isTimed, most, OWN_UNIT);
  }

  lineBlock(at: number, isTimed: boolean, after: Followed, most: number): ReadBlock | null {
    const { columns } = this.#text;
    columns.startAfter(after);
    const rows = this.#readLines(at, isTimed, most, after.decimals);
    return rows === 0 ? null : columns.block(this.#symbol, rows, after.decimals);
  }

  get stoppedAt(): number {
    return this.#text.stoppedAt;
  }

  startOf(row: number): number {
    return this.#text.startOf(row);
  }

  receivedAt(row: number): number {
    return this.#text.columns.receivedAt[row]!;
  }

  give(row: number): void {
    this.#text.columns.read(row, this.#trade);
  }

  #readFrames(from: number, most: number, unit: number): number {
    const to = Math.min(this.#frames, from + most);
    if (from >= to) return 0;
    const { start: ends } = this.#text.columns;
    const start = from === 0 ? TEXT_START : ends[from - 1]!;
    return this.#loop.readFrames(start, ends[this.#frames - 1]!, from, to, unit);
  }

  #readLines(at: number, isTimed: boolean, most: number, unit: number): number {
    const rows = Math.min(most, COLUMN_ROWS);
    return this.#text.read(
      at,
      (start, end) => this.#loop.readLines(start, end, rows, Number(isTimed), unit),
    );
  }
}

/** The strings that the loop compares with, in its order. */
function comparedTexts(symbol: string): readonly string[] {
  const start = (event: string) => `{"e":"${event}","E":`;
  const envelope = (event: string) => `{"stream":"${symbol.toLowerCase()}@${event}","data":${start(event)}`;
  return [
    start("trade"),
    start("aggTrade"),
    envelope("trade"),
    envelope("aggTrade"),
    `,"s":"${symbol}","t":`,
    `,"s":"${symbol}","a":`,
  ];
}
