/** Another fill model for the same signals, with its own account, gate and fills, on the blocks of one pipeline. */
import type { OnHalt } from "../domain/risk/halt.ts";
import type { Marked, Results, RowResults } from "../domain/performance/performance.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import type { SignalledBlock } from "../domain/market/block.ts";
import type { Filled, Outcome } from "../domain/market/tick.ts";
import type { BlockFollower } from "./block_follower.ts";
import { OneBlock } from "./one_block.ts";
import { AccountBooks } from "./order_stages.ts";
import { RefusalCount } from "./refusal_count.ts";
import type { Piece } from "./risk_stage.ts";
import { type ModelTotals, modelTotals } from "./run_state.ts";

const NOTHING: readonly Outcome[] = [];

/**
 * The stages after the signal, a second time. The stance follows signals and never fills, so every fill model has the
 * same signals, and a trade is read and averaged once for all of them. Only backtests have such runs, which are neither
 * kept nor resumed.
 */
export class ModelRun implements BlockFollower {
  readonly #books: AccountBooks;
  readonly #sources = new Map<
    string,
    { readonly source: OneBlock<SignalledBlock>; readonly pieces: Iterator<Piece<Filled>> }
  >();
  readonly #refusals = new RefusalCount();
  #lost: "disconnected" | "stale" | null = null;

  /** The curve of its results has at most `points` points; by default as many as a curve can have. */
  constructor(parameters: TradingParameters, points?: number) {
    this.#books = new AccountBooks(parameters, true, {
      refusals: this.#refusals,
      joinsParts: true,
      ...(points === undefined ? {} : { points }),
    });
  }

  /** Trades this symbol, with its own rules where they are given. */
  trade(symbol: string, rules: Partial<TradingRules>): void {
    const source = new OneBlock<SignalledBlock>();
    this.#sources.set(symbol, { source, pieces: this.#books.of(symbol, rules).over(source) });
  }

  /**
   * Processes a block with its signals; `before` is the trade of its symbol before it, null at the first. Throws a
   * BooksError when the books no longer balance.
   */
  take(block: SignalledBlock, before: Marked | null): void {
    const { source, pieces } = this.#sources.get(block.symbol)!;
    const { gate } = this.#books.of(block.symbol);
    source.block = block;
    const inBlock = { time: 0, price: 0, decimals: block.decimals };
    let last = before;
    let piece: Piece<Filled>;
    do {
      piece = pieces.next().value;
      const { from, to, due } = piece;
      this.#books.measured!.note(block, from, to, due?.outcomes ?? NOTHING, last);
      inBlock.time = block.time[to - 1]!;
      inBlock.price = block.price[to - 1]!;
      last = inBlock;
      if (due === null) continue;
      this.#refusals.add(due.outcomes);
      gate.takeNews();
    } while (piece.to < block.size);
  }

  /** How the connection was lost; null while data flows. Without data it does not trade. */
  get lost(): "disconnected" | "stale" | null {
    return this.#lost;
  }

  set lost(lost: "disconnected" | "stale" | null) {
    this.#lost = lost;
    this.#books.lost = lost;
  }

  /** Halts trading by hand; `tradeId` is the last trade's, or -1. */
  halt(action: OnHalt, tradeId: number): void {
    this.#books.risk.haltByHand(action, tradeId);
  }

  /** Releases its halt by hand, if it has one; `tradeId` is as for `halt`. */
  release(tradeId: number): void {
    const { risk } = this.#books;
    risk.release(tradeId);
    risk.news.length = 0;
  }

  /** Sets whether the rules of a symbol are awaited: no order is placed in it meanwhile. */
  awaitRules(symbol: string, awaitsRules: boolean): void {
    this.#books.of(symbol).gate.awaitsRules = awaitsRules;
  }

  /** From now on, orders follow these rules of a symbol; rules that are not given stay as they are. */
  takeRules(symbol: string, rules: Partial<TradingRules>): void {
    this.#books.of(symbol).takeRules(rules);
  }

  /** How many orders have been refused, by reason. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refusals.byReason;
  }

  /** The totals so far. */
  totals(): ModelTotals {
    return modelTotals(this.#books, this.#refusals.total);
  }

  /** What a sweep shows of its results. */
  rowResults(): RowResults {
    return this.#books.measured!.rowResults();
  }

  /** Its results. */
  results(): Results {
    return this.#books.measured!.results();
  }
}
