/** Reads recorded messages, one per line: recordings with receive times and notes, and bare messages. */
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";
import type { ReadBlock } from "../domain/market/block.ts";
import { COLUMN_ROWS } from "../domain/market/trade_columns.ts";
import { eightDigits } from "../domain/numbers/decimal_bytes.ts";
import { powerOfTen } from "../domain/numbers/price.ts";
import { isNote, readNote, startsNote, type TimedNote } from "../domain/recording/recording_note.ts";
import type { Complain, Followed, ReadResult, TradeFields } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import { type Chunk, complainAt, type FileReader, type Origin } from "./trade_file.ts";

const TORN_TIME = /^\d{1,19} ?$/;
const LINE_FEED = 10, RETURN = 13, SPACE = 32, TAB = 9, ZERO = 48, NINE = 57;
/** How many digits of a receive time are read: µs need no more until the year 2286. */
const TIME_DIGITS = 16, HALF_DIGITS = 8;
/** The most bytes that UTF-8 needs for a character of a string. */
const CHARACTER_BYTES = 3;
const SAMPLE_CHARACTERS = 200, SHOWN_CHARACTERS = 40;
const OTHER_SYMBOLS = 8;
// A byte order mark at the start of a frame is part of it: the live run saw it too.
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const ENCODER = new TextEncoder();
const NO_BYTES = new Uint8Array();

/** A decoded frame, and its place in its line. */
interface DecodedFrame {
  readonly text: string;
  /** Where it starts in the line, in bytes. */
  readonly column: number;
  /** Whether a note holds it. */
  readonly isQuoted: boolean;
  /** Whether a line feed ends the line. */
  readonly isWhole: boolean;
}

/**
 * The lines of recorded files, for one symbol. `open` a chunk, then call `next` until both `next` and
 * `takeNote` return null. Line feeds and CRLF end lines; blank lines are skipped.
 */
export class MessageLines implements FileReader {
  readonly symbol: string;
  readonly trade: TradeFields;
  reason = "";
  emptyFirstId = -1;
  emptyId = -1;
  /** When the frame read last was received, µs since 1970; 0 where the lines carry no times. */
  receivedAt = 0;
  /**
   * Whether the file read last ends in a torn line, which was skipped: Penstock was killed while it wrote that
   * recording.
   */
  torn = false;
  readonly #decoder: FrameDecoder;
  readonly #strict: boolean;
  readonly #isTimed: boolean;
  readonly #otherSymbols = new Set<string>();
  #origin: Origin | null = null;
  #bytes: Uint8Array = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES.buffer);
  #at = 0;
  #end = 0;
  /** How many lines of the origin have been read, and whether Penstock wrote it. */
  #line = 0;
  #isOwn = false;
  /** Where the lines that `scan` has read start, how many there are, and how many of them `next` has returned. */
  #scannedFrom = 0;
  #scanned = 0;
  #given = 0;
  /**
   * How many lines `scan` reads at once for `next`: only one if the caller takes blocks, and asks `next` for the lines
   * between.
   */
  #most = COLUMN_ROWS;
  /** Where the last block starts, and what was read before it. */
  #before = { at: 0, line: 0, receivedAt: 0 };
  #note: TimedNote | null = null;
  /** The line whose frame may hold more; null if it holds nothing more. */
  #frame: DecodedFrame | null = null;
  /** The frame read last, unless that is one that `scan` read. */
  #text = "";

  /**
   * A reader of the frames that `decoder` knows; with `isTimed`, a receive time comes before each. When `strict`,
   * `next` throws UnusableInput at an unusable line; otherwise the line is "rejected", with its place in `reason`. It
   * never throws for a frame that an exchange certainly sent: a frame in a recording that Penstock wrote, because the
   * live run continued too, or a marker without a market trade.
   */
  constructor(decoder: FrameDecoder, strict: boolean, isTimed = true) {
    this.#decoder = decoder;
    this.symbol = decoder.symbol;
    this.trade = decoder.trade;
    this.#strict = strict;
    this.#isTimed = isTimed;
  }

  /** Other symbols whose trades were skipped, in order of appearance, at most 8. */
  get otherSymbols(): readonly string[] {
    return [...this.#otherSymbols];
  }

  /** Whether Penstock wrote the file: whether its first line says so. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** The number of the line read last, from 1. */
  get line(): number {
    return this.#line;
  }

  /** Takes a chunk to read; the rest of the last one is dropped. */
  open({ origin, bytes, start, end }: Chunk): this {
    if (origin !== this.#origin) {
      this.#origin = origin;
      this.#line = this.receivedAt = 0;
      this.#isOwn = this.torn = false;
    }
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
    this.#note = this.#frame = null;
    this.#text = "";
    this.#scanned = this.#given = 0;
    this.#decoder.scan?.open(bytes, end);
    return this;
  }

  /**
   * Reads the next frame. Null at the end of the chunk and at a note, which `takeNote` then returns; the next call
   * continues after the note. When strict, throws UnusableInput; the call after that continues with the next line.
   */
  next(): ReadResult | null {
    this.#note = null;
    if (this.#frame !== null) {
      const read = this.#decoder.next();
      if (read !== null) return this.#judge(read, this.#frame) ?? null;
      this.#frame = null;
    }
    for (;;) {
      if (this.#given < this.#scanned) {
        const scan = this.#decoder.scan!;
        this.#line++;
        if (this.#isTimed) this.receivedAt = scan.receivedAt(this.#given);
        scan.give(this.#given++);
        return "trade";
      }
      if (this.#at >= this.#end) return null;
      if (this.#fill()) continue;
      const read = this.#readLine();
      if (read !== undefined) return read;
    }
  }

  takeBlock(after: Followed, most: number): ReadBlock | null {
    const { scan } = this.#decoder;
    if (scan === null || this.#frame !== null) return null;
    // Lines that were read ahead are read again.
    if (this.#given < this.#scanned) this.#at = this.#lineOf(this.#given);
    this.#given = this.#scanned = 0;
    this.#most = 1;
    if (this.#at >= this.#end) return null;
    const block = scan.lineBlock(this.#at, this.#isTimed, after, most);
    if (block === null) return null;
    this.#before = { at: this.#at, line: this.#line, receivedAt: this.receivedAt };
    this.#line += block.size;
    this.#at = scan.stoppedAt;
    if (this.#isTimed) this.receivedAt = block.receivedAt[block.size - 1]!;
    else block.receivedAt.fill(0, 0, block.size);
    return block;
  }

  giveBack(): void {
    const { at, line, receivedAt } = this.#before;
    this.#at = at;
    this.#line = line;
    this.receivedAt = receivedAt;
  }

  /** The note that the last `next` stopped at, once; null otherwise. */
  takeNote(): TimedNote | null {
    const note = this.#note;
    this.#note = null;
    return note;
  }

  /** The start of the frame read last, or of the line if it has no frame: at most 200 characters. */
  sample(): string {
    if (this.#given === 0) return this.#text.slice(0, SAMPLE_CHARACTERS);
    const start = this.#decoder.scan!.startOf(this.#given - 1);
    const feed = this.#bytes.indexOf(LINE_FEED, start);
    const stop = this.#bytes[feed - 1] === RETURN ? feed - 1 : feed;
    const end = Math.min(stop, start + SAMPLE_CHARACTERS * CHARACTER_BYTES);
    return DECODER.decode(this.#bytes.subarray(start, end)).slice(0, SAMPLE_CHARACTERS);
  }

  /** Omits the place for a recording that Penstock wrote, because the live run had no place either. */
  complain(): Complain {
    if (this.#isOwn) return (what) => ({ reason: what, error: null });
    return complainAt({ name: this.#origin?.name ?? "", line: this.#line }, this.#strict);
  }

  /** Lets `scan` read lines up to the first that needs a closer look; false if that is the next one. */
  #fill(): boolean {
    const { scan } = this.#decoder;
    this.#given = this.#scanned = 0;
    if (scan === null) return false;
    this.#scannedFrom = this.#at;
    this.#scanned = scan.readLines(this.#at, this.#isTimed, this.#most);
    if (this.#scanned === 0) return false;
    this.#at = scan.stoppedAt;
    return true;
  }

  /** The start of the line whose frame is in row `row`. */
  #lineOf(row: number): number {
    const frame = this.#decoder.scan!.startOf(row);
    // Bytes before the first line may not belong to the chunk.
    return this.#isTimed ? Math.max(this.#scannedFrom, this.#bytes.lastIndexOf(LINE_FEED, frame) + 1) : frame;
  }

  /** Reads the next line of any kind; undefined if there is nothing to return. */
  #readLine(): ReadResult | null | undefined {
    const bytes = this.#bytes;
    const start = this.#at;
    const frame = this.#isTimed ? this.#readTime(start) : start;
    let feed = bytes.indexOf(LINE_FEED, start);
    if (feed < 0 || feed > this.#end) feed = this.#end;
    this.#line++;
    this.#at = feed + 1;
    this.emptyFirstId = this.emptyId = -1;
    const stop = feed > start && bytes[feed - 1] === RETURN ? feed - 1 : feed;
    if (this.#isBlank(start, stop)) return undefined;
    const isWhole = feed < this.#end;
    // The time must not be read past the end of the line, and a line that is only a time has no frame.
    if (frame < 0 || frame >= stop) return this.#refuseLine(start, stop, isWhole);
    let text = this.#text = DECODER.decode(bytes.subarray(frame, stop));
    let isQuoted = false;
    if (isNote(text)) {
      const note = readNote(text);
      if (note.event === "malformed") {
        return isWhole ? this.#refuse(note.reason, frame - start) : this.#leaveOut();
      }
      if (note.event !== "frame") {
        if (note.event === "recording" && this.#line === 1) this.#isOwn = true;
        this.#note = { ...note, time: this.receivedAt };
        return null;
      }
      text = this.#text = note.text;
      isQuoted = true;
    }
    const decoded = this.#frame = { text, column: frame - start, isQuoted, isWhole };
    return this.#judge(this.#decoder.decode(text), decoded);
  }

  /** Decides what to return for what was read of a frame. */
  #judge(read: ReadResult, { text, column, isQuoted, isWhole }: DecodedFrame): ReadResult | undefined {
    if (read === "other") this.#noteSymbol(text);
    if (read !== "rejected") return read;
    if (this.#isTorn(isWhole, text) && !isQuoted) return this.#leaveOut();
    const { reason, emptyFirstId, emptyId, isMarker } = this.#decoder;
    this.reason = reason;
    this.emptyFirstId = emptyFirstId;
    this.emptyId = emptyId;
    if (this.#isOwn || isMarker) return read;
    const { what, position } = this.#decoder.fault(reason, text);
    return this.#refuse(what, column + (isQuoted ? 0 : ENCODER.encode(text.slice(0, position)).length));
  }

  /**
   * Reads the receive time at `start`, and the space after it, into `receivedAt`. Returns the position of the frame, or
   * -1. The number of digits shows the unit: since 1973 a time has at least 18 digits in ns, 15 in µs and 12 in ms, and
   * since 2001 it has 10 in s.
   */
  #readTime(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let digit = bytes[at]! - ZERO;
    if (digit === 0) return -1;
    const isNear = start + TIME_DIGITS >= bytes.length;
    let high = isNear ? -1 : eightDigits(this.#view, start);
    let low = high < 0 ? -1 : eightDigits(this.#view, start + HALF_DIGITS);
    if (low >= 0) {
      at += TIME_DIGITS;
      digit = bytes[at]! - ZERO;
    } else {
      high = low = 0;
      for (const half = start + HALF_DIGITS; digit >= 0 && digit <= 9 && at < half;) {
        high = high * 10 + digit;
        digit = bytes[++at]! - ZERO;
      }
      for (const whole = start + TIME_DIGITS; digit >= 0 && digit <= 9 && at < whole;) {
        low = low * 10 + digit;
        digit = bytes[++at]! - ZERO;
      }
    }
    const read = at - start;
    // Anything finer than a microsecond is dropped, never rounded.
    while (digit >= 0 && digit <= 9) digit = bytes[++at]! - ZERO;
    if (bytes[at] !== SPACE) return -1;
    let time = high * powerOfTen(Math.max(0, read - HALF_DIGITS)) + low;
    const digits = at - start;
    // In halves, because a number cannot hold every 16 digits exactly.
    if (digits === 18) time = high * powerOfTen(HALF_DIGITS - 1) + Math.floor(low / 10);
    else if (digits >= 12 && digits <= 14) time *= 1000;
    else if (digits === 10) time *= 1_000_000;
    else if (digits < 15 || digits === 17 || digits > 19) return -1;
    if (time > Number.MAX_SAFE_INTEGER) return -1;
    this.receivedAt = time;
    return at + 1;
  }

  #isBlank(start: number, stop: number): boolean {
    for (let at = start; at < stop; at++) {
      const byte = this.#bytes[at];
      if (byte !== SPACE && byte !== TAB && byte !== RETURN) return false;
    }
    return true;
  }

  /** A recording's line that is not `<receive time> <frame>`. */
  #refuseLine(start: number, stop: number, isWhole: boolean): ReadResult | undefined {
    const bytes = this.#bytes;
    const text = this.#text = DECODER.decode(bytes.subarray(start, stop));
    if (this.#isTorn(isWhole, isTornTime(text) ? "" : null)) return this.#leaveOut();
    let at = start;
    while (at < stop && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
    const digits = at - start;
    // Either the number itself is wrong, or what follows it.
    const isTime = digits >= 10 && (at === stop || bytes[at] !== SPACE || at + 1 === stop);
    return this.#refuse(
      `the line is ${
        shown(text)
      }, expected "<receive time> <frame>" with the time in ns, µs, ms or s since 1970`,
      isTime ? digits : 0,
    );
  }

  /**
   * Whether the line read last is unusable because a crash tore it: the last line of one of Penstock's recordings, or
   * the start of its first line. `frame` is what follows its time; null if it has none.
   */
  #isTorn(isWhole: boolean, frame: string | null): boolean {
    return !isWhole && (this.#isOwn || this.#line === 1 && frame !== null && startsNote(frame));
  }

  /** Remembers that the file ends in a torn line. */
  #leaveOut(): undefined {
    this.torn = true;
  }

  /** Rejects the line read last: `what` says why, and the fault is `offset` bytes into the line. */
  #refuse(what: string, offset: number): ReadResult {
    const error = new UnusableInput({ name: this.#origin!.name, line: this.#line, column: offset + 1 }, what);
    if (this.#strict) throw error;
    this.reason = error.message;
    return "rejected";
  }

  #noteSymbol(text: string): void {
    if (this.#otherSymbols.size >= OTHER_SYMBOLS) return;
    const symbol = this.#decoder.otherSymbol(text);
    if (symbol !== null) this.#otherSymbols.add(symbol);
  }
}

/** Whether a line may be the start of a receive time, or one whose frame is missing. */
export function isTornTime(text: string): boolean {
  return TORN_TIME.test(text);
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}
