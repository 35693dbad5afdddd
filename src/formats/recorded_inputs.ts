/** Recorded files as inputs: the trades, and what happened between them while they were recorded. */
import type { Chunk } from "./trade_file.ts";
import type { ChunkReader } from "./chunk_reader.ts";
import type { Happened, Input } from "../domain/market/input.ts";
import {
  type BackfilledTrade,
  BackfilledTrades,
  readBackfilledText,
} from "../domain/market/backfilled_trades.ts";
import { isNextPart, type TimedHead, type TimedNote } from "../domain/recording/recording_note.ts";
import type { ReadResult, TradeFields, TradeReader } from "../domain/market/trade_reader.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";

/** A note about the recording, not about the run. */
export type Remark = Exclude<TimedNote, Happened | { readonly event: "late" }>;

/** The next item in a recorded file. */
export type Recorded = Input | Remark;

const SOURCE: Input = { event: "source" };
const SAME_RECORDING: Input = { event: "same-recording" };
const HANDED_OVER: Input = { event: "handed-over" };
const REMARKS: readonly string[] = [
  "recording",
  "notice",
  "lost",
  "kept",
  "continued",
  "unknown",
] satisfies Remark["event"][];

/** Whether a note is a remark, not an input. */
export function isRemark(recorded: Recorded): recorded is Remark {
  return REMARKS.includes(recorded.event);
}

/**
 * The inputs in the chunks of recorded files. `open` a chunk, then take inputs until `next` returns null. Apply the
 * trades of each input before asking for the next.
 */
export class RecordedInputs {
  readonly #reader: ChunkReader;
  readonly #late: BackfilledTrades;
  readonly #frames: Input;
  readonly #backfilled: Input;
  readonly #single: SingleMessage;
  readonly #one: Input;
  /** The inputs to return first. */
  readonly #first: Recorded[] = [];
  #name = "";
  /** Whether the trades up to the next note have been handed out. */
  #isAtNote = false;
  /** Whether one message was handed out. */
  #isStepping = false;
  #isExhausted = true;
  /** The first line of the recording that is being read; null outside a recording. */
  #head: TimedHead | null = null;
  #hasEntered = false;
  /** The speed of the last recording's clock. */
  #speed = 1;

  /** If someone has already read from the reader, the inputs start where that reading stopped. */
  constructor(reader: ChunkReader) {
    this.#reader = reader;
    this.#late = new BackfilledTrades(reader.symbol);
    this.#single = new SingleMessage(reader);
    this.#frames = { event: "frames", trades: reader };
    this.#one = { event: "frames", trades: this.#single };
    this.#backfilled = { event: "backfilled", trades: this.#late };
  }

  /** Takes a chunk, and drops the rest of the last one. */
  open(chunk: Chunk): this {
    this.#reader.open(chunk);
    this.#name = chunk.origin.name;
    this.#isExhausted = this.#isAtNote = this.#isStepping = false;
    return this;
  }

  /**
   * Prepares for another file. If a recording ended without a connection, or before the instrument's rules arrived,
   * that says nothing about the next file, unless that file continues the same recording.
   */
  enter(): void {
    this.#first.push(SOURCE);
    this.#hasEntered = true;
  }

  /** Whether all inputs of the chunk have been handed out. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** Whether the last `step` had a message. */
  get hasStepped(): boolean {
    return this.#single.isTaken;
  }

  /** The next input; null at the end of the chunk. Throws UnusableInput at an unusable line or note. */
  next(): Recorded | null {
    const first = this.#first.shift();
    if (first !== undefined) return first;
    if (this.#isExhausted) return null;
    if (this.#isStepping) {
      this.#isStepping = false;
      this.#isAtNote = !this.#single.isTaken;
    }
    this.#isAtNote = !this.#isAtNote;
    return this.#isAtNote ? this.#frames : this.#takeNote();
  }

  /** The next input, one message at a time. If there turn out to be no trades, a note follows. */
  step(): Recorded | null {
    const first = this.#first.shift();
    if (first !== undefined) return first;
    if (this.#isExhausted) return null;
    this.#isAtNote = false;
    if (this.#isStepping && !this.#single.isTaken) {
      this.#isStepping = false;
      return this.#takeNote();
    }
    this.#isStepping = true;
    this.#single.isTaken = false;
    return this.#one;
  }

  #takeNote(): Recorded | null {
    const note = this.#reader.takeNote();
    if (note === null) {
      this.#isExhausted = true;
      return null;
    }
    if (note.event === "late") {
      // The recording has several symbols. Other notes about them mean nothing to an engine that does not trade them.
      const { symbol = this.#reader.symbol, time } = note;
      if (symbol !== this.#reader.symbol) return { event: "unknown", name: `late (${symbol})`, time };
      this.#late.open(rowsOf(note.trades, this.#name), note.skipped, note.time);
      return this.#backfilled;
    }
    if (note.event !== "recording") return note;
    const head = this.#head;
    this.#head = note;
    const { speed = 1 } = note;
    const isClocked = speed !== 1 || this.#speed !== 1;
    this.#speed = speed === "max" ? Infinity : speed;
    const clock: readonly Input[] = isClocked ? [{ event: "speed", speed: this.#speed }] : [];
    if (head === null) {
      this.#first.push(...clock);
      return note;
    }
    this.#first.push(note, ...clock);
    if (!isNextPart(head, note)) return HANDED_OVER;
    return this.#hasEntered ? SAME_RECORDING : this.next();
  }
}
/** Returns one message of another reader at a time. */
class SingleMessage implements TradeReader {
  readonly #reader: ChunkReader;
  /** Whether there was a message. */
  isTaken = false;

  constructor(reader: ChunkReader) {
    this.#reader = reader;
  }

  get symbol(): string {
    return this.#reader.symbol;
  }

  get trade(): TradeFields {
    return this.#reader.trade;
  }

  get receivedAt(): number {
    return this.#reader.receivedAt;
  }

  get reason(): string {
    return this.#reader.reason;
  }

  get emptyFirstId(): number {
    return this.#reader.emptyFirstId;
  }

  get emptyId(): number {
    return this.#reader.emptyId;
  }

  next(): ReadResult | null {
    if (this.isTaken) return null;
    const read = this.#reader.next();
    this.isTaken = read !== null;
    return read;
  }

  sample(): string {
    return this.#reader.sample();
  }
}

/** The fetched trades in a note. Throws UnusableInput if Penstock cannot have written them. */
function rowsOf(trades: string, name: string): readonly BackfilledTrade[] {
  const read = readBackfilledText(trades);
  if ("malformed" in read) {
    throw new UnusableInput({ name }, `in a note of backfilled trades ${read.malformed}`);
  }
  return read.rows;
}
