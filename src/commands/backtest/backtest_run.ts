/** A backtest run: feeds chunks of files to an engine, and to the other fill models if the user wants them. */
import { decoderOf } from "../../exchanges/known_exchanges.ts";
import { ChunkReader } from "../../formats/chunk_reader.ts";
import type { Chunk, Origin } from "../../formats/trade_file.ts";
import { engineChoices, tradingParametersOf } from "../../config/config.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { PenstockEvent, RulesEvent, StartedEvent, SummaryEvent } from "../../domain/run/event.ts";
import { FILL_MODELS, type FillModel, tradingParametersUnder } from "../../domain/orders/fill_model.ts";
import { givenRules, type InstrumentOrigin, tradingRules } from "../../domain/market/instrument.ts";
import { implausibleRule, type SettledInstrument } from "../../config/instrument_settlement.ts";
import { plain } from "../../domain/numbers/money.ts";
import type { TradingParameters } from "../../domain/risk/trading_parameters.ts";
import type { Block } from "../../domain/market/block.ts";
import type { BlockFollower } from "../../stages/block_follower.ts";
import type { Metrics } from "../../domain/performance/metrics.ts";
import type { Config } from "../../config/options.ts";
import type { Results } from "../../domain/performance/performance.ts";
import type { Input } from "../../domain/market/input.ts";
import { TimeRange } from "../../domain/market/time_range.ts";
import type { Rejections } from "../../domain/market/rejections.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { ModelRun } from "../../stages/model_run.ts";
import { Engine, type EngineState } from "../../stages/engine.ts";
import { strategyOf } from "../../stages/strategies/known_strategies.ts";
import { refuseMarket } from "./recorded_market.ts";
import { RangedInputs } from "../../formats/ranged_inputs.ts";
import type { OutOfRange } from "../../formats/ranged_trades.ts";
import type { Strategy } from "../../stages/strategies/strategy.ts";
import { isRemark, RecordedInputs } from "../../formats/recorded_inputs.ts";
import { type FileTally, RowOrder, SortedBlock } from "../../formats/row_order.ts";
import { type FillParameters, fillParametersOf } from "../../views/report/assumptions.ts";
import { MOST_REFUSALS } from "../../views/report/incident_log.ts";
import type { ReportColumn } from "../../views/report/report_table.ts";

/** What ended a run: the end of its input, an option or the user. */
export type End = NonNullable<SummaryEvent["ended"]>;

const OTHER_MODELS = FILL_MODELS.filter((model) => model !== "configured");

/** A fill model other than the configured one. */
interface Lane {
  readonly model: Exclude<FillModel, "configured">;
  readonly fillParameters: FillParameters;
  readonly run: ModelRun;
}

/** Work alongside a backtest, on the same blocks and without trading itself: a sweep. */
export interface SideWork {
  readonly followers: readonly BlockFollower<Block>[];
  /** The next number of trades, above `trades`, at which to call `reached`; Infinity for none. */
  readonly stopAfter: (trades: number) => number;
  /** Called when the run has that many trades, before the next one. */
  readonly reached: (trades: number) => void;
}

/** The trade after which the instrument's rules are checked, before any order depends on them. */
const FIRST_TRADE = 1;

/** Turns chunks of files into events, and at the end into a summary and the columns of a report. */
export class BacktestRun {
  readonly engine: Engine;
  readonly #reader: ChunkReader;
  readonly #inputs: RecordedInputs;
  /** Null without `--from` and `--to`. */
  readonly #ranged: RangedInputs | null;
  readonly #fillParameters: FillParameters;
  readonly #lanes: readonly Lane[];
  /** Null without `--sort`. */
  readonly #order: RowOrder | null;
  readonly #started: Omit<StartedEvent, "time">;
  /** The events before the first trade, whose time `started` takes; null from then on. */
  #held: PenstockEvent[] | null = [];
  #results: Results | null = null;
  readonly #sideWork: SideWork | null;
  /** The file being read, or the sorting of several. */
  #source: Origin | RowOrder | null = null;
  #instrument: SettledInstrument;
  /** Whether the input itself held the instrument's rules. */
  #hasInputRules = false;

  /** `sources` are those of the instrument's rules; `isShown` is whether a view shows every event. */
  constructor(
    config: Config,
    started: Omit<StartedEvent, "time">,
    { sources, isShown, strategy = strategyOf(config), sideWork = null }: {
      readonly sources: InstrumentOrigin["sources"];
      readonly isShown: boolean;
      readonly strategy?: () => Strategy;
      readonly sideWork?: SideWork | null;
    },
  ) {
    this.#sideWork = sideWork;
    this.#started = started;
    this.#instrument = { config, sources };
    // Making thousands of events that nobody reads takes a tenth of the time.
    const isAlone = sideWork === null;
    const emits = isAlone && (isShown || config.out !== null || config.state !== "none");
    const hasPictures = isAlone && (config.report !== null || config.out !== null);
    const parameters = tradingParametersOf(config);
    this.#fillParameters = fillParametersOf(config);
    this.#lanes = config.models ? OTHER_MODELS.map((model) => laneOf(model, parameters)) : [];
    this.#reader = new ChunkReader(decoderOf(config), !config.skipBad);
    this.engine = new Engine({
      ...engineChoices(config),
      strategy,
      withResults: true,
      withChart: hasPictures,
      refusalsShown: hasPictures ? MOST_REFUSALS : 0,
      isTransient: isAlone && config.state === "none" && !hasPictures,
      isQuiet: !emits,
      models: [...this.#lanes.map(({ run }) => run), ...sideWork?.followers ?? []],
      given: givenRules(sources),
    });
    this.#inputs = new RecordedInputs(this.#reader);
    const range = new TimeRange(config.from, config.to);
    this.#ranged = range.isAll ? null : new RangedInputs(range);
    this.#order = config.sort ? new RowOrder(decoderOf(config), !config.skipBad) : null;
  }

  /** The configuration, with the instrument's rules from the input if it held them. */
  get config(): Config {
    return this.#instrument.config;
  }

  /** The engine's state. */
  get state(): EngineState {
    return this.engine.state;
  }

  /** How the strategy failed; null unless it did. */
  get fault(): Error | null {
    return this.state.memory.fault;
  }

  /** Trades so far. */
  get trades(): number {
    return this.state.trades;
  }

  /** The trades that `--from` and `--to` leave out so far; null without these options. */
  get outOfRange(): OutOfRange | null {
    return this.#ranged?.out ?? null;
  }

  /** Whether the run has processed as many trades as requested. */
  get done(): boolean {
    return this.state.done;
  }

  /** Other symbols, whose trades were skipped. */
  get otherSymbols(): readonly string[] {
    return [...new Set([...this.#reader.otherSymbols, ...this.#order?.otherSymbols ?? []])];
  }

  /** How many trades of other symbols were skipped in files of trades alone. */
  get otherTrades(): number {
    return this.#reader.otherTrades + (this.#order?.otherTrades ?? 0);
  }

  /** The first file whose trades were numbered because they have no consecutive ids; null if there is none. */
  get fileWithoutIds(): string | null {
    return this.#reader.numbers.firstFile ?? this.#order?.fileWithoutIds ?? null;
  }

  /** The flaws in the input that have not been reported yet, or null. */
  takeRejections(): Rejections | null {
    return this.state.takeRejections();
  }

  /** The trades that each file added; null unless rows are sorted. */
  get tallies(): readonly FileTally[] | null {
    return this.#order?.tallies ?? null;
  }

  /** The trades out of order that have not been reported yet, or null. */
  takeStrays(): Rejections | null {
    return this.state.takeStrays();
  }

  /**
   * Runs a chunk and yields what happened, in order. Throws UnusableInput at a line that cannot be used, and a
   * ConfigError if a default tick or lot makes no sense for the prices.
   */
  *take(chunk: Chunk): Generator<PenstockEvent> {
    if (this.#order === null) return yield* this.#run(chunk);
    for (const piece of this.#order.take(chunk)) yield* this.#run(piece);
  }

  /** Runs the rows still waiting to be sorted, once everything has been read. */
  *finish(): Generator<PenstockEvent> {
    if (this.#order === null) return;
    for (const block of this.#order.end()) yield* this.#run(block);
  }

  *#run(piece: Chunk | SortedBlock): Generator<PenstockEvent> {
    if (this.done) return;
    try {
      if (piece instanceof SortedBlock) {
        if (this.#enter(this.#order)) yield* this.#apply({ event: "source" });
        yield* this.#apply({ event: "frames", trades: piece });
      } else {
        if (this.#enter(piece.origin)) this.#inputs.enter();
        this.#inputs.open(piece);
        for (let input = this.#inputs.next(); input !== null; input = this.#inputs.next()) {
          if (!isRemark(input)) yield* this.#apply(input);
          else if (input.event === "recording") refuseMarket(piece.origin.name, input, this.config);
          if (this.done || this.fault !== null) return;
        }
      }
    } finally {
      // Also before an error, so that the events before it do not depend on where chunks end.
      if (this.#held !== null && this.trades > 0) yield* this.#start();
    }
  }

  /** Applies an input. Throws a ConfigError if the instrument's rules make no sense for the prices. */
  *#apply(recorded: Input): Generator<PenstockEvent> {
    const input = this.#ranged === null ? recorded : this.#ranged.of(recorded);
    if (input === null) return;
    if (this.trades < FIRST_TRADE && "trades" in input) {
      yield* this.#shown(this.engine.apply(input, FIRST_TRADE));
      if (this.trades < FIRST_TRADE) return;
      this.#checkRules();
    }
    for (;;) {
      const stop = this.#sideWork?.stopAfter(this.trades) ?? Infinity;
      yield* this.#shown(this.engine.apply(input, stop));
      if (this.trades < stop) break;
      this.#sideWork!.reached(stop);
    }
    this.#checkRules();
  }

  /** Events before the first trade are held until that trade gives the time of the start. */
  *#shown(events: Iterable<PenstockEvent>): Generator<PenstockEvent> {
    for (const event of events) {
      if (event.type === "rules") this.#takeRules(event);
      if (this.#held !== null && this.trades > 0) yield* this.#start();
      if (this.#held === null) yield event;
      else this.#held.push(event);
    }
  }

  /**
   * Ends the input and yields the unusable lines, the orders still waiting, and the results of the other fill models.
   * Throws UnusableInput if the input was read to its end and its last trades are out of order.
   */
  *end(ended: End): Generator<PenstockEvent> {
    if (this.#held !== null) yield* this.#start();
    yield* this.engine.end(ended === "input");
    const rejections = this.takeRejections();
    if (rejections !== null) yield { type: "rejected", time: this.lastTime, ...rejections };
    const isNext = this.#fillParameters.fill === "next";
    for (const { model, run, fillParameters: { slippage, latencyMs, fill } } of this.#lanes) {
      const { metrics } = run.results();
      const assumed = { slippage, latency: latencyMs, ...(isNext ? { fill } : {}) };
      yield {
        type: "model",
        model,
        ...assumed,
        time: this.lastTime,
        ...this.state.totalsOf(run),
        metrics,
      };
    }
  }

  /** The results of the configured run. */
  get measured(): Results {
    return this.#results ??= this.state.results();
  }

  /** The summary. */
  summary(ended: End, elapsedMs: number): SummaryEvent & { readonly metrics: Metrics } {
    return {
      type: "summary",
      time: this.lastTime,
      ...this.state.totals,
      ...(this.#ranged === null ? {} : { outOfRange: this.#ranged.out.total }),
      ...(this.#countedUp === 0 ? {} : { countedUp: this.#countedUp }),
      ended,
      elapsedMs: Math.round(elapsedMs),
      tradesPerSecond: Math.round(this.trades * 1000 / elapsedMs),
      metrics: this.measured.metrics,
    };
  }

  /** The columns of the table, with the configured model in the middle. */
  reports(): ReportColumn[] {
    const { state } = this;
    const configured: ReportColumn = {
      title: "configured",
      summary: { ...state.totals, metrics: this.measured.metrics },
      fillParameters: this.#fillParameters,
      refused: state.refused,
    };
    const others = this.#lanes.map(({ model, run, fillParameters }): ReportColumn => ({
      title: model,
      summary: { ...state.totalsOf(run), metrics: run.results().metrics },
      fillParameters,
      refused: run.refused,
    }));
    return [...others.slice(0, 1), configured, ...others.slice(1)];
  }

  get #countedUp(): number {
    return this.#order === null ? this.#reader.numbers.last : this.#order.numbers.last;
  }

  #takeRules({ rules }: RulesEvent): void {
    const { config, sources } = this.#instrument;
    this.#hasInputRules = true;
    this.#instrument = { config: { ...config, ...tradingRules(rules, givenRules(sources)) }, sources };
  }

  #checkRules(): void {
    const { awaitsRules, lastPrice: price } = this.state;
    if (price === null || awaitsRules || this.#hasInputRules) return;
    const flaw = implausibleRule(this.#instrument, price);
    if (flaw !== null) throw new ConfigError([flaw]);
  }

  /** The digest of all trades. Throws a TypeError if the run keeps none. */
  get digest(): string {
    return this.state.snapshot().digest;
  }

  /** The first trade's time, and the last one's, ISO 8601. */
  get firstTime(): string {
    return isoTime(this.state.firstTime ?? 0);
  }

  get lastTime(): string {
    return isoTime(this.state.lastTime ?? 0);
  }

  /** Whether the trades come from a different source than those before. */
  #enter(source: Origin | RowOrder | null): boolean {
    const isOther = source !== this.#source;
    this.#source = source;
    return isOther;
  }

  *#start(): Generator<PenstockEvent> {
    const held = this.#held ?? [];
    this.#held = null;
    yield { ...this.#started, time: isoTime(this.state.firstTime ?? 0) };
    yield* held;
  }
}

function laneOf(model: Lane["model"], configured: TradingParameters): Lane {
  const parameters = tradingParametersUnder(model, configured);
  const { slippage, latency, fill } = parameters;
  const fillParameters = { slippage: plain(slippage), latencyMs: latency / 1000, fill };
  return { model, fillParameters, run: new ModelRun(parameters) };
}
