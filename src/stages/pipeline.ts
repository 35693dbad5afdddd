/** The pipeline: the only place that puts the stages in order. */
import { Account } from "../domain/account/account.ts";
import { Drawdown } from "../domain/performance/drawdown.ts";
import type { PipelineEvent } from "../domain/run/event.ts";
import type { Rule } from "../domain/market/instrument_rules.ts";
import type { ByRequest, OnHalt } from "../domain/risk/halt.ts";
import { type ArrivedRules, tradingRules } from "../domain/market/instrument.ts";
import { expiredEvent } from "../domain/run/outcome_event.ts";
import { Performance, type Results } from "../domain/performance/performance.ts";
import type { SignalledBlock } from "../domain/market/block.ts";
import type { Filled, Outcome } from "../domain/market/tick.ts";
import { type DisconnectCause, isStale } from "../domain/market/disconnect_cause.ts";
import type { Rejections } from "../domain/market/rejections.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { TradeDigest } from "../domain/numbers/trade_digest.ts";
import { noTrades, type TradeReader } from "../domain/market/trade_reader.ts";
import { AverageStage, type StrategyMemory } from "./average.ts";
import { type BarStage, barStageOf } from "./bars.ts";
import { PaperFills } from "./fill.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { ModelRun } from "./model_run.ts";
import type { HeldGap } from "./gap_hold.ts";
import { Parse } from "./parse.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import { booksIn, type LastTrade, type PipelineSnapshot } from "./pipeline_snapshot.ts";
import type { OrderChange } from "./order_changes.ts";
import { RiskGate } from "./risk.ts";
import { type Piece, RiskStage } from "./risk_stage.ts";
import { SignalStage } from "./signal.ts";
import type { Strategy } from "./strategies/strategy.ts";
import { type RunParts, type RunState, runStateOf, type Totals, totalsOf } from "./run_state.ts";
import { TradeEvents } from "./trade_events.ts";
import type { KeptOrders } from "./waiting_orders.ts";
import type { Waits } from "./waits.ts";

const NO_RULES: ReadonlySet<Rule> = new Set();
const NOTHING: readonly Outcome[] = [];

/** Trades in, events out: parse → bars → average → signal → risk → fill. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  readonly #parse: Parse;
  /** Null if every trade is a bar. */
  readonly #bars: BarStage | null;
  readonly #strategy: Strategy;
  readonly #averages: AverageStage;
  readonly #signals: SignalStage;
  readonly #gate: RiskGate;
  readonly #risk: RiskStage;
  readonly #fills: PaperFills;
  readonly #events: TradeEvents;
  readonly #measured: Performance | null;
  readonly #limit: number;
  readonly #digest: TradeDigest | null;
  readonly #models: readonly ModelRun[];
  #trades = 0;
  #ahead = 0;
  #firstTime = 0;
  #last: { -readonly [P in keyof LastTrade]: LastTrade[P] } | null = null;
  /** The reader at which `run` stopped before its end, and the stages behind it. */
  #open: { readonly reader: TradeReader; readonly pieces: Generator<Piece<Filled>> } | null = null;

  constructor(options: PipelineOptions) {
    const { parameters } = options;
    this.#options = options;
    this.#account = new Account(parameters.cash);
    this.#drawdown = new Drawdown(parameters.cash);
    this.#parse = new Parse(options.holdsAtGaps, options);
    this.#bars = barStageOf(options.bars);
    this.#strategy = options.strategy();
    this.#averages = new AverageStage(this.#strategy, options.isQuiet !== true);
    this.#signals = new SignalStage();
    this.#fills = new PaperFills(parameters, this.#account, this.#drawdown);
    this.#gate = new RiskGate(parameters, this.#account, this.#drawdown, this.#fills.exchange);
    this.#risk = new RiskStage(this.#gate);
    this.#events = new TradeEvents(options, this.#parse, this.#gate);
    this.#measured = options.withResults === true ? new Performance(this.#account, this.#drawdown) : null;
    this.#limit = options.stopAfter ?? Infinity;
    this.#digest = options.isTransient === true ? null : new TradeDigest();
    this.#models = options.models ?? [];
  }

  /**
   * The stages in flow order: yields the blocks that the reader has, in pieces that end where something happens, with
   * all results of the stages. Stages pull with `next` and not with for…of: for…of keeps what it needs to close its
   * source, which makes each step half as expensive again, and there is nothing to close here.
   */
  over(reader: TradeReader): Generator<Piece<Filled>> {
    const parsed = this.#parse.over(reader);
    const averaged = this.#averages.over(this.#bars?.over(parsed) ?? parsed);
    return this.#fills.over(this.#risk.over(this.#signals.over(averaged)));
  }

  /**
   * Runs what the reader has available and yields what happened, in order. Stops when `stopAt` trades have been shown to
   * the strategy, and at the limit of trades, where it is `done`. Call it again with the same reader to continue. Other
   * state is to be looked at once it has stopped: the stages before the gate are ahead of an event, by up to a block.
   */
  *run(reader: TradeReader, stopAt = Infinity): Generator<PipelineEvent> {
    if (this.done || this.#trades >= stopAt) return;
    const stop = Math.min(stopAt, this.#limit);
    this.#parse.room = stop - this.#trades;
    const pieces = this.#piecesOf(reader);
    let isWhole = false;
    try {
      for (let result = pieces.next(); result.done !== true; result = pieces.next()) {
        const { block, from, to, due } = result.value;
        if (from === 0) this.#takeBlock(block);
        this.#measured?.note(block, from, to, due?.outcomes ?? NOTHING, this.#last);
        this.#trades += to - from;
        this.#note(block, to - 1);
        this.#ahead = block.size - to;
        if (due !== null) {
          yield* this.#events.at(due, reader.isBackfilled === true);
        }
        // Stages that pull again would end. Stopped here, they serve the next batch of the same reader too.
        if (this.#trades >= stop || to === block.size && this.#parse.hasAll(reader)) {
          isWhole = true;
          return;
        }
      }
    } finally {
      this.#open = isWhole ? { reader, pieces } : null;
    }
  }

  /** Does the work that concerns all trades of a block, whatever happens at them. */
  #takeBlock(block: SignalledBlock): void {
    if (this.#last === null) this.#firstTime = block.time[0]!;
    this.#digest?.add(block);
    for (const model of this.#models) model.take(block, this.#last);
  }

  /** Notes the last trade. */
  #note({ id, time, price, decimals }: SignalledBlock, row: number): void {
    const last = this.#last ??= { id: 0, time: 0, price: 0, decimals };
    last.id = id[row]!;
    last.time = time[row]!;
    last.price = price[row]!;
    last.decimals = decimals;
  }

  /** The pieces of a reader, from where the last run stopped: a new chain of stages costs as much as ten trades. */
  #piecesOf(reader: TradeReader): Generator<Piece<Filled>> {
    return this.#open?.reader === reader ? this.#open.pieces : this.over(reader);
  }

  /** Whether the limit of trades is reached. */
  get done(): boolean {
    return this.#trades >= this.#limit;
  }

  /**
   * The gap that `run` ended at, null if it did not. Run what can be fetched of it with a backfill reader, settle it,
   * and run the same reader again.
   */
  get heldGap(): HeldGap | null {
    return this.#parse.heldGap;
  }

  /**
   * Lets the next trade pass, whatever is still missing before it; `filled` trades were fetched. From the last one up to
   * `through` the exchange itself has none.
   */
  settleGap(filled: number, through = -1): void {
    this.#parse.settleGap(filled, through);
  }

  /** Notes that another process continues the run, as from a snapshot. */
  handOver(): void {
    this.#parse.handOver();
  }

  /** Whether live trades have waited, and the clock by which they arrived. */
  get waits(): Waits {
    return this.#parse.waits;
  }

  /** Ends the input: orders that still wait expire. `isWhole` is as in `Parse.end`. */
  *end(isWhole = false): Generator<PipelineEvent> {
    this.#parse.end(isWhole);
    // A trade that waited for confirmation by the next one may be due now.
    yield* this.run(noTrades(this.#options.symbol));
    const time = isoTime(this.#last?.time ?? 0);
    for (const expired of this.#gate.end()) yield expiredEvent(expired, time, this.#options.symbol);
  }

  /**
   * Halts trading by hand, at `time` (µs since 1970), between two trades; does nothing if that changes nothing. The
   * request's details go into the event.
   */
  *halt(action: OnHalt, time: number, details: Partial<ByRequest> = {}): Generator<PipelineEvent> {
    this.#gate.haltByHand(action, this.lastId);
    for (const model of this.#models) model.halt(action, this.lastId);
    yield* this.#events.news(isoTime(time), details);
  }

  /** Releases the halt by hand, at `time` (µs since 1970), between two trades; nothing if there is none. */
  *release(time: number, details: ByRequest): Generator<PipelineEvent> {
    this.#gate.release(booksIn({ account: this.#account.snapshot(), last: this.#last }), this.lastId);
    for (const model of this.#models) model.release(this.#last, this.lastId);
    yield* this.#events.news(isoTime(time), details);
  }

  /** Whether the instrument's rules are awaited: no order is placed until `takeRules`, or until this is false again. */
  get awaitsRules(): boolean {
    return this.#gate.awaitsRules;
  }

  set awaitsRules(awaitsRules: boolean) {
    this.#gate.awaitsRules = awaitsRules;
    for (const model of this.#models) model.awaitsRules = awaitsRules;
  }

  /**
   * Takes the instrument's rules, which arrived at `time` (µs since 1970), between two trades. The `given` rules stay
   * as they are.
   */
  *takeRules(
    arrived: ArrivedRules,
    time: number,
    given: ReadonlySet<Rule> = NO_RULES,
  ): Generator<PipelineEvent> {
    const { rules, instrument } = arrived;
    const trading = tradingRules(rules, given);
    this.#gate.takeRules(trading);
    this.#fills.exchange.takeRules(trading);
    for (const model of this.#models) model.takeRules(trading);
    yield { type: "rules", time: isoTime(time), symbol: this.#options.symbol, rules, instrument };
  }

  /** Trading stops while the feed is disconnected. */
  set connected(connected: boolean) {
    this.#gate.connected = connected;
    for (const model of this.#models) model.connected = connected;
  }

  /** How the connection was lost, as the gate sees it; null while data flows. */
  get lost(): "disconnected" | "stale" | null {
    return this.#gate.lost;
  }

  set lost(lost: "disconnected" | "stale" | null) {
    if (lost === null) this.connected = true;
    else {
      this.#gate.disconnect(lost);
      for (const model of this.#models) model.disconnect(lost);
    }
  }

  /** Trading stops: the feed is disconnected. Older recordings have no cause, only the reason. */
  disconnect(lost: { readonly cause?: DisconnectCause; readonly reason: string }): void {
    this.lost = isStale(lost) ? "stale" : "disconnected";
  }

  /** Unusable messages since the last call, or null. */
  takeRejections(): Rejections | null {
    return this.#parse.takeRejections();
  }

  /** New trades that arrived after later ones since the last call, or null. */
  takeStrays(): Rejections | null {
    return this.#parse.takeStrays();
  }

  /** Trades that have gone through the averages. */
  get trades(): number {
    return this.#trades;
  }

  /** Trades behind the event just emitted that have been read; 0 once `run` has ended. */
  get ahead(): number {
    return this.#ahead + this.#parse.due;
  }

  /** The id of the last trade seen; -1 before the first. */
  get lastId(): number {
    return this.#ahead > 0 ? this.#last!.id : this.#parse.lastId;
  }

  /** The first trade's time, µs since 1970; null before it. */
  get firstTime(): number | null {
    return this.#last === null ? null : this.#firstTime;
  }

  /** The last trade's time, µs since 1970; null before the first. */
  get lastTime(): number | null {
    return this.#last?.time ?? null;
  }

  /** The state of the run, for the views. */
  get current(): RunState {
    return runStateOf(this.#parts);
  }

  /** How many orders have been refused for which reason since the pipeline was made. */
  get refused(): ReadonlyMap<string, number> {
    return this.#events.refusals.byReason;
  }

  /** The part of the summary that follows from the trades. */
  get totals(): Totals {
    return totalsOf(this.#parts);
  }

  /** The summary of one of the other fill models. */
  totalsOf(model: ModelRun): Totals {
    return { ...this.totals, ...model.totals(this.#last) };
  }

  /** The results of one of the other fill models so far. */
  resultsOf(model: ModelRun): Results {
    return model.results();
  }

  /** The results of the run so far. Throws a TypeError unless the pipeline was made `withResults`. */
  results(): Results {
    if (this.#measured === null) throw new TypeError("This pipeline was made without results");
    return this.#measured.results();
  }

  /**
   * The state of the run between two trades. A trade that waits for the next one to confirm it is not part of it.
   * Throws a TypeError when the pipeline was made transient.
   */
  snapshot(): PipelineSnapshot {
    if (this.#digest === null) throw new TypeError("This pipeline was made without snapshots");
    const last = this.#last;
    const strategy = this.#averages.snapshot();
    return {
      trades: this.#trades,
      gaps: this.#events.gaps,
      refusals: this.#events.refusals.total,
      firstTime: this.#firstTime,
      last: last === null ? null : { ...last },
      digest: this.#digest.snapshot(),
      parse: this.#parse.snapshot(),
      ...(this.#bars === null ? {} : { bars: this.#bars.snapshot() }),
      crossover: this.#signals.snapshot(),
      ...(strategy === null ? {} : { strategy }),
      gate: this.#gate.snapshot(),
      fills: this.#fills.snapshot(),
      account: this.#account.snapshot(),
      drawdown: this.#drawdown.snapshot(),
    };
  }

  /** The strategy's memory, and the effects of gaps and resets on it. */
  get memory(): StrategyMemory {
    return this.#averages;
  }

  /** The waiting orders, for a store. */
  get orders(): KeptOrders {
    return this.#gate.orders;
  }

  /**
   * Restores a snapshot, with the strategy's last closes and the changes that the waiting orders follow from. Throws a
   * BooksError for unsound books, and a TypeError for changes that do not lead to those orders.
   */
  restore(snapshot: PipelineSnapshot, closes: Closes, changes: readonly OrderChange[] = []): void {
    const { last } = snapshot;
    this.#trades = snapshot.trades;
    this.#events.restore(snapshot);
    this.#firstTime = snapshot.firstTime;
    this.#last = last === null ? null : { ...last };
    this.#digest?.restore(snapshot.digest);
    this.#parse.restore(snapshot.parse, last?.time ?? null);
    this.#bars?.restore(snapshot.bars, snapshot.parse.decimals);
    this.#averages.restore(snapshot.strategy ?? null, closes);
    this.#signals.restore(snapshot.crossover);
    this.#fills.restore(snapshot.fills);
    this.#account.restore(snapshot.account);
    const books = booksIn(snapshot);
    this.#drawdown.restore(snapshot.drawdown, books);
    this.#gate.restore(snapshot.gate, books, changes);
  }

  get #parts(): RunParts {
    return {
      symbol: this.#options.symbol,
      trades: this.#trades,
      firstTime: this.firstTime,
      last: this.#last,
      readings: this.#strategy,
      signals: this.#signals,
      account: this.#account,
      drawdown: this.#drawdown,
      gate: this.#gate,
      fills: this.#fills,
      parse: this.#parse,
      bars: this.#bars,
      events: this.#events,
    };
  }
}
