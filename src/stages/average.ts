/** Passes every trade's price to the strategy, whose indicators average it, and adds what the strategy then wants. */
import { TradeBar } from "../domain/market/bar.ts";
import type { AveragedBlock, Block } from "../domain/market/block.ts";
import type { Values } from "../domain/market/signal.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { BlockStrategy, Strategy } from "./strategies/strategy.ts";

/** Fewer closes than this are faster one by one. */
const FEWEST = 8;

/** The effects of gaps and resets on the averages since they were made. */
export interface AveragesRecord {
  /** How often they started again. */
  readonly emptied: number;
  /** Whether all of them have ever existed. */
  readonly existed: boolean;
}

/** The closes since they were last taken. */
export interface NewCloses extends Closes {
  /** Whether earlier closes no longer count. */
  readonly isFresh: boolean;
}

/** What the strategy remembers, for those who keep it, and what gaps and resets did to it. */
export type StrategyMemory = Pick<AverageStage, "record" | "remembers" | "closes" | "takeCloses">;

/** The second stage, for one symbol: a bar is a trade. */
export class AverageStage {
  readonly #strategy: Strategy;
  /** Closes that `takeCloses` has not taken yet, and whether the averages started again among them. */
  #untaken = 0;
  #isFresh = true;
  #emptied = 0;
  #existed = false;

  /** The last wish after a live trade other than 0; 0 if there may have been none. */
  #wished = 0;
  readonly #keepsValues: boolean;
  /** The same strategy, if it takes many closes at once. */
  readonly #inBlocks: BlockStrategy | null;
  readonly #bar = new TradeBar();

  /**
   * `strategy` is a new one, which this stage owns from now on. With `keepsValues` blocks get its values wherever it
   * may give a signal; computing them takes as long as tens of trades.
   */
  constructor(strategy: Strategy, keepsValues = true) {
    this.#strategy = strategy;
    this.#inBlocks = "addAll" in strategy ? strategy as BlockStrategy : null;
    this.#keepsValues = keepsValues;
  }

  /** Yields the same blocks, with what the strategy wants after each trade. A gap empties the averages first. */
  *over(blocks: Iterable<Block>): Generator<AveragedBlock> {
    const pulled = blocks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const block = result.value as AveragedBlock;
      if (block.missing !== 0) {
        this.#existed = this.record.existed;
        this.#emptied++;
        this.restart();
      }
      this.#fill(block);
      this.#untaken += block.size;
      yield block;
    }
  }

  #fill(block: AveragedBlock): void {
    const { size, decimals, price, wishes, late, values } = block;
    if (values.size > 0) values.clear();
    const strategy = this.#strategy;
    const isShown = this.#keepsValues && !late;
    if (!isShown) this.#wished = 0;
    const taken = this.#inBlocks === null || size < FEWEST
      ? 0
      : this.#inBlocks.addAll(price, size, decimals, wishes);
    if (isShown) {
      for (let row = 0; row < taken; row++) {
        if (this.#turns(wishes[row]!)) this.#keep(values, row, this.#inBlocks!.valuesAt(row));
      }
    }
    for (let row = taken; row < size; row++) {
      const wish = wishes[row] = strategy.add(this.#bar.at(block, row));
      if (isShown && this.#turns(wish)) this.#keep(values, row, strategy.values());
    }
  }

  /** Whether the stance may change with this wish, the one after the last live trade. */
  #turns(wish: number): boolean {
    if (wish === 0 || wish === this.#wished) return false;
    this.#wished = wish;
    return true;
  }

  #keep(values: AveragedBlock["values"], row: number, shown: Values | null): void {
    if (shown !== null) values.set(row, shown);
  }

  /** The effects of gaps and resets so far. */
  get record(): AveragesRecord {
    return { emptied: this.#emptied, existed: this.#existed || this.#strategy.isReady };
  }

  /** Empties the averages: an average over a hole is not an average of the last trades. */
  restart(): void {
    this.#strategy.reset();
    this.#untaken = 0;
    this.#isFresh = true;
  }

  /** How many of the last closes `restore` needs; 0 for none. */
  get remembers(): number {
    return this.#strategy.remembers;
  }

  /** The last closes, as `restore` takes them. */
  get closes(): Closes {
    return this.#strategy.closes(this.#strategy.remembers);
  }

  /**
   * The closes since the last call, for a store that keeps only what is new. All closes appended since the averages
   * started end with those that `restore` takes.
   */
  takeCloses(): NewCloses {
    const { remembers } = this.#strategy;
    const isFresh = this.#isFresh || this.#untaken >= remembers;
    const { decimals, values } = this.#strategy.closes(Math.min(this.#untaken, remembers));
    this.#untaken = 0;
    this.#isFresh = false;
    return { decimals, values, isFresh };
  }

  /** What the strategy remembers besides closes; null for nothing. */
  snapshot(): object | null {
    return this.#strategy.snapshot();
  }

  /** Restores a snapshot, with the last closes. Throws what the strategy throws for a snapshot that no run can have. */
  restore(snapshot: object | null, closes: Closes): void {
    this.#strategy.restore(snapshot, closes);
    this.#wished = 0;
    this.#untaken = 0;
    this.#isFresh = false;
  }
}
