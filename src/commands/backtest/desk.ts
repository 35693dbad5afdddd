/** Where the chunks of a backtest meet its pipeline and the other fill models behind it. */
import { ChunkReader } from "../../domain/chunk_reader.ts";
import type { Chunk, Origin } from "../../domain/chunk.ts";
import { ConfigError, termsOf } from "../../domain/config.ts";
import type { PenstockEvent, RulesEvent, StartedEvent, SummaryEvent } from "../../domain/event.ts";
import { FILL_MODELS, type FillModel, termsUnder } from "../../domain/fill_model.ts";
import {
  givenRules,
  type InstrumentOrigin,
  senselessRule,
  type SettledInstrument,
  tradingRules,
} from "../../domain/instrument.ts";
import { plain } from "../../domain/money.ts";
import type { Terms } from "../../domain/terms.ts";
import type { TimedNote } from "../../domain/message_lines.ts";
import type { Metrics } from "../../domain/metrics.ts";
import type { Config } from "../../domain/options.ts";
import type { Results } from "../../domain/performance.ts";
import { disconnectionIn } from "../../domain/recording_note.ts";
import type { Rejections } from "../../domain/rejections.ts";
import { isoTime } from "../../domain/time.ts";
import { ModelRun } from "../../stages/model_run.ts";
import { type Mark, Pipeline } from "../../stages/pipeline.ts";
import { Replay } from "../../stages/replay.ts";
import { type FileTally, RowOrder, SortedBlock } from "../../stages/row_order.ts";
import { type FillTerms, fillTermsOf } from "../../views/assumptions.ts";
import type { ReportColumn } from "../../views/report_table.ts";

/** What ended a run: the end of its input, an option or the person. */
export type End = NonNullable<SummaryEvent["ended"]>;

const OTHER_MODELS = FILL_MODELS.filter((model) => model !== "configured");

/** Another fill model beside the configured one. */
interface Lane {
  readonly model: Exclude<FillModel, "configured">;
  readonly fillTerms: FillTerms;
  readonly run: ModelRun;
}

/** Where it is looked whether the instrument's rules make sense, before anything is traded by them. */
const FIRST_TRADE: Mark = { trades: 1 };

/** Puts the chunks through the pipeline, and through the other fill models behind it where they are asked for. */
export class Desk {
  readonly pipeline: Pipeline;
  readonly #reader: ChunkReader;
  readonly #replay: Replay;
  readonly #fillTerms: FillTerms;
  readonly #lanes: readonly Lane[];
  /** Null unless rows are to be put in order. */
  readonly #order: RowOrder | null;
  readonly #started: Omit<StartedEvent, "time">;
  /** What happened before the first trade, whose time `started` takes; null from then on. */
  #held: PenstockEvent[] | null = [];
  #results: Results | null = null;
  /** The file that is being read, or what puts the rows of several in order. */
  #source: Origin | RowOrder | null = null;
  #instrument: SettledInstrument;
  /** Whether the input said the instrument's rules itself. */
  #isTold = false;

  /** `sources` says where the instrument's rules come from. */
  constructor(
    config: Config,
    started: Omit<StartedEvent, "time">,
    sources: InstrumentOrigin["sources"],
  ) {
    this.#started = started;
    this.#instrument = { config, sources };
    const given = givenRules(sources);
    // Thousands of events that nobody reads cost a tenth of the time.
    const tells = config.json || config.out !== null || config.state !== "none" ||
      config.logLevel === "debug";
    const terms = termsOf(config);
    this.#fillTerms = fillTermsOf(config);
    this.#lanes = config.models ? OTHER_MODELS.map((model) => laneOf(model, terms)) : [];
    this.#reader = new ChunkReader(config.symbol, !config.skipBad);
    this.pipeline = new Pipeline({
      symbol: config.symbol,
      short: config.short,
      long: config.long,
      terms,
      stopAfter: config.stopAfter,
      withResults: true,
      isTransient: config.state === "none",
      isQuiet: !tells,
      models: this.#lanes.map(({ run }) => run),
    });
    this.#replay = new Replay(this.pipeline, this.#reader, given);
    this.#order = config.sort ? new RowOrder(config.symbol, !config.skipBad) : null;
  }

  /** The configuration, with the instrument's rules that the input said, where it did. */
  get config(): Config {
    return this.#instrument.config;
  }

  /** Trades so far. */
  get trades(): number {
    return this.pipeline.trades;
  }

  /** Whether as many trades as asked for have been seen. */
  get done(): boolean {
    return this.pipeline.done;
  }

  /** Other symbols whose trades were passed over. */
  get otherSymbols(): readonly string[] {
    return [...new Set([...this.#reader.otherSymbols, ...this.#order?.otherSymbols ?? []])];
  }

  /** What is wrong with the input and was not told yet, or null. */
  takeRejections(): Rejections | null {
    return this.pipeline.takeRejections();
  }

  /** What each file brought; null unless rows are put in order. */
  get tallies(): readonly FileTally[] | null {
    return this.#order?.tallies ?? null;
  }

  /** What came out of order and was not told yet, or null. */
  takeStrays(): Rejections | null {
    return this.pipeline.takeStrays();
  }

  /**
   * Runs a chunk and yields what happened, in order. Throws UnusableInput at a line that cannot be used, and a
   * ConfigError where a tick or a lot that nobody gave makes no sense for the prices.
   */
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
    this.#enter(piece instanceof SortedBlock ? this.#order : piece.origin);
    const replayed = piece instanceof SortedBlock
      ? this.pipeline.runMarked(piece.reading(), FIRST_TRADE)
      : this.#replay.open(piece).runMarked(FIRST_TRADE);
    try {
      for (const told of replayed) {
        if (told === FIRST_TRADE) this.#checkRules();
        const event = "type" in told ? told : "event" in told ? eventOf(told) : null;
        if (event === null) continue;
        if (event.type === "rules") this.#takeRules(event);
        if (this.#held !== null && this.trades > 0) yield* this.#begin();
        if (this.#held === null) yield event;
        else this.#held.push(event);
      }
      this.#checkRules();
    } finally {
      // Also before an error, so that what was told by then does not depend on where chunks end.
      if (this.#held !== null && this.trades > 0) yield* this.#begin();
    }
  }

  /**
   * Ends the input: what was unusable, what still waited, and what the other fill models came to. Throws UnusableInput
   * where the input was read to its end and its last trades are out of order.
   */
  *end(ended: End): Generator<PenstockEvent> {
    if (this.#held !== null) yield* this.#begin();
    for (const event of this.pipeline.end(ended === "input")) yield event;
    const rejections = this.takeRejections();
    if (rejections !== null) yield { type: "rejected", time: this.#lastTime, ...rejections };
    for (const { model, run, fillTerms: { slippage, latencyMs } } of this.#lanes) {
      const { metrics } = this.pipeline.resultsOf(run);
      const assumed = { slippage, latency: latencyMs };
      yield {
        type: "model",
        model,
        ...assumed,
        time: this.#lastTime,
        ...this.pipeline.totalsOf(run),
        metrics,
      };
    }
  }

  /** What the configured run is judged by. */
  get measured(): Results {
    return this.#results ??= this.pipeline.results();
  }

  /** The summary. */
  summary(ended: End, elapsedMs: number): SummaryEvent & { readonly metrics: Metrics } {
    return {
      type: "summary",
      time: this.#lastTime,
      ...this.pipeline.totals,
      ended,
      elapsedMs: Math.round(elapsedMs),
      tradesPerSecond: Math.round(this.trades * 1000 / elapsedMs),
      metrics: this.measured.metrics,
    };
  }

  /** The columns of the table, the configured model in the middle. */
  reports(): ReportColumn[] {
    const { pipeline } = this;
    const configured: ReportColumn = {
      title: "configured",
      summary: { ...pipeline.totals, metrics: this.measured.metrics },
      fillTerms: this.#fillTerms,
      refused: pipeline.refused,
    };
    const others = this.#lanes.map(({ model, run, fillTerms }): ReportColumn => ({
      title: model,
      summary: { ...pipeline.totalsOf(run), metrics: pipeline.resultsOf(run).metrics },
      fillTerms,
      refused: run.refused,
    }));
    return [...others.slice(0, 1), configured, ...others.slice(1)];
  }

  #takeRules({ rules }: RulesEvent): void {
    const { config, sources } = this.#instrument;
    this.#isTold = true;
    this.#instrument = { config: { ...config, ...tradingRules(rules, givenRules(sources)) }, sources };
  }

  #checkRules(): void {
    const { awaitsRules, standing: { price } } = this.pipeline;
    if (price === null || awaitsRules || this.#isTold) return;
    const senseless = senselessRule(this.#instrument, price);
    if (senseless !== null) throw new ConfigError([senseless]);
  }

  get #lastTime(): string {
    return isoTime(this.pipeline.lastTime ?? 0);
  }

  #enter(source: Origin | RowOrder | null): void {
    if (source === this.#source) return;
    this.#source = source;
    this.#replay.enter();
  }

  *#begin(): Generator<PenstockEvent> {
    const held = this.#held ?? [];
    this.#held = null;
    yield { ...this.#started, time: isoTime(this.pipeline.firstTime ?? 0) };
    yield* held;
  }
}

function laneOf(model: Lane["model"], configured: Terms): Lane {
  const terms = termsUnder(model, configured);
  const fillTerms = { slippage: plain(terms.slippage), latencyMs: terms.latency / 1000 };
  return { model, fillTerms, run: new ModelRun(terms) };
}

/** What a note says in an event; null where it says nothing about the connection. */
function eventOf(note: TimedNote): PenstockEvent | null {
  const time = isoTime(note.time);
  switch (note.event) {
    case "connected":
      return { type: "connected", time, endpoint: note.endpoint, attempt: note.attempt };
    case "disconnected":
      return { type: "disconnected", time, ...disconnectionIn(note) };
    default:
      return null;
  }
}
