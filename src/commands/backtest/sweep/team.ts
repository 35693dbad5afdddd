/** The seam between a sweep and the threads that compute its configurations. */
import type { Block } from "../../../domain/market/block.ts";
import { blockDivision } from "../../../domain/overfitting/block_sums.ts";
import type { BlockFollower } from "../../../stages/block_follower.ts";
import { type FoldResult, foldResult, type FoldUse } from "../../../stages/sweep/fold_result.ts";
import { SweepLanes } from "../../../stages/sweep/sweep_lanes.ts";
import { laneOf, type LaneRequest } from "./lane_request.ts";

/** Lanes in one thread or in several. What they find depends on neither. */
export interface Team extends BlockFollower<Block> {
  /** Starts a fold of every lane with the next trade. */
  open(fold: number): void;
  /** Ends a fold after so many trades. Resolves with the results in the order of the lanes. */
  close(fold: number, use: FoldUse, trades: number): Promise<FoldResult[]>;
  /** Null if it can take more blocks. Otherwise resolves once it can. Throws what has failed. */
  ready(): Promise<void> | null;
  /** How many trades it has been given that are not finished. */
  readonly behind: number;
  /** Ends its threads, whatever they are at. */
  dismiss(): void;
}

/** The lanes of one thread. Its `configurations` are those of the whole sweep, on which the division of returns depends. */
export class Lanes {
  readonly lanes: SweepLanes;
  readonly #configurations: number;

  constructor(lanes: SweepLanes, configurations: number) {
    this.lanes = lanes;
    this.#configurations = configurations;
  }

  /** The lanes of these configurations. */
  static async of(requests: readonly LaneRequest[], configurations: number): Promise<Lanes> {
    return new Lanes(new SweepLanes(await Promise.all(requests.map(laneOf))), configurations);
  }

  close(fold: number, use: FoldUse, trades: number): FoldResult[] {
    return this.lanes.close(fold).map((run) =>
      foldResult(run, trades, use, (returns) => blockDivision(returns, this.#configurations))
    );
  }
}

/** All lanes in this thread. */
export async function localTeam(requests: readonly LaneRequest[], configurations: number): Promise<Team> {
  const own = await Lanes.of(requests, configurations);
  const { lanes } = own;
  return {
    trade: (symbol, rules) => lanes.trade(symbol, rules),
    take(block, before) {
      try {
        lanes.take(block, before);
      } catch (error) {
        throw new LaneFailure(lanes.current, error);
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
    dismiss: () => {},
  };
}

/** A lane could not be computed, or the thread that computed it. */
export class LaneFailure extends Error {
  override readonly name = "LaneFailure";
  readonly exit = "failure";

  /** `lane` is its place. */
  constructor(readonly lane: number, error: unknown) {
    super(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
