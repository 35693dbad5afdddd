/** All stages of one symbol in flow order, and its last trade. */
import type { BarSize } from "../domain/market/bar_size.ts";
import type { SignalledBlock } from "../domain/market/block.ts";
import type { Money } from "../domain/numbers/money.ts";
import { priceAsMoney } from "../domain/numbers/price.ts";
import { type ChartData, ChartSeries } from "../domain/performance/chart_series.ts";
import type { Filled } from "../domain/market/tick.ts";
import type { TradeReader } from "../domain/market/trade_reader.ts";
import { AverageStage } from "./average.ts";
import { type BarStage, barStageOf } from "./bars.ts";
import type { RowOptions } from "./block_builder.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { OrderChange } from "./order_changes.ts";
import type { OrderStages } from "./order_stages.ts";
import { Parse } from "./parse.ts";
import type { LastTrade, SymbolSnapshot } from "./pipeline_snapshot.ts";
import type { Piece } from "./risk_stage.ts";
import { SignalStage } from "./signal.ts";
import type { Strategy } from "./strategies/strategy.ts";
import { TradeEvents } from "./trade_events.ts";
import { type NamedLine, ValueTrace } from "./value_trace.ts";

/** The options of a symbol's stages; see `PipelineOptions`. */
export interface SymbolOptions extends RowOptions {
  readonly strategy: () => Strategy;
  readonly bars?: BarSize;
  readonly isQuiet?: boolean;
  readonly refusalsShown?: number;
  readonly withChart?: boolean;
  readonly holdsAtGaps?: boolean;
}

/** What a chart of a symbol needs. */
export interface RunChart extends ChartData {
  /** The strategy's values over time. */
  readonly values: readonly NamedLine[];
}

/** One symbol of a run: parse → bars → average → signal → risk → fill. */
export class SymbolStages {
  readonly symbol: string;
  readonly parse: Parse;
  /** Null if every trade is a bar. */
  readonly bars: BarStage | null;
  readonly strategy: Strategy;
  readonly averages: AverageStage;
  readonly signals: SignalStage;
  readonly orders: OrderStages;
  readonly events: TradeEvents;
  /** What a chart of the symbol needs; null if no chart is drawn. */
  readonly drawn: ChartSeries | null;
  readonly #trace: ValueTrace | null;
  #last: { -readonly [P in keyof LastTrade]: LastTrade[P] } | null = null;
  /** The last reader that was left at the end of a block, and the stages that read from it. */
  #open: { readonly reader: TradeReader; readonly pieces: Generator<Piece<Filled>> } | null = null;

  constructor(symbol: string, options: SymbolOptions, orders: OrderStages) {
    this.symbol = symbol;
    this.parse = new Parse(options.holdsAtGaps, options);
    this.bars = barStageOf(options.bars);
    this.strategy = options.strategy();
    this.#trace = options.withChart === true ? new ValueTrace() : null;
    this.averages = new AverageStage(this.strategy, options.isQuiet !== true, this.#trace);
    this.signals = new SignalStage();
    this.orders = orders;
    this.drawn = options.withChart === true ? new ChartSeries(orders.account.start) : null;
    this.events = new TradeEvents({ ...options, symbol }, this.parse, orders.gate);
  }

  /**
   * Runs the stages in flow order. Yields the reader's blocks in pieces that end where something happens, with all
   * results of the stages. Stages pull with `next`, not with for…of, which keeps what it needs to close its source:
   * that would make each step half as expensive again, and there is nothing to close here.
   */
  over(reader: TradeReader): Generator<Piece<Filled>> {
    const parsed = this.parse.over(reader);
    const averaged = this.averages.over(this.bars?.over(parsed) ?? parsed);
    return this.orders.over(this.signals.over(averaged));
  }

  /**
   * The pieces of a reader, from where it was left. Reuses its stages: a new chain of stages costs as much as ten
   * trades.
   */
  piecesOf(reader: TradeReader): Generator<Piece<Filled>> {
    return this.#open?.reader === reader ? this.#open.pieces : this.over(reader);
  }

  /** Leaves a reader at the end of a block; null if its stages have ended or are in the middle of a block. */
  leave(reader: TradeReader, pieces: Generator<Piece<Filled>> | null): void {
    this.#open = pieces === null ? null : { reader, pieces };
  }

  /** The last trade; null before the first. */
  get last(): LastTrade | null {
    return this.#last;
  }

  /** Its price, quote currency. */
  get lastPrice(): Money | null {
    return this.#last === null ? null : priceAsMoney(this.#last.price, this.#last.decimals);
  }

  /** Notes the trade in a row of a block as the last one. */
  note({ id, time, price, decimals }: SignalledBlock, row: number): void {
    const last = this.#last ??= { id: 0, time: 0, price: 0, decimals };
    last.id = id[row]!;
    last.time = time[row]!;
    last.price = price[row]!;
    last.decimals = decimals;
  }

  /** What a chart of the symbol needs. Throws a TypeError unless the stages were made `withChart`. */
  chart(): RunChart {
    if (this.drawn === null || this.#trace === null) {
      throw new TypeError("These stages were made without a chart");
    }
    return { ...this.drawn.data(), values: this.#trace.lines() };
  }

  /** The state of this symbol between two trades. */
  snapshot(): SymbolSnapshot {
    const { account, gate, fills } = this.orders;
    const strategy = this.averages.snapshot();
    return {
      gaps: this.events.gaps,
      refusals: this.events.refusals.total,
      last: this.#last === null ? null : { ...this.#last },
      parse: this.parse.snapshot(),
      ...(this.bars === null ? {} : { bars: this.bars.snapshot() }),
      crossover: this.signals.snapshot(),
      ...(strategy === null ? {} : { strategy }),
      gate: gate.symbolSnapshot(),
      fills: fills.snapshot(),
      account: account.holding(),
    };
  }

  /** Restores the part of a snapshot up to the signals, with the strategy's last closes. */
  restoreTrades(
    snapshot: Omit<SymbolSnapshot, "gate" | "account">,
    closes: Closes,
  ): void {
    const { last } = snapshot;
    this.#open = null;
    this.#last = last === null ? null : { ...last };
    if (last !== null) this.orders.account.mark(last.price, last.decimals);
    this.events.restore(snapshot);
    this.parse.restore(snapshot.parse, last?.time ?? null);
    this.bars?.restore(snapshot.bars, snapshot.parse.decimals);
    this.averages.restore(snapshot.strategy ?? null, closes);
    this.signals.restore(snapshot.crossover);
    this.orders.fills.restore(snapshot.fills);
  }

  /** Restores the orders of a snapshot; call it after the books are restored. Throws like `WaitingOrders.restore`. */
  restoreOrders({ gate }: Pick<SymbolSnapshot, "gate">, changes: readonly OrderChange[]): void {
    this.orders.gate.restoreSymbol(gate, changes);
  }
}
