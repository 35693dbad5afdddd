/** The seam between a sweep and the threads that compute its configurations. */
import type { Block } from "../../../domain/market/block.ts";
import { blockDivision } from "../../../domain/overfitting/block_sums.ts";
import type { BlockFollower } from "../../../stages/block_follower.ts";
import { type FoldResult, foldResult, type FoldUse } from "../../../stages/sweep/fold_result.ts";
import { LaneWork } from "../../../stages/sweep/lane_work.ts";
import { type LaneOptions, SweepLanes } from "../../../stages/sweep/sweep_lanes.ts";
import { laneOf, type LaneRequest, type LoadedFiles } from "./lane_request.ts";

/** Lanes in one thread or in several; the results do not depend on which. */
export interface Team extends BlockFollower<Block> {
  /** Starts a fold of every lane at the next trade. */
  open(fold: number): void;
  /** Ends a fold after this many trades. Resolves with the results in the order of the lanes. */
  close(fold: number, use: FoldUse, trades: number): Promise<FoldResult[]>;
  /** Null if the team can take more blocks; otherwise resolves once it can. Throws the error of a lane that has failed. */
  ready(): Promise<void> | null;
  /** How many of the trades given to it are not processed yet. */
  readonly behind: number;
  /** The lane whose turn has taken longest, if that is at least a second; null if all make progress. */
  stuck(): { readonly lane: number; readonly ms: number } | null;
  /** Ends the threads, whatever they are doing. */
  dismiss(): void;
}

/** The lanes of one thread. `configurations` counts those of the whole sweep: the division of returns depends on it. */
export class Lanes {
  readonly lanes: SweepLanes;
  readonly #work: LaneWork;
  readonly #configurations: number;

  constructor(lanes: SweepLanes, work: LaneWork, configurations: number) {
    this.lanes = lanes;
    this.#work = work;
    this.#configurations = configurations;
  }

  /**
   * The lanes of these configurations, whose progress is recorded in `work`. Throws a ConfigError if one cannot run.
   */
  static async of(
    requests: readonly LaneRequest[],
    work: LaneWork,
    configurations: number,
  ): Promise<Lanes> {
    const files: LoadedFiles = new Map();
    const lanes: LaneOptions[] = [];
    for (const [lane, request] of requests.entries()) {
      work.turnTo(lane);
      lanes.push(await laneOf(request, files));
    }
    return new Lanes(new SweepLanes(lanes, work), work, configurations);
  }

  close(fold: number, use: FoldUse, trades: number): FoldResult[] {
    return this.lanes.close(fold).map((run, lane) => {
      this.#work.turnTo(lane);
      return foldResult(run, trades, use, (returns) => blockDivision(returns, this.#configurations));
    });
  }
}

/** All lanes in this thread. */
export async function localTeam(requests: readonly LaneRequest[], configurations: number): Promise<Team> {
  const work = new LaneWork();
  const own = await Lanes.of(requests, work, configurations);
  const { lanes } = own;
  return {
    trade: (symbol, rules) => lanes.trade(symbol, rules),
    take(block, before) {
      try {
        lanes.take(block, before);
      } catch (error) {
        throw new LaneFailure(work.lane, error);
      }
    },
    get lost() {
      return lanes.lost;
    },
    set lost(lost) {
      lanes.lost = lost;
    },
    halt: (action, tradeId) => lanes.halt(action, tradeId),
    release: (tradeId) => lanes.release(tradeId),
    awaitRules: (symbol, awaitsRules) => lanes.awaitRules(symbol, awaitsRules),
    takeRules: (symbol, rules) => lanes.takeRules(symbol, rules),
    open: (fold) => lanes.open(fold),
    close: (fold, use, trades) => Promise.resolve(own.close(fold, use, trades)),
    ready: () => null,
    behind: 0,
    stuck: () => null,
    dismiss: () => {},
  };
}

/** A lane, or the thread that computed it, failed. */
export class LaneFailure extends Error {
  override readonly name = "LaneFailure";
  readonly exit = "failure";

  /** `lane` is the lane's place. */
  constructor(readonly lane: number, error: unknown) {
    super(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
