/** The pipeline: the only place that puts the five stages in order. */
import { Account } from "../domain/account/account.ts";
import { Drawdown } from "../domain/performance/drawdown.ts";
import type { PipelineEvent } from "../domain/run/event.ts";
import type { Rule } from "../domain/market/instrument_rules.ts";
import type { ByRequest, OnHalt } from "../domain/risk/halt.ts";
import { type ArrivedRules, tradingRules } from "../domain/market/instrument.ts";
import { expiredEvent } from "../domain/run/outcome_event.ts";
import { Performance, type Results } from "../domain/performance/performance.ts";
import type { TradingParameters } from "../domain/risk/trading_parameters.ts";
import type { Filled } from "../domain/market/tick.ts";
import { type DisconnectCause, isStale } from "../domain/market/disconnect_cause.ts";
import type { Rejections } from "../domain/market/rejections.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { TradeDigest } from "../domain/numbers/trade_digest.ts";
import { noTrades, type TradeReader } from "../domain/market/trade_reader.ts";
import { AverageStage, type KeptAverages } from "./average.ts";
import { PaperFills } from "./fill.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { ModelRun } from "./model_run.ts";
import type { HeldGap } from "./gap_hold.ts";
import { Parse, type Waited } from "./parse.ts";
import { booksIn, lastTickOf, type PipelineSnapshot } from "./pipeline_snapshot.ts";
import type { OrderChange } from "./order_changes.ts";
import { RiskGate } from "./risk.ts";
import { SignalStage } from "./signal.ts";
import type { Strategy } from "./strategies/strategy.ts";
import { type RunParts, type RunState, runStateOf, type Totals, totalsOf } from "./run_state.ts";
import { TradeEvents } from "./trade_events.ts";
import type { KeptOrders } from "./waiting_orders.ts";

/** What a pipeline is built from. */
export interface PipelineOptions {
  readonly symbol: string;
  /** Makes the strategy of the symbol. */
  readonly strategy: () => Strategy;
  readonly parameters: TradingParameters;
  /** End after this many trades have gone through the averages; null for never. */
  readonly stopAfter: number | null;
  /** Whether `results` will be asked for at the end. */
  readonly withResults?: boolean;
  /** Whether no snapshot will be taken: the digest of all trades, which only those carry, is left out then. */
  readonly isTransient?: boolean;
  /** Whether signals, refusals and fills are only counted, and not emitted as events. */
  readonly isQuiet?: boolean;
  /** Whether `run` ends early at a gap, so that the missing trades can be fetched; see `heldGap`. */
  readonly holdsAtGaps?: boolean;
  /** Other fill models, behind the same signals. */
  readonly models?: readonly ModelRun[];
}

const NO_RULES: ReadonlySet<Rule> = new Set();

/** Trades in, events out: parse → average → signal → risk → fill. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  readonly #parse: Parse;
  readonly #strategy: Strategy;
  readonly #averages: AverageStage;
  readonly #signals: SignalStage;
  readonly #gate: RiskGate;
  readonly #fills: PaperFills;
  readonly #events: TradeEvents;
  readonly #measured: Performance | null;
  readonly #limit: number;
  readonly #digest: TradeDigest | null;
  readonly #models: readonly ModelRun[];
  #trades = 0;
  #firstTime = 0;
  #last: Filled | null = null;
  /** The reader at which `run` stopped before its end, and the stages behind it. */
  #open: { readonly reader: TradeReader; readonly ticks: Generator<Filled> } | null = null;

  constructor(options: PipelineOptions) {
    const { parameters } = options;
    this.#options = options;
    this.#account = new Account(parameters.cash);
    this.#drawdown = new Drawdown(parameters.cash);
    this.#parse = new Parse(options.holdsAtGaps);
    this.#strategy = options.strategy();
    this.#averages = new AverageStage(this.#strategy);
    this.#signals = new SignalStage();
    this.#gate = new RiskGate(parameters, this.#account, this.#drawdown);
    this.#fills = new PaperFills(this.#account, this.#drawdown);
    this.#events = new TradeEvents(options, this.#parse, this.#gate);
    this.#measured = options.withResults === true ? new Performance(this.#account, this.#drawdown) : null;
    this.#limit = options.stopAfter ?? Infinity;
    this.#digest = options.isTransient === true ? null : new TradeDigest();
    this.#models = options.models ?? [];
  }

  /**
   * The stages in flow order: yields the ticks that the reader has, each with everything the stages found. Stages
   * pull ticks with `next` and not with for…of: for…of keeps what it needs to close its source, which makes each step
   * half as expensive again, and there is nothing to close here.
   */
  over(reader: TradeReader): Generator<Filled> {
    return this.#fills.over(
      this.#gate.over(
        this.#signals.over(
          this.#averages.over(
            this.#parse.over(reader),
          ),
        ),
      ),
    );
  }

  /**
   * Runs what the reader has available and yields what happened, in order. Stops when `stopAt` trades have gone
   * through the averages, and at the limit of trades, where it is `done`. Call it again with the same reader to
   * continue.
   */
  *run(reader: TradeReader, stopAt = Infinity): Generator<PipelineEvent> {
    if (this.done || this.#trades >= stopAt) return;
    const stop = Math.min(stopAt, this.#limit);
    const ticks = this.#ticksOf(reader);
    // Kept in a local and stored only when somebody may look: writing a new object to a field of an old one at every
    // trade costs the collector as much as a stage.
    let last = this.#last;
    let isWhole = false;
    try {
      for (let result = ticks.next(); result.done !== true; result = ticks.next()) {
        const tick = result.value;
        if (this.#trades++ === 0) this.#firstTime = tick.time;
        this.#digest?.add(tick);
        this.#measured?.note(tick, tick.outcomes, last);
        if (this.#models.length > 0) { for (const model of this.#models) model.take(tick, last); }
        last = tick;
        if (
          tick.missing !== 0 || tick.filled !== 0 || tick.signal !== null || tick.outcomes.length > 0 ||
          this.#gate.hasNews
        ) {
          this.#last = last;
          yield* this.#events.at(tick, reader.isBackfilled === true);
        }
        if (this.#trades >= stop) {
          isWhole = true;
          return;
        }
      }
    } finally {
      this.#last = last;
      this.#open = isWhole ? { reader, ticks } : null;
    }
  }

  /** The ticks of a reader, from where the last run stopped: a new chain of stages costs as much as ten trades. */
  #ticksOf(reader: TradeReader): Generator<Filled> {
    return this.#open?.reader === reader ? this.#open.ticks : this.over(reader);
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

  /** Another process continues the run, as from a snapshot. */
  handOver(): void {
    this.#parse.handOver();
  }

  /** Notes that live trades have waited. Those that waited longer than the hold move the averages and never trade. */
  waited(waited: Waited): void {
    this.#parse.waited(waited);
  }

  /** Ends the input: orders that still wait expire. `isWhole` is as in `Parse.end`. */
  *end(isWhole = false): Generator<PipelineEvent> {
    this.#parse.end(isWhole);
    // A trade that waited for the next one to confirm it may be due now.
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
   * Takes the instrument's rules, which came at `time` (µs since 1970), between two trades; those `given` stay as they
   * are.
   */
  *takeRules(
    arrived: ArrivedRules,
    time: number,
    given: ReadonlySet<Rule> = NO_RULES,
  ): Generator<PipelineEvent> {
    const { rules, instrument } = arrived;
    const trading = tradingRules(rules, given);
    this.#gate.takeRules(trading);
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

  /** Trades never seen that came after later ones since the last call, or null. */
  takeStrays(): Rejections | null {
    return this.#parse.takeStrays();
  }

  /** Trades that have gone through the averages. */
  get trades(): number {
    return this.#trades;
  }

  /** The id of the last trade seen; -1 before the first. */
  get lastId(): number {
    return this.#parse.lastId;
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

  /** Everything the summary says that follows from the trades. */
  get totals(): Totals {
    return totalsOf(this.#parts);
  }

  /** What the summary says of one of the other fill models. */
  totalsOf(model: ModelRun): Totals {
    return { ...this.totals, ...model.totals(this.#last) };
  }

  /** The results of one of the other fill models so far. */
  resultsOf(model: ModelRun): Results {
    return model.results(this.#last);
  }

  /** The results of the run so far. Throws a TypeError unless the pipeline was made `withResults`. */
  results(): Results {
    if (this.#measured === null) throw new TypeError("This pipeline was made without results");
    return this.#measured.results(this.#last);
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
      last: last === null
        ? null
        : { id: last.id, time: last.time, price: last.price, decimals: last.decimals },
      digest: this.#digest.snapshot(),
      parse: this.#parse.snapshot(),
      crossover: this.#signals.snapshot(),
      ...(strategy === null ? {} : { strategy }),
      gate: this.#gate.snapshot(),
      fills: this.#fills.snapshot(),
      account: this.#account.snapshot(),
      drawdown: this.#drawdown.snapshot(),
    };
  }

  /** What the strategy remembers, and what gaps and resets did to it. */
  get averages(): KeptAverages {
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
    this.#last = last === null ? null : lastTickOf(last, this.#options.symbol);
    this.#digest?.restore(snapshot.digest);
    this.#parse.restore(snapshot.parse, last?.time ?? null);
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
      events: this.#events,
    };
  }
}
