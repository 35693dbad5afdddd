/** Where the chunks of a backtest meet its pipelines: one, or one a fill model. */
import { ChunkReader } from "../../domain/chunk_reader.ts";
import type { Chunk, Origin } from "../../domain/chunk.ts";
import { termsOf } from "../../domain/config.ts";
import type { PenstockEvent, StartedEvent, SummaryEvent } from "../../domain/event.ts";
import { FILL_MODELS, type FillModel, termsUnder } from "../../domain/fill_model.ts";
import type { TimedNote } from "../../domain/message_lines.ts";
import type { Metrics } from "../../domain/metrics.ts";
import type { Config } from "../../domain/options.ts";
import type { Results } from "../../domain/performance.ts";
import type { Rejections } from "../../domain/rejections.ts";
import { isoTime } from "../../domain/time.ts";
import { Pipeline } from "../../stages/pipeline.ts";
import { Replay, type Replayed } from "../../stages/replay.ts";
import { type FileTally, RowOrder, SortedBlock } from "../../stages/row_order.ts";
import type { ReportColumn } from "../../views/report_table.ts";

/** What ended a run: the end of its input, an option or the person. */
export type End = NonNullable<SummaryEvent["ended"]>;

/** One pipeline under one fill model, with a reader of its own. */
interface Lane {
  readonly model: FillModel;
  readonly pipeline: Pipeline;
  readonly reader: ChunkReader;
  readonly replay: Replay;
}

/** Puts the chunks through the pipeline, and through those of the other fill models where they are asked for. */
export class Desk {
  readonly #main: Lane;
  readonly #lanes: readonly Lane[];
  /** Null unless rows are to be put in order. */
  readonly #order: RowOrder | null;
  readonly #started: Omit<StartedEvent, "time">;
  /** What happened before the first trade, whose time `started` takes; null from then on. */
  #held: PenstockEvent[] | null = [];
  #results: Results | null = null;
  #origin: Origin | null = null;

  constructor(config: Config, started: Omit<StartedEvent, "time">) {
    this.#started = started;
    // Thousands of events that nobody reads cost a tenth of the time.
    const tells = config.json || config.out !== null || config.state !== "none" ||
      config.logLevel === "debug";
    const lane = (model: FillModel): Lane => {
      const reader = new ChunkReader(config.symbol, !config.skipBad);
      const pipeline = new Pipeline({
        symbol: config.symbol,
        short: config.short,
        long: config.long,
        terms: termsUnder(model, termsOf(config)),
        stopAfter: config.stopAfter,
        withResults: true,
        isTransient: model !== "configured" || config.state === "none",
        isQuiet: model !== "configured" || !tells,
      });
      return { model, pipeline, reader, replay: new Replay(pipeline, reader) };
    };
    this.#order = config.sort ? new RowOrder(config.symbol, !config.skipBad) : null;
    this.#main = lane("configured");
    this.#lanes = config.models
      ? FILL_MODELS.map((model) => model === "configured" ? this.#main : lane(model))
      : [this.#main];
  }

  /** The configured one. */
  get pipeline(): Pipeline {
    return this.#main.pipeline;
  }

  /** Trades so far. */
  get trades(): number {
    return this.#main.pipeline.trades;
  }

  /** Whether as many trades as asked for have been seen. */
  get done(): boolean {
    return this.#main.pipeline.done;
  }

  /** Other symbols whose trades were passed over. */
  get otherSymbols(): readonly string[] {
    return [...new Set([...this.#main.reader.otherSymbols, ...this.#order?.otherSymbols ?? []])];
  }

  /** What is wrong with the input and was not told yet, or null. */
  takeRejections(): Rejections | null {
    return this.#main.pipeline.takeRejections();
  }

  /** What each file brought; null unless rows are put in order. */
  get tallies(): readonly FileTally[] | null {
    return this.#order?.tallies ?? null;
  }

  /** Trades of other kinds than those that were traded on: what came out of order and was not told yet, or null. */
  takeStrays(): Rejections | null {
    return this.#main.pipeline.takeStrays();
  }

  /** Runs a chunk and yields what happened, in order. Throws UnusableInput at a line that cannot be used. */
  *take(chunk: Chunk): Generator<PenstockEvent> {
    if (this.#order === null) return yield* this.#run(chunk);
    for (const piece of this.#order.take(chunk)) yield* this.#run(piece);
  }

  /** Runs what still waited to be put in order, once everything has been read. */
  *finish(): Generator<PenstockEvent> {
    if (this.#order === null) return;
    for (const block of this.#order.end()) yield* this.#run(block);
  }

  *#run(piece: Chunk | SortedBlock): Generator<PenstockEvent> {
    if (this.done) return;
    if (!(piece instanceof SortedBlock)) this.#enter(piece.origin);
    const replayed = ({ pipeline, replay }: Lane): Generator<Replayed> =>
      piece instanceof SortedBlock ? pipeline.run(piece.reading()) : replay.open(piece).run();
    try {
      for (const told of replayed(this.#main)) {
        const event = "type" in told ? told : eventOf(told);
        if (event === null) continue;
        if (this.#held !== null && this.trades > 0) yield* this.#begin();
        if (this.#held === null) yield event;
        else this.#held.push(event);
      }
    } finally {
      // Also before an error, so that what was told by then does not depend on where chunks end.
      if (this.#held !== null && this.trades > 0) yield* this.#begin();
    }
    for (const lane of this.#lanes) {
      if (lane !== this.#main) replayed(lane).forEach(() => {});
    }
  }

  /** Ends the input: what was unusable, what still waited, and what the other fill models came to. */
  *end(): Generator<PenstockEvent> {
    if (this.#held !== null) yield* this.#begin();
    for (const event of this.#main.pipeline.end()) yield event;
    const rejections = this.takeRejections();
    if (rejections !== null) yield { type: "rejected", time: this.#lastTime, ...rejections };
    for (const { model, pipeline } of this.#lanes) {
      if (model === "configured") continue;
      for (const _expired of pipeline.end());
      const { metrics } = pipeline.results();
      yield { type: "model", model, time: this.#lastTime, ...pipeline.totals, metrics };
    }
  }

  /** What the configured run is judged by. */
  get measured(): Results {
    return this.#results ??= this.#main.pipeline.results();
  }

  /** The summary. */
  summary(ended: End, elapsedMs: number): SummaryEvent & { readonly metrics: Metrics } {
    return {
      type: "summary",
      time: this.#lastTime,
      ...this.#main.pipeline.totals,
      ended,
      elapsedMs: Math.round(elapsedMs),
      tradesPerSecond: Math.round(this.trades * 1000 / elapsedMs),
      metrics: this.measured.metrics,
    };
  }

  /** The columns of the table. */
  reports(): ReportColumn[] {
    return this.#lanes.map(({ model, pipeline }) => ({
      title: model,
      summary: { ...pipeline.totals, metrics: pipeline.results().metrics },
      refused: pipeline.refused,
    }));
  }

  get #lastTime(): string {
    return isoTime(this.#main.pipeline.lastTime ?? 0);
  }

  /** A recording that ended without a connection says nothing about the file behind it. */
  #enter(origin: Origin): void {
    if (origin === this.#origin) return;
    this.#origin = origin;
    for (const { pipeline } of this.#lanes) pipeline.connected = true;
  }

  *#begin(): Generator<PenstockEvent> {
    const held = this.#held ?? [];
    this.#held = null;
    yield { ...this.#started, time: isoTime(this.#main.pipeline.firstTime ?? 0) };
    yield* held;
  }
}

/** What a note says in an event; null where it says nothing about the connection. */
function eventOf(note: TimedNote): PenstockEvent | null {
  const time = isoTime(note.time);
  switch (note.event) {
    case "connected":
      return { type: "connected", time, endpoint: note.endpoint, attempt: note.attempt };
    case "disconnected":
      return { type: "disconnected", time, reason: note.reason, retryInMs: note.retryInMs };
    default:
      return null;
  }
}
