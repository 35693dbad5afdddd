/** Another fill model for the same signals, with its own account, gate and fills, on the blocks of one pipeline. */
import { Account } from "../domain/account/account.ts";
import { Drawdown } from "../domain/performance/drawdown.ts";
import type { OnHalt } from "../domain/risk/halt.ts";
import { type Marked, Performance, type Results } from "../domain/performance/performance.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import type { SignalledBlock } from "../domain/market/block.ts";
import type { Filled, Outcome } from "../domain/market/tick.ts";
import { PaperFills } from "./fill.ts";
import { booksIn } from "./pipeline_snapshot.ts";
import { RefusalCount } from "./refusal_count.ts";
import { RiskGate } from "./risk.ts";
import { type Piece, RiskStage } from "./risk_stage.ts";
import { type ModelTotals, modelTotals } from "./run_state.ts";

const NOTHING: readonly Outcome[] = [];

/**
 * The stages after the signal, a second time. The stance follows signals and never fills, so every fill model has the
 * same signals, and a trade is read and averaged once for all of them. Only backtests have such runs: nothing of them
 * is kept, and none is resumed.
 */
export class ModelRun {
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  readonly #gate: RiskGate;
  readonly #fills: PaperFills;
  readonly #measured: Performance;
  readonly #source = new OneBlock();
  readonly #pieces: Iterator<Piece<Filled>>;
  readonly #refusals = new RefusalCount();

  constructor(parameters: TradingParameters) {
    this.#account = new Account(parameters.cash);
    this.#drawdown = new Drawdown(parameters.cash);
    this.#fills = new PaperFills(parameters, this.#account, this.#drawdown);
    this.#gate = new RiskGate(parameters, this.#account, this.#drawdown, this.#fills.exchange);
    this.#measured = new Performance(this.#account, this.#drawdown);
    this.#pieces = this.#fills.over(new RiskStage(this.#gate).over(this.#source));
  }

  /**
   * Processes a block with its signals; `before` is the trade before it, null at the first. Throws a BooksError when
   * the books no longer balance.
   */
  take(block: SignalledBlock, before: Marked | null): void {
    this.#source.block = block;
    let last = before;
    let piece: Piece<Filled>;
    do {
      piece = this.#pieces.next().value;
      const { from, to, due } = piece;
      this.#measured.note(block, from, to, due?.outcomes ?? NOTHING, last);
      if (due === null) continue;
      last = due;
      this.#refusals.add(due.outcomes);
      this.#gate.takeNews();
    } while (piece.to < block.size);
  }

  /** Trading stops while the feed is disconnected. */
  set connected(connected: boolean) {
    this.#gate.connected = connected;
  }

  /** Trading stops: how the connection was lost. */
  disconnect(how: "disconnected" | "stale"): void {
    this.#gate.disconnect(how);
  }

  /** Halts trading by hand; `tradeId` is the last trade's, or -1. */
  halt(action: OnHalt, tradeId: number): void {
    this.#gate.haltByHand(action, tradeId);
  }

  /** Releases its halt by hand, if it has one; `last` is the last trade, null before the first. */
  release(last: Marked | null, tradeId: number): void {
    this.#gate.release(booksIn({ account: this.#account.snapshot(), last }), tradeId);
    this.#gate.takeNews();
  }

  /** Whether the instrument's rules are awaited: no order is placed meanwhile. */
  set awaitsRules(awaitsRules: boolean) {
    this.#gate.awaitsRules = awaitsRules;
  }

  /** From now on, orders follow these rules of the instrument; rules that are not given stay as they are. */
  takeRules(rules: Partial<TradingRules>): void {
    this.#gate.takeRules(rules);
    this.#fills.exchange.takeRules(rules);
  }

  /** How many orders have been refused for which reason. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refusals.byReason;
  }

  /** The results so far; `last` is the last trade, null before the first. */
  totals(last: Marked | null): ModelTotals {
    const parts = { account: this.#account, drawdown: this.#drawdown, gate: this.#gate, fills: this.#fills };
    return modelTotals(parts, this.#refusals.total, last);
  }

  /** Its results. */
  results(): Results {
    return this.#measured.results();
  }
}

/** Yields each block that is put in. */
class OneBlock implements Iterable<SignalledBlock>, Iterator<SignalledBlock> {
  /** Made once: a block in which nothing happens allocates nothing. */
  readonly #result: { done: false; value: SignalledBlock } = {
    ...{ done: false, value: null as unknown as SignalledBlock },
  };

  set block(block: SignalledBlock) {
    this.#result.value = block;
  }

  [Symbol.iterator](): Iterator<SignalledBlock> {
    return this;
  }

  next(): IteratorResult<SignalledBlock> {
    return this.#result;
  }
}
