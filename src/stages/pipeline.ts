/** The pipeline: the stages of each symbol of a run, over one account. */
import type { PipelineEvent } from "../domain/run/event.ts";
import type { Rule } from "../domain/market/instrument_rules.ts";
import type { ByRequest, OnHalt } from "../domain/risk/halt.ts";
import { type ArrivedRules, tradingRules } from "../domain/market/instrument.ts";
import { expiredEvent } from "../domain/run/outcome_event.ts";
import type { Results } from "../domain/performance/performance.ts";
import type { SignalledBlock } from "../domain/market/block.ts";
import type { Outcome } from "../domain/market/tick.ts";
import { combined, type Rejections } from "../domain/market/rejections.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { TradeDigest } from "../domain/numbers/trade_digest.ts";
import { noTrades, type TradeReader } from "../domain/market/trade_reader.ts";
import { booksAt } from "./account_risk.ts";
import type { StrategyMemory } from "./average.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { BlockFollower } from "./block_follower.ts";
import type { ModelRun } from "./model_run.ts";
import type { HeldGap } from "./gap_hold.ts";
import { AccountBooks } from "./order_stages.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import type { KeptSymbol, PipelineSnapshot } from "./pipeline_snapshot.ts";
import type { OrderChange } from "./order_changes.ts";
import { refusedIn, type RunParts, type RunState, runStateOf, type Totals, totalsOf } from "./run_state.ts";
import { type RunChart, SymbolStages } from "./symbol_stages.ts";
import type { KeptOrders } from "./waiting_orders.ts";
import type { Waits } from "./waits.ts";

const NO_RULES: ReadonlySet<Rule> = new Set();
const NOTHING: readonly Outcome[] = [];

/** Trades in, events out: the trades of each symbol go through the symbol's stages, in the order of the run. */
export class Pipeline {
  readonly #books: AccountBooks;
  readonly #symbols = new Map<string, SymbolStages>();
  readonly #all: readonly SymbolStages[];
  /** The first symbol, and the symbol of the last trade; before any trade, that is the first symbol too. */
  readonly #first: SymbolStages;
  #moving: SymbolStages;
  readonly #limit: number;
  readonly #digest: TradeDigest | null;
  readonly #models: readonly BlockFollower[];
  #trades = 0;
  #ahead = 0;
  #firstTime = 0;

  constructor(options: PipelineOptions) {
    const { symbol: first, parameters, others = {}, withResults = false, models = [] } = options;
    const joinsParts = options.isQuiet === true && options.withChart !== true;
    this.#books = new AccountBooks(parameters, withResults, { joinsParts });
    this.#models = models;
    for (const [symbol, rules] of Object.entries({ [first]: {}, ...others })) {
      this.#symbols.set(symbol, new SymbolStages(symbol, options, this.#books.of(symbol, rules)));
      for (const model of models) model.trade(symbol, rules);
    }
    this.#all = [...this.#symbols.values()];
    this.#first = this.#moving = this.#of(first);
    this.#limit = options.stopAfter ?? Infinity;
    this.#digest = options.isTransient === true ? null : new TradeDigest();
  }

  /**
   * Runs the trades that the reader has, and yields what happened, in order. Stops once `stopAt` trades have been shown
   * to the strategy, and at the limit of trades, where it is `done`. Call it again with the same reader to continue.
   * Read other state only once it has stopped: the stages before the gate are ahead of an event, by up to a block.
   */
  *run(reader: TradeReader, stopAt = Infinity): Generator<PipelineEvent> {
    if (this.done || this.#trades >= stopAt) return;
    const stages = this.#of(reader.symbol);
    const { parse, events } = stages;
    const stop = Math.min(stopAt, this.#limit);
    parse.room = stop - this.#trades;
    const pieces = stages.piecesOf(reader);
    let isWhole = false;
    try {
      for (let result = pieces.next(); result.done !== true; result = pieces.next()) {
        const { block, from, to, due } = result.value;
        if (from === 0) this.#takeBlock(block, stages);
        this.#books.measured?.note(block, from, to, due?.outcomes ?? NOTHING, stages.last);
        stages.drawn?.note(block, from, to, due?.outcomes ?? NOTHING);
        this.#trades += to - from;
        stages.note(block, to - 1);
        this.#ahead = block.size - to;
        const found = due === null ? null : events.at(due, reader.isBackfilled === true);
        if (found !== null) yield* found;
        // If the stages pulled again, they would end. Stopped here, they also serve the next batch of the same reader.
        if (this.#trades >= stop || to === block.size && parse.hasAll(reader)) {
          isWhole = true;
          return;
        }
      }
    } finally {
      stages.leave(reader, isWhole ? pieces : null);
    }
  }

  /** Does the work that every trade of a block needs. */
  #takeBlock(block: SignalledBlock, stages: SymbolStages): void {
    if (this.#moving.last === null) this.#firstTime = block.time[0]!;
    this.#moving = stages;
    this.#digest?.add(block);
    for (const model of this.#models) model.take(block, stages.last);
  }

  /** Whether the limit of trades is reached. */
  get done(): boolean {
    return this.#trades >= this.#limit;
  }

  /**
   * The gap at which `run` ended, in `symbol` or otherwise in the first symbol that has a gap; null if there is none.
   * Run what can be fetched of the gap with a backfill reader, settle the gap, and run the same reader again.
   */
  get heldGap(): HeldGap | null {
    return this.#all.find(({ parse }) => parse.heldGap !== null)?.parse.heldGap ?? null;
  }

  /** The gap at which `run` ended in one symbol; null if there is none. */
  heldGapOf(symbol: string): HeldGap | null {
    return this.#of(symbol).parse.heldGap;
  }

  /**
   * Lets the next trade of a symbol pass, even if trades before it are still missing; `filled` trades were fetched.
   * From the last of them up to `through`, the exchange itself has no trades. The run's only symbol need not be named.
   */
  settleGap(filled: number, through = -1, symbol?: string): void {
    this.#named(symbol, "settled gap").parse.settleGap(filled, through);
  }

  /** Notes that another process continues the run, as if from a snapshot. */
  handOver(): void {
    for (const { parse } of this.#all) parse.handOver();
  }

  /** Whether live trades have waited, and the clock by which they arrived, of one symbol or of each. */
  waitsOf(symbol?: string): readonly Waits[] {
    return symbol === undefined ? this.#all.map(({ parse }) => parse.waits) : [this.#of(symbol).parse.waits];
  }

  /** Ends the input: orders that still wait expire. `isWhole` is as in `Parse.end`. */
  *end(isWhole = false): Generator<PipelineEvent> {
    for (const { symbol, parse } of this.#all) {
      parse.end(isWhole);
      // A trade that waited for confirmation by the next one may be due now.
      yield* this.run(noTrades(symbol));
    }
    const time = isoTime(this.lastTime ?? 0);
    for (const { symbol, orders: { gate } } of this.#all) {
      for (const expired of gate.end()) yield expiredEvent(expired, time, symbol);
    }
  }

  /**
   * Halts trading by hand, at `time` (µs since 1970), between two trades. Yields nothing if the halt changes nothing.
   * The request's details go into the event.
   */
  *halt(action: OnHalt, time: number, details: Partial<ByRequest> = {}): Generator<PipelineEvent> {
    this.#books.risk.haltByHand(action, this.lastId);
    for (const model of this.#models) model.halt(action, this.lastId);
    yield* this.#moving.events.news(isoTime(time), details);
  }

  /** Releases the halt by hand, at `time` (µs since 1970), between two trades. Yields nothing without a halt. */
  *release(time: number, details: ByRequest): Generator<PipelineEvent> {
    this.#books.risk.release(this.lastId);
    for (const model of this.#models) model.release(this.lastId);
    yield* this.#moving.events.news(isoTime(time), details);
  }

  /** Whether the rules of any symbol are awaited. */
  get awaitsRules(): boolean {
    return this.awaiting.length > 0;
  }

  /** The symbols whose rules are awaited: the run places no order in them while they are in this set. */
  get awaiting(): readonly string[] {
    return this.#all.filter(({ orders: { gate } }) => gate.awaitsRules).map(({ symbol }) => symbol);
  }

  set awaiting(symbols: readonly string[]) {
    for (const { symbol, orders: { gate } } of this.#all) {
      gate.awaitsRules = symbols.includes(symbol);
      for (const model of this.#models) model.awaitRules(symbol, gate.awaitsRules);
    }
  }

  get symbols(): readonly string[] {
    return [...this.#symbols.keys()];
  }

  /**
   * Takes the rules of a symbol, which arrived at `time` (µs since 1970), between two trades. Rules in `given` stay as
   * they are. The run's only symbol need not be named.
   */
  *takeRules(
    arrived: ArrivedRules,
    time: number,
    given: ReadonlySet<Rule> = NO_RULES,
    named?: string,
  ): Generator<PipelineEvent> {
    const { rules, instrument } = arrived;
    const { symbol, orders } = this.#named(named, "instrument's rules");
    const trading = tradingRules(rules, given);
    orders.takeRules(trading);
    for (const model of this.#models) model.takeRules(symbol, trading);
    yield { type: "rules", time: isoTime(time), symbol, rules, instrument };
  }

  /** How the connection was lost, as the gate sees it; null while data flows. */
  get lost(): "disconnected" | "stale" | null {
    return this.#first.orders.gate.lost;
  }

  set lost(lost: "disconnected" | "stale" | null) {
    this.#books.lost = lost;
    for (const model of this.#models) model.lost = lost;
  }

  /** Unusable messages since the last call, or null. */
  takeRejections(): Rejections | null {
    return combined(this.#all.map(({ parse }) => parse.takeRejections()));
  }

  /** New trades that arrived after later ones since the last call, or null. */
  takeStrays(): Rejections | null {
    return combined(this.#all.map(({ parse }) => parse.takeStrays()));
  }

  /** Trades that have gone through the averages. */
  get trades(): number {
    return this.#trades;
  }

  /** How many trades after the event just emitted have been read; 0 once `run` has ended. */
  get ahead(): number {
    return this.#ahead + this.#moving.parse.due;
  }

  /** The id of the last trade seen, in the symbol that traded last; -1 before the first. */
  get lastId(): number {
    const { last, parse } = this.#moving;
    return this.#ahead > 0 ? last!.id : parse.lastId;
  }

  /** The first trade's time, µs since 1970; null before it. */
  get firstTime(): number | null {
    return this.#moving.last === null ? null : this.#firstTime;
  }

  /** The last trade's time, µs since 1970; null before the first. */
  get lastTime(): number | null {
    return this.#moving.last?.time ?? null;
  }

  /** The price of the last trade, quote currency; null before the first. */
  get lastPrice(): RunState["price"] {
    return this.#moving.lastPrice;
  }

  /** The state of the run, for the views. */
  get current(): RunState {
    return runStateOf(this.#parts);
  }

  /** How many orders have been refused for each reason since the pipeline was made. */
  get refused(): ReadonlyMap<string, number> {
    return refusedIn(this.#all);
  }

  /** The part of the summary that follows from the trades. */
  get totals(): Totals {
    return totalsOf(this.#parts);
  }

  /** The summary of one of the other fill models. */
  totalsOf(model: ModelRun): Totals {
    return { ...this.totals, ...model.totals() };
  }

  /** The results of the run so far. Throws a TypeError unless the pipeline was made `withResults`. */
  results(): Results {
    const { measured } = this.#books;
    if (measured === null) throw new TypeError("This pipeline was made without results");
    return measured.results();
  }

  /** What a chart of the first symbol needs. Throws a TypeError unless the pipeline was made `withChart`. */
  chart(): RunChart {
    return this.#first.chart();
  }

  /**
   * The state of the run between two trades. It does not include a trade that waits for the next one to confirm it.
   * Throws a TypeError when the pipeline was made transient.
   */
  snapshot(): PipelineSnapshot {
    if (this.#digest === null) throw new TypeError("This pipeline was made without snapshots");
    const [first, ...others] = this.#all;
    const { gaps, refusals, last, parse, bars, crossover, strategy, fills } = first!.snapshot();
    const { gate, account } = first!.orders;
    return {
      trades: this.#trades,
      gaps,
      refusals,
      firstTime: this.#firstTime,
      last,
      digest: this.#digest.snapshot(),
      parse,
      ...(bars === undefined ? {} : { bars }),
      crossover,
      ...(strategy === undefined ? {} : { strategy }),
      gate: gate.snapshot(),
      fills,
      account: account.snapshot(),
      drawdown: this.#books.drawdown.snapshot(),
      ...(others.length === 0
        ? {}
        : { others: Object.fromEntries(others.map((other) => [other.symbol, other.snapshot()])) }),
      ...(this.#moving === first ? {} : { moving: this.#moving.symbol }),
    };
  }

  /** The memory of a symbol's strategy, and the effects of gaps and resets on it. */
  memoryOf(symbol: string): StrategyMemory {
    return this.#of(symbol).averages;
  }

  /** The waiting orders of a symbol, for a store. */
  ordersOf(symbol: string): KeptOrders {
    return this.#of(symbol).orders.gate.orders;
  }

  /** The memory of the first symbol's strategy. */
  get memory(): StrategyMemory {
    return this.#first.averages;
  }

  /** The waiting orders of the first symbol. */
  get orders(): KeptOrders {
    return this.#first.orders.gate.orders;
  }

  /**
   * Restores a snapshot, with the last closes of the first symbol's strategy and the changes that its waiting orders
   * follow from, and those of the `others`. Throws a BooksError for unsound books, and a TypeError for changes that do
   * not lead to those orders and for a symbol that this run does not trade.
   */
  restore(
    snapshot: PipelineSnapshot,
    closes: Closes,
    changes: readonly OrderChange[] = [],
    others: Readonly<Record<string, KeptSymbol>> = {},
  ): void {
    const first = this.#first;
    this.#trades = snapshot.trades;
    this.#firstTime = snapshot.firstTime;
    this.#digest?.restore(snapshot.digest);
    const kept = Object.entries(snapshot.others ?? {}).map(([symbol, state]) => {
      const { closes, changes } = others[symbol] ?? { closes: { decimals: 0, values: [] }, changes: [] };
      return { stages: this.#of(symbol), state, closes, changes };
    });
    first.restoreTrades(snapshot, closes);
    for (const { stages, state, closes } of kept) {
      stages.restoreTrades(state, closes);
      stages.orders.account.hold(state.account);
    }
    first.orders.account.restore(snapshot.account);
    this.#moving = snapshot.moving === undefined ? first : this.#of(snapshot.moving);
    const { last, orders: { account: moving } } = this.#moving;
    this.#books.drawdown.restore(snapshot.drawdown, booksAt(moving));
    first.orders.gate.restore(snapshot.gate, changes, { moving, time: last?.time ?? null });
    for (const { stages, state, changes } of kept) stages.restoreOrders(state, changes);
  }

  /** The stages of a symbol. Throws a TypeError if the run does not trade it. */
  #of(symbol: string): SymbolStages {
    const stages = this.#symbols.get(symbol);
    if (stages !== undefined) return stages;
    throw new TypeError(`This run trades ${this.symbols.join(", ")}: got ${symbol}`);
  }

  /** The stages of the symbol that something concerns; the run's only symbol need not be named. */
  #named(symbol: string | undefined, what: string): SymbolStages {
    if (symbol !== undefined) return this.#of(symbol);
    if (this.#symbols.size === 1) return this.#first;
    throw new TypeError(`This run trades ${this.symbols.join(", ")}: its ${what} must name the symbol`);
  }

  get #parts(): RunParts {
    return {
      trades: this.#trades,
      firstTime: this.firstTime,
      books: this.#books,
      symbols: this.#all,
      moving: this.#moving,
    };
  }
}
