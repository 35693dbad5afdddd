/** The turns of one strategy of a sweep: what configurations that differ in their orders alone have in common. */
import type { AveragedBlock, Block } from "../../domain/market/block.ts";
import type { Target } from "../../domain/market/signal.ts";
import { AverageStage } from "../average.ts";
import { OneBlock } from "../one_block.ts";
import { Crossover } from "../strategies/crossover.ts";
import type { Strategy } from "../strategies/strategy.ts";
import type { CrossoverBank, Windows } from "./crossover_bank.ts";
import type { LaneBlock } from "./lane_block.ts";

/** Puts the turns of one strategy into blocks. */
export interface Turns {
  /** Puts the turns of a block into it. */
  find(block: LaneBlock): void;
  /** Makes the next target a turn even if it is the same, for a run that starts flat among these trades. */
  forgetTarget(): void;
  /** How the strategy failed; null unless it did. */
  readonly fault: Error | null;
}

/** The average stage, as in every run. */
export class StageTurns implements Turns {
  readonly #stage: AverageStage;
  readonly #source = new OneBlock<Block>();
  readonly #averaged: Iterator<AveragedBlock>;

  /** `strategy` is a new one, which this owns from now on. */
  constructor(strategy: Strategy) {
    this.#stage = new AverageStage(strategy, false);
    this.#averaged = this.#stage.over(this.#source);
  }

  find(block: LaneBlock): void {
    this.#source.block = block;
    this.#averaged.next();
  }

  forgetTarget(): void {
    this.#stage.forgetTarget();
  }

  get fault(): Error | null {
    return this.#stage.fault;
  }
}

/** A crossover in a bank. */
export class BankTurns implements Turns {
  readonly fault = null;
  readonly #windows: Windows;
  readonly #bank: CrossoverBank;
  /** The last target after a live bar other than 0; 0 if there may have been none. */
  #last: Target = 0;
  /** Replaces the bank from the first block on that it cannot take; null before. */
  #stage: StageTurns | null = null;

  constructor(windows: Windows, bank: CrossoverBank) {
    this.#windows = windows;
    this.#bank = bank;
  }

  /** The bank must have taken the block, unless it cannot. */
  find(block: LaneBlock): void {
    if (this.#stage === null && !this.#bank.isTaken) this.#leaveBank();
    if (this.#stage !== null) return this.#stage.find(block);
    const { turns, late } = block;
    if (turns.length > 0) turns.length = 0;
    if (late) this.#last = 0;
    else this.#last = this.#bank.findTurns(this.#windows, this.#last, block);
  }

  forgetTarget(): void {
    this.#last = 0;
    this.#stage?.forgetTarget();
  }

  /** Continues with its own averages, which hold any price. */
  #leaveBank(): void {
    const { short, long } = this.#windows;
    const strategy = new Crossover(short, long);
    strategy.restore(null, this.#bank.closes(long));
    this.#stage = new StageTurns(strategy);
  }
}
