/** Shows every bar to the strategy, and notes in each block where the stance may change. */
import type { AveragedBlock, Block } from "../domain/market/block.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { Strategy } from "./strategies/strategy.ts";
import type { ValueTrace } from "./value_trace.ts";
import { Targets } from "./targets.ts";

/** The effects of gaps and resets on the averages since they were made. */
export interface AveragesRecord {
  /** How often the averages started again. */
  readonly emptied: number;
  /** Whether all averages have ever existed. */
  readonly existed: boolean;
}

/** The closes since the last `takeCloses`. */
export interface NewCloses extends Closes {
  /** Whether earlier closes no longer count. */
  readonly isFresh: boolean;
}

/** What the strategy remembers, for stores, and what gaps and resets did to it. */
export type StrategyMemory = Pick<AverageStage, "record" | "remembers" | "closes" | "takeCloses" | "fault">;

/** The stage after the bars, for one symbol. */
export class AverageStage {
  readonly #strategy: Strategy;
  readonly #targets: Targets;
  /** Closes that `takeCloses` has not taken yet, and whether the averages started again among them. */
  #untaken = 0;
  #isFresh = true;
  #emptied = 0;
  #existed = false;

  /**
   * `strategy` is a new one, which this stage owns from now on. With `keepsValues`, blocks get the strategy's values
   * wherever the stance may change; `trace` collects them over time.
   */
  constructor(strategy: Strategy, keepsValues = true, trace: ValueTrace | null = null) {
    this.#strategy = strategy;
    this.#targets = new Targets(strategy, keepsValues, trace);
  }

  /**
   * Yields the same blocks, with the bars after which the stance may change. A gap first empties the averages. In
   * blocks without bars, each trade is a bar.
   */
  *over(blocks: Iterable<Block>): Generator<AveragedBlock> {
    const pulled = blocks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const block = result.value as AveragedBlock;
      if (block.missing !== 0) {
        this.#existed = this.record.existed;
        this.#emptied++;
        this.restart();
      }
      const { bars } = block;
      if (bars === null) {
        this.#targets.ofTrades(block);
        this.#untaken += block.size;
      } else {
        this.#targets.ofBars(block, bars);
        this.#untaken += bars.count;
      }
      yield block;
    }
  }

  /** The effects of gaps and resets so far. */
  get record(): AveragesRecord {
    return { emptied: this.#emptied, existed: this.#existed || this.#strategy.isReady };
  }

  /** Empties the averages: an average over a gap is not an average of the last trades. */
  restart(): void {
    this.#strategy.reset();
    this.#untaken = 0;
    this.#isFresh = true;
  }

  /**
   * Notes the strategy's next target even if it is the same as before: for a run that starts flat among these trades.
   */
  forgetTarget(): void {
    this.#targets.restart();
  }

  /** How the strategy failed; null if it has not. */
  get fault(): Error | null {
    return this.#strategy.fault ?? null;
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
    this.#targets.restart();
    this.#untaken = 0;
    this.#isFresh = false;
  }
}
