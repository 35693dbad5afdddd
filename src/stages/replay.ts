/** Runs a recorded input through a pipeline again, note by note, as it was worked off when it was received. */
import type { Chunk } from "../domain/chunk.ts";
import type { ChunkReader } from "../domain/chunk_reader.ts";
import type { PipelineEvent } from "../domain/event.ts";
import type { Rule } from "../domain/exchange_info.ts";
import { type LateRow, LateRows, readLateText } from "../domain/late_rows.ts";
import type { TimedNote } from "../domain/message_lines.ts";
import { isNextPart, type TimedHead } from "../domain/recording_note.ts";
import type { TradeFields, TradeReader, Verdict } from "../domain/trade_reader.ts";
import { UnusableInput } from "../domain/unusable_input.ts";
import { type Mark, NO_MARK, type Pipeline } from "./pipeline.ts";

/** What comes of an input: what the pipeline decided, and the notes between the frames. */
export type Replayed = PipelineEvent | TimedNote;

/**
 * One pipeline and the reader of its input. `open` a chunk, then `run` it; what a note says of the connection, of
 * fetched trades and of gaps the pipeline has been told by the time the note comes out.
 */
export class Replay {
  /** Between two runs another one may take its place. */
  pipeline: Pipeline;
  readonly #reader: ChunkReader;
  readonly #single: SingleMessage;
  readonly #late: LateRows;
  #name = "";
  /** Whether a page of fetched trades is not worked off yet. */
  #isLate = false;
  #isDry = true;
  /** The first line of the file that is being read, where it is a recording. */
  #head: TimedHead | null = null;
  /** What was so at the end of the file before; null where that does not matter. */
  #left: Pick<Pipeline, "lost" | "awaitsRules"> | null = null;

  readonly #given: ReadonlySet<Rule>;

  /**
   * The reader may have been read from before: the replay goes on behind that. `given` are the instrument's rules that
   * a person has chosen, whatever the input says of them; with the lot and the tick among them, nothing is awaited.
   */
  constructor(pipeline: Pipeline, reader: ChunkReader, given: ReadonlySet<Rule> = new Set()) {
    this.#given = given;
    this.pipeline = pipeline;
    this.#reader = reader;
    this.#single = new SingleMessage(reader);
    this.#late = new LateRows(reader.symbol);
  }

  /** Takes a chunk to work off; what was left of the one before is dropped. */
  open(chunk: Chunk): this {
    this.#reader.open(chunk);
    this.#name = chunk.origin.name;
    this.#isDry = this.#isLate = false;
    return this;
  }

  /**
   * Another file comes next. A recording that ended without a connection, or before the instrument's rules had come,
   * says nothing about the file behind it, unless that goes on with the same recording.
   */
  enter(): void {
    const { pipeline } = this;
    this.#left = { lost: pipeline.lost, awaitsRules: pipeline.awaitsRules };
    pipeline.connected = true;
    pipeline.awaitsRules = false;
  }

  /** Whether the chunk has been worked off. */
  get isDry(): boolean {
    return this.#isDry;
  }

  /** Works the chunk off and yields what came of it, in order. Throws UnusableInput at what cannot be used. */
  run(): Generator<Replayed> {
    return this.runMarked(NO_MARK) as Generator<Replayed>;
  }

  /**
   * The same, and yields `mark` itself when as many trades as it says have gone through the averages. It may be
   * forsaken at any point: what another run or step then goes on with is what comes next.
   */
  *runMarked(mark: Mark): Generator<Replayed | Mark> {
    const { pipeline } = this;
    while (!this.#isDry && !pipeline.done) {
      if (this.#isLate) {
        yield* pipeline.runMarked(this.#late, mark);
        this.#isLate = false;
      }
      yield* pipeline.runMarked(this.#reader, mark);
      if (pipeline.done) return;
      const note = this.#reader.takeNote();
      if (note === null) this.#isDry = true;
      else yield* this.#told(note);
    }
  }

  /** Works off the next message or note alone. */
  *step(): Generator<Replayed> {
    if (this.#isDry) return;
    if (this.#isLate) {
      yield* this.pipeline.run(this.#late);
      this.#isLate = false;
      return;
    }
    this.#single.isTaken = false;
    yield* this.pipeline.run(this.#single);
    if (this.#single.isTaken) return;
    const note = this.#reader.takeNote();
    if (note === null) this.#isDry = true;
    else yield* this.#told(note);
  }

  get #knowsRules(): boolean {
    return this.#given.has("lot") && this.#given.has("tick");
  }

  /** The note, once the pipeline knows of it, and what comes of that. */
  *#told(note: TimedNote): Generator<Replayed> {
    switch (note.event) {
      case "recording":
        if (this.#left !== null && this.#head !== null && isNextPart(this.#head, note)) {
          Object.assign(this.pipeline, this.#left);
        }
        this.#head = note;
        break;
      case "connected":
        this.pipeline.connected = true;
        break;
      case "disconnected":
        this.pipeline.disconnect(note);
        break;
      case "halt": {
        const events = [...this.pipeline.halt(note.action, note.time, note)];
        yield note;
        yield* events;
        return;
      }
      case "released": {
        const events = [...this.pipeline.release(note.time, note)];
        yield note;
        yield* events;
        return;
      }
      case "rules-awaited":
        if (!this.#knowsRules) this.pipeline.awaitsRules = true;
        break;
      case "rules": {
        const { rules, instrument } = note;
        const arrived = { rules, instrument };
        const events = this.#knowsRules ? [] : [...this.pipeline.takeRules(arrived, note.time, this.#given)];
        yield note;
        yield* events;
        return;
      }
      case "late":
        this.#late.open(rowsOf(note.trades, this.#name), note.skipped);
        this.#isLate = true;
        break;
      case "settled":
        this.pipeline.settleGap(note.filled, note.through);
        break;
      case "waited":
        this.pipeline.waited(note);
    }
    yield note;
  }
}

/** Hands out one message of another reader. */
class SingleMessage implements TradeReader {
  readonly #reader: ChunkReader;
  /** Whether there was one. */
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

  next(): Verdict | null {
    if (this.isTaken) return null;
    const verdict = this.#reader.next();
    this.isTaken = verdict !== null;
    return verdict;
  }

  sample(): string {
    return this.#reader.sample();
  }
}

/** The fetched trades in a note. Throws UnusableInput for what Penstock has not written. */
function rowsOf(trades: string, name: string): readonly LateRow[] {
  const read = readLateText(trades);
  if ("malformed" in read) throw new UnusableInput({ name }, `in a note of fetched trades ${read.malformed}`);
  return read.rows;
}
