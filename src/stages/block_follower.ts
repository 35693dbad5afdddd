/**
 * The seam between a pipeline and what runs alongside it over the same blocks: other fill models, the lanes of a sweep.
 */
import type { Block, SignalledBlock } from "../domain/market/block.ts";
import type { Marked } from "../domain/performance/performance.ts";
import type { OnHalt } from "../domain/risk/halt.ts";
import type { TradingRules } from "../domain/risk/trading_parameters.ts";

/**
 * Follows the blocks of one pipeline, and what happens to its run. Its state is not stored, and it is never resumed.
 * `B` is what it needs of a block.
 */
export interface BlockFollower<B extends Block = SignalledBlock> {
  /** Trades this symbol, with its own rules where they are given. Called before anything else. */
  trade(symbol: string, rules: Partial<TradingRules>): void;
  /**
   * Processes a block, which is lent and must not be changed; `before` is the trade of its symbol before it, null at
   * the first. Throws a BooksError when the books no longer balance.
   */
  take(block: B, before: Marked | null): void;
  /** How the connection was lost; null while data flows. */
  lost: "disconnected" | "stale" | null;
  /** Halts trading by hand; `tradeId` is the last trade's, or -1. */
  halt(action: OnHalt, tradeId: number): void;
  /** Releases the halt; `tradeId` is as for `halt`. */
  release(tradeId: number): void;
  /** Says whether the rules of a symbol are awaited: until they arrive, no order is placed in it. */
  awaitRules(symbol: string, awaitsRules: boolean): void;
  /** From now on, orders follow these rules of a symbol; rules that are not given stay as they are. */
  takeRules(symbol: string, rules: Partial<TradingRules>): void;
}
