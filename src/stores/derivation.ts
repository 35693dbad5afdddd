/** Recordings worked off again, beside the entries that have to come of it. */
import type { Chunk } from "../domain/chunk.ts";
import { ChunkReader } from "../domain/chunk_reader.ts";
import type { TimedNote } from "../domain/message_lines.ts";
import { isNextPart, type TimedHead } from "../domain/recording_note.ts";
import { UnusableInput } from "../domain/unusable_input.ts";
import type { Agreed, Decision, RecordedAt } from "../domain/verification.ts";
import type { Mark, Pipeline } from "../stages/pipeline.ts";
import { Replay, type Replayed } from "../stages/replay.ts";
import { decisionIn, says } from "./agreement.ts";
import type { CheckedEntry } from "./checked_run.ts";
import type { RecordedPlaces } from "./recorded_places.ts";

/** The first line of a recording. */
export type Opening = TimedHead;

/** What is worked out while chunks are asked for; null in place of a chunk says that there are no more. */
export type Working<T> = Generator<undefined, T, Chunk | null>;

/** Something that came of the recordings and is not what was expected. */
export interface Mismatch {
  /** The entry that was expected; null where none was. */
  readonly entry: CheckedEntry | null;
  readonly derived: Decision;
}

/** Decisions that are remembered. */
const REMEMBERED = 3;

/**
 * The recordings of one run in their order, each worked off by a pipeline of its own. `begin` one, `expect` the
 * entries that have to come of it, and go on; the first thing that comes otherwise is handed out.
 */
export class Derivation {
  readonly #reader: ChunkReader;
  #replay: Replay;
  readonly #mark: Mark = { trades: -1 };
  readonly #places: RecordedPlaces;
  /** What is left of the chunk, on its way through the pipeline; null between chunks. */
  #running: Generator<Replayed | Mark> | null = null;
  #name = "";
  /** The first line of the next recording where that was come to, null at the end of all of them, else undefined. */
  #ahead: Opening | null | undefined;
  /** The first line of the file that is being read of this recording; null before the first recording. */
  #head: Opening | null = null;
  #expected: CheckedEntry[] = [];
  /** How many of the expected have come. */
  #come = 0;
  #isEnded = false;
  #lost = "";
  readonly #latest: Agreed[] = [];

  /**
   * For the pipeline of the first recording; all are of its symbol, in upper case. `places` is told what they say of
   * the journal.
   */
  constructor(pipeline: Pipeline, symbol: string, places: RecordedPlaces) {
    this.#places = places;
    this.#reader = new ChunkReader(symbol, true);
    this.#replay = new Replay(pipeline, this.#reader);
  }

  get pipeline(): Pipeline {
    return this.#replay.pipeline;
  }

  /** The pipeline of the next recording. */
  set pipeline(pipeline: Pipeline) {
    this.#replay.pipeline = pipeline;
  }

  /** How far the recordings have been worked off; null before the first line. */
  get at(): RecordedAt | null {
    return this.#name === "" ? null : { recording: this.#name, line: this.#reader.line };
  }

  /** What could not be recorded up to here, as a sentence, or nothing. */
  get lost(): string {
    return this.#lost;
  }

  /** The last decisions that came as expected, oldest first. */
  get latest(): readonly Agreed[] {
    return this.#latest;
  }

  /** The first entry that was expected and has not come; null when all have. */
  get missing(): CheckedEntry | null {
    return this.#expected[this.#come] ?? null;
  }

  /** Whether this recording has been worked off. */
  get isOver(): boolean {
    return this.#ahead !== undefined;
  }

  /** That a file of this recording is missing before the next one, as words behind a sentence, or nothing. */
  get missingPart(): string {
    const [last, next] = [this.#head, this.#ahead];
    if (!last || !next || next.hash !== last.hash || next.entry !== last.entry || !next.part) return "";
    const missing = (last.part ?? 1) + 1;
    return `. Part ${missing} of its recording is missing, or not in its place: part ${next.part} comes next`;
  }

  /** Whether `finish` has ended the run. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The first line of the next recording; null where there is none. Throws UnusableInput for another kind of file. */
  *next(): Working<Opening | null> {
    while (this.#ahead === undefined && (yield* this.#more())) {
      let told: Replayed | undefined;
      try {
        [told] = this.#replay.step();
      } catch (error) {
        if (this.#reader.isOwn || !(error instanceof UnusableInput)) throw error;
      }
      if (told !== undefined && "event" in told && told.event === "recording") this.#ahead = told;
      else if (!this.#replay.isDry) throw foreign(this.#name, this.#reader.line);
    }
    return this.#ahead ?? null;
  }

  /** Goes on behind the first line that `next` gave. */
  begin(): void {
    this.#head = this.#ahead ?? null;
    this.#ahead = undefined;
    this.#running = null;
    this.#isEnded = false;
    this.#places.begin(this.#head?.entry ?? 0);
    this.#lost = "";
  }

  /** Has this entry come of it before anything else that is not expected yet. */
  expect(entry: CheckedEntry): void {
    if (this.#come === this.#expected.length) {
      this.#expected = [];
      this.#come = 0;
    }
    this.#expected.push(entry);
  }

  /** Goes on until `until` trades have gone through the averages, or the recording is over. */
  *to(until: number): Working<Mismatch | null> {
    this.#mark.trades = until;
    while (this.pipeline.trades < until && !this.isOver && (yield* this.#more())) {
      // It goes on where it was: that takes a twentieth of the time of another one at every checkpoint.
      this.#running ??= this.#replay.runMarked(this.#mark);
      const mismatch = this.#take(this.#running);
      if (this.#replay.isDry) this.#running = null;
      if (mismatch !== null) return mismatch;
    }
    return null;
  }

  /** Works off the next message or note. */
  *step(): Working<Mismatch | null> {
    this.#running = null;
    return !this.isOver && (yield* this.#more()) ? this.#take(this.#replay.step()) : null;
  }

  /** Works off all that is left and ends the run; only once. */
  *finish(): Working<Mismatch | null> {
    if (this.#isEnded) return null;
    const mismatch = yield* this.to(Infinity);
    if (mismatch !== null) return mismatch;
    this.#isEnded = true;
    return this.#take(this.pipeline.end());
  }

  /**
   * Runs all that is left, whatever comes of it. True where it was received together with what was read last, in one
   * go, and the journal kept nothing after entry `lastSeq`: a process that was killed, or whose journal took nothing
   * more, may have recorded that much and not kept it. A note that repeats an older entry shows nothing.
   */
  *isLastLot(lastSeq: number): Working<boolean> {
    const { receivedAt } = this.#reader;
    this.#running = null;
    while (!this.isOver && (yield* this.#more())) {
      const told = [...this.#replay.step()].at(-1);
      // Nothing was left in this chunk.
      if (this.#replay.isDry) continue;
      const note = told !== undefined && "event" in told ? told : null;
      if (note !== null) this.#heed(note);
      if (note?.event === "kept" && note.entry > lastSeq) return false;
      // What the recording says of itself was not received, whenever it was written.
      const isReceived = note === null || !["recording", "kept", "ended"].includes(note.event);
      if (isReceived && this.#reader.receivedAt > receivedAt) return false;
    }
    return true;
  }

  /** Whether there is something to work off; asks for the next chunk where there is not. */
  *#more(): Working<boolean> {
    while (this.#replay.isDry) {
      const chunk = yield;
      if (chunk === null) {
        this.#ahead = null;
        return false;
      }
      this.#name = chunk.origin.name;
      this.#replay.open(chunk);
    }
    return true;
  }

  /** Takes what comes of it, up to the mark, the next recording, or the first thing that is not as expected. */
  #take(come: Iterator<Replayed | Mark>): Mismatch | null {
    for (let next = come.next(); !next.done; next = come.next()) {
      const told = next.value;
      if (told === this.#mark) return null;
      if ("event" in told) {
        this.#heed(told);
        if (this.isOver) return null;
      }
      const derived = decisionIn(told as Replayed);
      if (derived === null) continue;
      const entry = this.missing;
      if (entry === null || !says(entry, derived)) return { entry, derived };
      this.#come++;
      if (this.#latest.push({ entry: entry.seq, decision: derived }) > REMEMBERED) this.#latest.shift();
    }
    return null;
  }

  /** Remembers what a note says to whoever derives. */
  #heed(note: TimedNote): void {
    if (note.event === "recording") {
      // A process may have written its recording to several files.
      if (this.#head !== null && isNextPart(this.#head, note)) this.#head = note;
      else this.#ahead = note;
    } else if (note.event === "kept") this.#places.take(note);
    else if (note.event === "lost") {
      this.#lost = ` ${note.frames} frames before line ${this.#reader.line} of ${this.#name} could not be ` +
        "recorded, as its note there says.";
    }
  }
}

function foreign(name: string, line: number): UnusableInput {
  return new UnusableInput(
    { name, line },
    "it is not a recording that Penstock wrote: expected one that a run made with --record",
  );
}
