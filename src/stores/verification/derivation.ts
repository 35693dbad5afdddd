/** Runs recordings through an engine again and compares the events with the journal's entries. */
import type { FrameDecoder } from "../../exchanges/frame_decoder.ts";
import type { Chunk } from "../../formats/trade_file.ts";
import { ChunkReader } from "../../formats/chunk_reader.ts";
import { isNextPart, type TimedHead } from "../../domain/recording/recording_note.ts";
import type { TradeReader } from "../../domain/market/trade_reader.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import type { Agreed, Decision, RecordedAt } from "../../domain/run/verification.ts";
import type { Input } from "../../domain/market/input.ts";
import type { Engine, EngineEvent, EngineState } from "../../stages/engine.ts";
import { isRemark, RecordedInputs, type Remark } from "../../formats/recorded_inputs.ts";
import { holdsDecision } from "./agreement.ts";
import type { CheckedEntry } from "./checked_run.ts";
import type { RecordedPlaces } from "./recorded_places.ts";

/** The first line of a recording. */
export type Opening = TimedHead;

/** A difference between the decisions derived from the recordings and the expected entries. */
export interface Mismatch {
  /** The entry that was expected; null if none was. */
  readonly entry: CheckedEntry | null;
  readonly derived: Decision;
}

/** How many decisions are remembered. */
const REMEMBERED = 3;

/**
 * The recordings of one run in order, each processed by its own pipeline. For each, call `start`, `expect` the entries
 * that must follow from it, and continue. The first difference is returned.
 */
export class Derivation {
  readonly #chunks: AsyncIterator<Chunk>;
  readonly #reader: ChunkReader;
  readonly #inputs: RecordedInputs;
  /** The engine of the current recording. */
  engine: Engine;
  /** The last input if it has not been applied to its end; otherwise null. */
  #input: Input | null = null;
  readonly #places: RecordedPlaces;
  #name = "";
  /** The first line of the next recording once that is reached, null at the end of all of them, otherwise undefined. */
  #ahead: Opening | null | undefined;
  /** The first line of this recording's current file; null before the first recording. */
  #head: Opening | null = null;
  #expected: CheckedEntry[] = [];
  /** How many of the expected entries have been matched. */
  #matched = 0;
  #isEnded = false;
  #lost = "";
  readonly #latest: Agreed[] = [];

  /**
   * `engine` is for the first recording in `chunks`, and `decoder` reads the frames of all recordings. `places`
   * receives what they note about the journal.
   */
  constructor(
    engine: Engine,
    decoder: FrameDecoder,
    chunks: AsyncIterator<Chunk>,
    places: RecordedPlaces,
  ) {
    this.engine = engine;
    this.#chunks = chunks;
    this.#places = places;
    this.#reader = new ChunkReader(decoder, true);
    this.#inputs = new RecordedInputs(this.#reader);
  }

  /** The state of the derived run. */
  get state(): EngineState {
    return this.engine.state;
  }

  /** How far the recordings have been read; null before the first line. */
  get at(): RecordedAt | null {
    if (this.#name === "") return null;
    // Trades that are read together are in consecutive lines.
    return { recording: this.#name, line: this.#reader.line - this.state.ahead };
  }

  /** A sentence about frames that could not be recorded up to here, or nothing. */
  get lost(): string {
    return this.#lost;
  }

  /** The last matching decisions, oldest first. */
  get latest(): readonly Agreed[] {
    return this.#latest;
  }

  /** The first expected entry that has not been matched; null when all have. */
  get missing(): CheckedEntry | null {
    return this.#expected[this.#matched] ?? null;
  }

  /** Whether this recording has been processed. */
  get isOver(): boolean {
    return this.#ahead !== undefined;
  }

  /** A clause if a file of this recording is missing before the next one, or nothing. */
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

  /** The first line of the next recording; null if there is none. Throws UnusableInput for another kind of file. */
  async next(): Promise<Opening | null> {
    this.#input = null;
    while (this.#ahead === undefined && await this.#hasMore()) {
      const found = this.#inputs.step();
      if (found === null || found.event === "handed-over" || found.event === "speed") continue;
      if (found.event === "recording") this.#ahead = found;
      else if (found.event !== "frames" || this.#isMessage(found.trades)) {
        throw foreign(this.#name, this.#reader.line);
      }
    }
    return this.#ahead ?? null;
  }

  /** Continues after the first line that `next` returned. */
  start(): void {
    this.#head = this.#ahead ?? null;
    this.#ahead = undefined;
    this.#input = null;
    this.#isEnded = false;
    this.#places.start(this.#head?.entry ?? 0);
    this.#lost = "";
  }

  /** Expects this entry to follow the ones that are already expected. */
  expect(entry: CheckedEntry): void {
    if (this.#matched === this.#expected.length) {
      this.#expected = [];
      this.#matched = 0;
    }
    this.#expected.push(entry);
  }

  /**
   * Continues until `until` trades have been shown to the strategy, or the recording is over. If `until` is Infinity,
   * trades are read one by one, because `isLastBatch` may continue after any of them.
   */
  async to(until: number): Promise<Mismatch | null> {
    while (this.state.trades < until && !this.isOver && (this.#input !== null || await this.#hasMore())) {
      const input = this.#input ?? this.#inputs.next();
      if (input === null) continue;
      const stop = until === Infinity ? this.state.trades + 1 : until;
      const mismatch = isRemark(input) ? await this.#note(input) : this.#apply(input, stop);
      if (mismatch !== null) return mismatch;
      // The input continues where it stopped, in a twentieth of the time of starting over at every checkpoint.
      this.#input = this.state.trades < stop || isRemark(input) ? null : input;
    }
    return null;
  }

  /** Applies the next message or note. */
  async step(): Promise<Mismatch | null> {
    if (this.isOver || (this.#input === null && !await this.#hasMore())) return null;
    const input = this.#rest() ?? this.#inputs.step();
    if (input === null) return null;
    return isRemark(input) ? await this.#note(input) : this.#apply(input);
  }

  /** Applies everything left and ends the run. Does nothing when called again. */
  async finish(): Promise<Mismatch | null> {
    if (this.#isEnded) return null;
    const mismatch = await this.to(Infinity);
    if (mismatch !== null) return mismatch;
    this.#isEnded = true;
    return this.#compare(this.engine.end());
  }

  /**
   * Applies everything left, whatever the result. Returns true if all of it was received at once, together with the
   * last input, and the journal kept nothing after entry `lastSeq`: a process that was killed, or whose journal failed,
   * may have recorded that much without keeping it. A note that repeats an older entry proves nothing.
   */
  async isLastBatch(lastSeq: number): Promise<boolean> {
    const { receivedAt } = this.#reader;
    while (!this.isOver && (this.#input !== null || await this.#hasMore())) {
      const input = this.#rest() ?? this.#inputs.step();
      if (input === null) continue;
      const note = "trades" in input ? null : input;
      if (isRemark(input)) await this.#note(input);
      else this.engine.apply(input).forEach(() => {});
      if (input.event === "frames" && !this.#inputs.hasStepped) continue;
      if (note?.event === "kept" && note.entry > lastSeq) return false;
      // The recording's own notes were not received from the exchange.
      const isReceived = note === null ||
        !["recording", "speed", "handed-over", "kept", "ended"].includes(note.event);
      if (isReceived && this.#reader.receivedAt > receivedAt) return false;
    }
    return true;
  }

  /** Whether there is a message, even an unreadable one. Throws for an unreadable line that Penstock itself wrote. */
  #isMessage(trades: TradeReader): boolean {
    try {
      return trades.next() !== null;
    } catch (error) {
      if (this.#reader.isOwn || !(error instanceof UnusableInput)) throw error;
      return true;
    }
  }

  /** The rest of the current input if that is backfilled trades; of anything else, messages are taken one by one. */
  #rest(): Input | null {
    const input = this.#input;
    this.#input = null;
    return input?.event === "backfilled" ? input : null;
  }

  /** Whether there is something to apply. Opens the next chunk if it has to. */
  async #hasMore(): Promise<boolean> {
    while (this.#inputs.isExhausted) {
      const { value: chunk, done } = await this.#chunks.next();
      if (done === true) {
        this.#ahead = null;
        return false;
      }
      this.#name = chunk.origin.name;
      this.#inputs.open(chunk);
    }
    return true;
  }

  /** Applies an input up to `until`, the next recording, or the first difference. */
  #apply(input: Input, until = Infinity): Mismatch | null {
    return this.#compare(this.engine.apply(input, until));
  }

  /** Compares the events of an input with the expected entries. */
  #compare(events: Iterable<EngineEvent>): Mismatch | null {
    for (const event of events) {
      const derived = event as unknown as Decision;
      const entry = this.missing;
      if (entry === null || !holdsDecision(entry, derived)) return { entry, derived };
      this.#matched++;
      if (this.#latest.push({ entry: entry.seq, decision: derived }) > REMEMBERED) this.#latest.shift();
    }
    return null;
  }

  /** Remembers a recording's own notes, which cause no decision. */
  async #note(remark: Remark): Promise<null> {
    if (remark.event === "recording") {
      // A process may have written its recording to several files.
      if (this.#head !== null && isNextPart(this.#head, remark)) this.#head = remark;
      else this.#ahead = remark;
    } else if (remark.event === "kept") await this.#places.take(remark);
    else if (remark.event === "lost") {
      this.#lost =
        ` ${remark.frames} frames before line ${this.#reader.line} of ${this.#name} could not be ` +
        "recorded, as its note there says.";
    }
    return null;
  }
}

function foreign(name: string, line: number): UnusableInput {
  return new UnusableInput(
    { name, line },
    "it is not a recording that Penstock wrote: expected one that a run wrote with --record",
  );
}
