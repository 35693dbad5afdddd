/** Runs several symbols through one engine, interleaved by arrival and cut into batches and blocks in any way. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Engine, type EngineEvent, type EngineOptions } from "../../src/stages/engine.ts";
import { BlockReader } from "./block_reader.ts";
import { messageOf } from "./pipeline_input.ts";
import type { PlainTrade } from "./reference.ts";

/** A trade of one of the symbols. */
export interface ArrivedTrade extends PlainTrade {
  readonly symbol: string;
}

/** How a run is cut. */
export interface SymbolsCut {
  /** The most trades in a block. */
  readonly rows: number;
  /** The most trades in a batch, in turn. */
  readonly batches: readonly number[];
  /** The sizes of blocks that the readers make; they make none unless it is given. */
  readonly sizes?: readonly number[];
  /** Before these trades the run is stopped and resumed from a snapshot. */
  readonly restarts?: readonly number[];
}

/** Trades as they come and in no blocks but of one. */
export const ONE_BY_ONE: SymbolsCut = { rows: 1, batches: [1] };

/** An engine with a reader for each symbol. */
export class SymbolsRun {
  readonly events: EngineEvent[] = [];
  engine: Engine;
  readonly #options: EngineOptions;
  readonly #cut: SymbolsCut;
  readonly #batches: ReadonlyMap<string, FrameBatch>;

  constructor(options: EngineOptions, cut: SymbolsCut = ONE_BY_ONE) {
    this.#options = { ...options, blockRows: cut.rows };
    this.#cut = cut;
    this.engine = new Engine(this.#options);
    const symbols = [options.symbol, ...Object.keys(options.others ?? {})];
    this.#batches = new Map(
      symbols.map((symbol) => [symbol, new FrameBatch(new BinanceMessageReader(symbol))]),
    );
  }

  /** Takes trades in the order of their arrival: consecutive ones of a symbol as batches. */
  take(trades: readonly ArrivedTrade[]): this {
    const { batches, restarts = [] } = this.#cut;
    for (let at = 0, made = 0; at < trades.length; made++) {
      if (restarts.includes(at)) this.restart();
      const most = batches[made % batches.length]!;
      const { symbol } = trades[at]!;
      let end = at + 1;
      while (
        end < trades.length && end < at + most && trades[end]!.symbol === symbol && !restarts.includes(end)
      ) end++;
      this.#apply(symbol, trades.slice(at, end));
      at = end;
    }
    return this;
  }

  /** Stops, and continues with another engine from a snapshot as text. */
  restart(): void {
    const { state } = this.engine;
    const kept = (symbol: string) => ({ closes: state.memoryOf(symbol).closes, changes: [] });
    const snapshot = JSON.parse(JSON.stringify(state.snapshot()));
    const others = Object.fromEntries(
      Object.keys(this.#options.others ?? {}).map((symbol) => [symbol, kept(symbol)]),
    );
    this.engine = new Engine(this.#options);
    this.engine.restore(snapshot, kept(this.#options.symbol).closes, [], JSON.parse(JSON.stringify(others)));
  }

  /** Ends the input. */
  end(): this {
    this.events.push(...this.engine.end());
    return this;
  }

  #apply(symbol: string, trades: readonly ArrivedTrade[]): void {
    const messages = trades.map((trade) => messageOf(trade, undefined, symbol));
    const batch = this.#batches.get(symbol)!.open(messages);
    const { sizes } = this.#cut;
    const reader = sizes === undefined ? batch : new BlockReader(batch, sizes);
    this.events.push(...this.engine.apply({ event: "frames", trades: reader }));
  }
}
