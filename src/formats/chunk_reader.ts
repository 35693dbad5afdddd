/** Reads recorded trades from chunks of any layout. */
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";
import type { ReadBlock } from "../domain/market/block.ts";
import type {
  Complain,
  Followed,
  ReadResult,
  TradeFields,
  TradeReader,
} from "../domain/market/trade_reader.ts";
import { noTrades } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import type { TimedNote } from "../domain/recording/recording_note.ts";
import { RowNumbers } from "./row_numbers.ts";
import { type Chunk, type FileReader, LINE_LIMIT, type Origin } from "./trade_file.ts";

const OTHER_SYMBOLS = 8;

/**
 * The reader of a backtest's input: file after file, each with the reader of its layout. `open` a chunk, then call
 * `next` until both `next` and `takeNote` return null. `trade` may be another object after the next
 * `open`.
 */
export class ChunkReader implements TradeReader {
  readonly symbol: string;
  readonly #decoder: FrameDecoder;
  readonly #strict: boolean;
  /** Counts the trades without ids, over all files. */
  readonly numbers: RowNumbers;
  #origin: Origin | null = null;
  #current: FileReader;
  readonly #otherSymbols = new Set<string>();
  /** How many trades of other symbols the earlier files had. */
  #otherTrades = 0;
  /** The name of the file if its current line is too long and this is not yet reported; null otherwise. */
  #tooLong: string | null = null;
  /** Why the line that is too long was rejected, until the next chunk. */
  #reason: string | null = null;
  /** The ids of the line that is too long, if its start is a whole trade. */
  #tooLongIds: Pick<TradeFields, "firstId" | "lastId"> | null = null;

  /**
   * A reader for the symbol of `decoder`, which decodes frames. When `strict`, `next` throws UnusableInput at an
   * unusable line; otherwise the line is "rejected". With `isSorted`, the trades are put in order later.
   */
  constructor(decoder: FrameDecoder, strict: boolean, isSorted = false) {
    this.numbers = new RowNumbers(isSorted);
    this.symbol = decoder.symbol;
    this.#decoder = decoder;
    this.#strict = strict;
    this.#current = nothingOpen(decoder.symbol);
  }

  get trade(): TradeFields {
    return this.#current.trade;
  }

  get reason(): string {
    return this.#reason ?? this.#current.reason;
  }

  get emptyFirstId(): number {
    return this.#tooLongIds?.firstId ?? this.#current.emptyFirstId;
  }

  get emptyId(): number {
    return this.#tooLongIds?.lastId ?? this.#current.emptyId;
  }

  /** Other symbols whose trades were skipped, in order of appearance, at most 8. */
  get otherSymbols(): readonly string[] {
    this.#noteSymbols();
    return [...this.#otherSymbols];
  }

  /** How many trades of other symbols were skipped in files that hold nothing but trades. */
  get otherTrades(): number {
    return this.#otherTrades + (this.#current.otherTrades ?? 0);
  }

  /** The number of the line read last, from 1. */
  get line(): number {
    return this.#current.line;
  }

  /** When the frame or note read last was received, µs since 1970; 0 if the lines have no times. */
  get receivedAt(): number {
    return this.#current.receivedAt ?? 0;
  }

  /** Whether Penstock wrote the file: whether its first line says so. */
  get isOwn(): boolean {
    return this.#current.isOwn ?? false;
  }

  /** Takes a chunk to read, and drops the rest of the last one. */
  open(chunk: Chunk): this {
    const { origin } = chunk;
    if (origin !== this.#origin) {
      this.#noteSymbols();
      this.#otherTrades = this.otherTrades;
      this.#origin = origin;
      this.#current = origin.layout.reader(this.#decoder, this.#strict, this.numbers);
    }
    this.#current.open(chunk);
    this.#tooLong = chunk.isTooLong === true ? origin.name : null;
    this.#reason = null;
    this.#tooLongIds = null;
    return this;
  }

  /** Opens a chunk and yields its trades, each in the same object. Skips everything else. */
  *tradesIn(chunk: Chunk): Generator<TradeFields> {
    this.open(chunk);
    for (let read = this.next(); read !== null || this.takeNote() !== null; read = this.next()) {
      if (read === "trade") yield this.trade;
    }
  }

  next(): ReadResult | null {
    return this.#tooLong === null ? this.#current.next() : this.#refuse(this.#tooLong);
  }

  takeBlock(after: Followed, most: number): ReadBlock | null {
    return this.#tooLong === null ? this.#current.takeBlock?.(after, most) ?? null : null;
  }

  giveBack(): void {
    this.#current.giveBack?.();
  }

  /** The note that `next` stopped at, once; null at the end of the chunk. */
  takeNote(): TimedNote | null {
    return this.#current.takeNote?.() ?? null;
  }

  sample(): string {
    return this.#current.sample();
  }

  complain(): Complain {
    return this.#current.complain();
  }

  #noteSymbols(): void {
    for (const symbol of this.#current.otherSymbols ?? []) {
      if (this.#otherSymbols.size < OTHER_SYMBOLS) this.#otherSymbols.add(symbol);
    }
  }

  /** Skips the start of a line that is too long, without looking at its content. */
  #refuse(name: string): ReadResult {
    this.#tooLong = null;
    try {
      if (this.#current.next() === "trade") {
        const { firstId, lastId } = this.trade;
        this.#tooLongIds = { firstId, lastId };
      }
    } catch (error) {
      if (!(error instanceof UnusableInput)) throw error;
    }
    this.takeNote();
    const error = new UnusableInput(
      { name, line: this.line, column: 1 },
      `the line is longer than ${LINE_LIMIT >> 20} MiB, expected one trade or message per line`,
    );
    // Nothing that an exchange sent is a reason to stop: the live run continued too.
    if (this.#strict && !this.isOwn) throw error;
    this.#reason = error.message;
    return "rejected";
  }
}

/** The reader before the first file: it has nothing to read. */
function nothingOpen(symbol: string): FileReader {
  return {
    ...noTrades(symbol),
    line: 0,
    open: () => {},
    complain: () => (reason) => ({ reason, error: null }),
  };
}
