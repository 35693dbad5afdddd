/**
 * The configurations of a sweep, over the blocks of one run. Each has the stages of every run from the bars on.
 * Configurations with the same bars, or the same strategy, share those stages, because nothing in them depends on later
 * stages.
 */
import { type BarSize, barSizeText } from "../../domain/market/bar_size.ts";
import { type BarredBlock, type Block, BLOCK_ROWS, type SignalledBlock } from "../../domain/market/block.ts";
import type { Marked } from "../../domain/performance/performance.ts";
import type { OnHalt } from "../../domain/risk/halt.ts";
import type { TradingParameters, TradingRules } from "../../domain/risk/trading_parameters.ts";
import { barStageOf } from "../bars.ts";
import type { BlockFollower } from "../block_follower.ts";
import { ModelRun } from "../model_run.ts";
import { OneBlock } from "../one_block.ts";
import { SignalPool, SignalStage } from "../signal.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { CrossoverBank, type Windows } from "./crossover_bank.ts";
import { LaneBlock } from "./lane_block.ts";
import { LaneWork } from "./lane_work.ts";
import { BankTurns, StageTurns, type Turns } from "./turns.ts";

/** The most points of a lane's curve, which is only drawn for the windows of a walk-forward. */
const CURVE_POINTS = 64;

/** One configuration. */
export interface LaneOptions {
  readonly bars: BarSize;
  readonly strategy: () => Strategy;
  /** Equal for equal strategies, and for no others. */
  readonly strategyKey: string;
  /** The windows of a crossover of simple averages; null for any other strategy. */
  readonly windows: Windows | null;
  readonly parameters: TradingParameters;
}

/** A lane in one fold: a run that started flat at its first trade. */
export interface FoldRun {
  readonly run: ModelRun;
  /** Signals so far. */
  readonly signals: number;
}

/** What configurations with one strategy share in one fold, and their runs, by the places of their lanes. */
interface SignalGroup {
  readonly signals: SignalStage;
  readonly source: OneBlock<SignalledBlock>;
  readonly signalled: Iterator<SignalledBlock>;
  readonly runs: ReadonlyMap<number, ModelRun>;
}

interface StrategyGroup {
  readonly turns: Turns;
  readonly lanes: readonly number[];
  readonly folds: Map<number, SignalGroup>;
}

interface BarGroup {
  /** Null if every trade is a bar. */
  readonly bars: { readonly source: OneBlock<Block>; readonly barred: Iterator<BarredBlock> } | null;
  readonly bank: CrossoverBank | null;
  readonly strategies: readonly StrategyGroup[];
}

/** All lanes. Folds are numbered by the caller; any number of them may be open at once. */
export class SweepLanes implements BlockFollower<Block> {
  readonly #lanes: readonly LaneOptions[];
  readonly #groups: readonly BarGroup[];
  readonly #rules = new Map<string, Partial<TradingRules>>();
  #block: LaneBlock | null = null;
  #lost: "disconnected" | "stale" | null = null;
  readonly #pool = new SignalPool();
  #awaitsRules = false;
  #halt: { readonly action: OnHalt; readonly tradeId: number } | null = null;
  readonly #work: LaneWork;

  /** `work` is kept up to date, for the message of a lane that fails. */
  constructor(lanes: readonly LaneOptions[], work: LaneWork = new LaneWork()) {
    this.#lanes = lanes;
    this.#work = work;
    const byBars = Map.groupBy(lanes.keys(), (lane) => barSizeText(lanes[lane]!.bars));
    this.#groups = [...byBars.values()].map((members) => this.#group(members));
  }

  trade(symbol: string, rules: Partial<TradingRules>): void {
    if (this.#block !== null && this.#block.symbol !== symbol) {
      throw new TypeError(`A sweep trades one symbol: got ${this.#block.symbol} and ${symbol}`);
    }
    this.#block = new LaneBlock(symbol, BLOCK_ROWS);
    this.#rules.set(symbol, rules);
  }

  /** Starts a run of every lane, flat, with the next trade. Strategies remember the trades before. */
  open(fold: number): void {
    for (const strategy of this.#strategies()) {
      strategy.turns.forgetTarget();
      const signals = new SignalStage(this.#pool);
      const source = new OneBlock<SignalledBlock>();
      const runs = new Map(strategy.lanes.map((lane) => [lane, this.#runOf(lane)]));
      strategy.folds.set(fold, { signals, source, signalled: signals.over(source), runs });
    }
  }

  /** Ends a fold. Returns its runs, in the order of the lanes. */
  close(fold: number): FoldRun[] {
    const found: FoldRun[] = [];
    for (const { folds } of this.#strategies()) {
      const { signals: { signals }, runs } = folds.get(fold)!;
      folds.delete(fold);
      for (const [lane, run] of runs) found[lane] = { run, signals };
    }
    return found;
  }

  take(block: Block, before: Marked | null): void {
    const own = this.#block!;
    own.show(block);
    own.measure();
    for (const { bars, bank, strategies } of this.#groups) {
      own.show(block);
      if (bars !== null) {
        bars.source.block = own;
        bars.barred.next();
      }
      bank?.take(own);
      for (const { turns, folds, lanes } of strategies) {
        this.#work.turnTo(lanes[0]!);
        turns.find(own);
        if (turns.fault !== null) throw turns.fault;
        for (const { source, signalled, runs } of folds.values()) {
          source.block = own;
          signalled.next();
          for (const [lane, run] of runs) {
            this.#work.turnTo(lane);
            run.take(own, before);
          }
        }
      }
    }
  }

  get lost(): "disconnected" | "stale" | null {
    return this.#lost;
  }

  set lost(lost: "disconnected" | "stale" | null) {
    this.#lost = lost;
    for (const run of this.#runs()) run.lost = lost;
  }

  halt(action: OnHalt, tradeId: number): void {
    this.#halt = { action, tradeId };
    for (const run of this.#runs()) run.halt(action, tradeId);
  }

  release(tradeId: number): void {
    this.#halt = null;
    for (const run of this.#runs()) run.release(tradeId);
  }

  awaitRules(symbol: string, awaitsRules: boolean): void {
    this.#awaitsRules = awaitsRules;
    for (const run of this.#runs()) run.awaitRules(symbol, awaitsRules);
  }

  takeRules(symbol: string, rules: Partial<TradingRules>): void {
    this.#rules.set(symbol, { ...this.#rules.get(symbol), ...rules });
    for (const run of this.#runs()) run.takeRules(symbol, rules);
  }

  #group(members: readonly number[]): BarGroup {
    const lanes = this.#lanes;
    const stage = barStageOf(lanes[members[0]!]!.bars);
    const source = new OneBlock<Block>();
    const pairs = members.flatMap((lane) => lanes[lane]!.windows ?? []);
    const bank = pairs.length === 0 ? null : new CrossoverBank(pairs);
    const byStrategy = Map.groupBy(members, (lane) => lanes[lane]!.strategyKey);
    return {
      bars: stage === null ? null : { source, barred: stage.over(source) },
      bank,
      strategies: [...byStrategy.values()].map((same): StrategyGroup => {
        const { windows, strategy } = lanes[same[0]!]!;
        const turns = windows === null || bank === null
          ? new StageTurns(strategy())
          : new BankTurns(windows, bank);
        return { turns, lanes: same, folds: new Map() };
      }),
    };
  }

  /** A new run of a lane, under the rules, the connection and the halt of this moment. */
  #runOf(lane: number): ModelRun {
    const run = new ModelRun(this.#lanes[lane]!.parameters, CURVE_POINTS);
    for (const [symbol, rules] of this.#rules) {
      run.trade(symbol, rules);
      if (this.#awaitsRules) run.awaitRules(symbol, true);
    }
    if (this.#lost !== null) run.lost = this.#lost;
    if (this.#halt !== null) run.halt(this.#halt.action, this.#halt.tradeId);
    return run;
  }

  *#strategies(): Generator<StrategyGroup> {
    for (const { strategies } of this.#groups) yield* strategies;
  }

  *#runs(): Generator<ModelRun> {
    for (const { folds } of this.#strategies()) {
      for (const { runs } of folds.values()) yield* runs.values();
    }
  }
}
