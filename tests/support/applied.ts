/** Applies a recording to an engine: what was read, and its events, in order. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import type { Chunk } from "../../src/formats/trade_file.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { Engine, type EngineEvent, type EngineOptions, type EngineState } from "../../src/stages/engine.ts";
import { isRemark, type Recorded, RecordedInputs } from "../../src/formats/recorded_inputs.ts";

/** The name of a note in the recording, or an event. */
export type Applied = EngineEvent | { readonly note: Recorded["event"] };

/** An engine and the recording that is applied to it. */
export class AppliedRecording {
  readonly engine: Engine;
  readonly inputs: RecordedInputs;

  constructor(options: EngineOptions) {
    this.engine = new Engine(options);
    this.inputs = new RecordedInputs(new ChunkReader(new BinanceMessageReader(options.symbol), true));
  }

  get state(): EngineState {
    return this.engine.state;
  }

  /** Applies a chunk to its end. */
  *run(chunk?: Chunk): Generator<Applied> {
    if (chunk !== undefined) this.inputs.open(chunk);
    for (let input = this.inputs.next(); input !== null; input = this.inputs.next()) {
      yield* this.apply(input);
      if (this.state.done) return;
    }
  }

  /** Applies one input: yields its name, unless it is trades, and its events. */
  *apply(read: Recorded, stopAt = Infinity): Generator<Applied> {
    if (read.event !== "frames") yield { note: read.event };
    if (!isRemark(read)) yield* this.engine.apply(read, stopAt);
  }
}

/** The types of events, and the names of notes. */
export function namesOf(applied: Iterable<Applied>): string[] {
  return Array.from(applied, (each) => "type" in each ? each.type : each.note);
}

/** Only the events. */
export function eventsIn(applied: Iterable<Applied>): EngineEvent[] {
  return [...applied].filter((each) => "type" in each);
}
