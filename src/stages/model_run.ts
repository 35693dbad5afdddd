/** Another fill model behind the same signals: an account, a gate and fills of its own, on the ticks of one pipeline. */
import { Account } from "../domain/account/account.ts";
import { Drawdown } from "../domain/performance/drawdown.ts";
import type { OnHalt } from "../domain/risk/halt.ts";
import { Performance, type Results } from "../domain/performance/performance.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import type { Filled, Outcome, Signalled, Slots } from "../domain/market/tick.ts";
import { PaperFills } from "./fill.ts";
import { booksIn } from "./pipeline_snapshot.ts";
import { RefusalCount } from "./refusal_count.ts";
import { type Judged, RiskGate } from "./risk.ts";
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
  readonly #source = new OneTick();
  readonly #judged: Iterator<Judged>;
  readonly #refusals = new RefusalCount();

  constructor(parameters: TradingParameters) {
    this.#account = new Account(parameters.cash);
    this.#drawdown = new Drawdown(parameters.cash);
    this.#gate = new RiskGate(parameters, this.#account, this.#drawdown);
    this.#fills = new PaperFills(this.#account, this.#drawdown);
    this.#measured = new Performance(this.#account, this.#drawdown);
    this.#judged = this.#gate.over(this.#source);
  }

  /**
   * Takes a tick that has been through all stages of the pipeline, and gives it back as it was; `before` is the tick
   * before it, null at the first. Throws a BooksError when the books no longer balance.
   */
  take(tick: Filled, before: Filled | null): void {
    const slots = tick as unknown as Slots<Filled & Judged, "decisions" | "outcomes">;
    const { decisions, outcomes } = slots;
    slots.decisions = null;
    slots.outcomes = NOTHING;
    this.#source.tick = tick;
    const judged: Judged = this.#judged.next().value;
    if (judged.decisions !== null) {
      this.#fills.over([judged]).forEach(() => {});
      this.#refusals.add(slots.outcomes);
      this.#gate.takeNews();
    }
    this.#measured.note(tick, slots.outcomes, before);
    slots.decisions = decisions;
    slots.outcomes = outcomes;
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

  /** Releases its halt by hand, where it has one; `last` is the last tick, null before the first. */
  release(last: Filled | null, tradeId: number): void {
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
  }

  /** How many orders have been refused for which reason. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refusals.byReason;
  }

  /** The results so far; `last` is the last tick, null before the first. */
  totals(last: Filled | null): ModelTotals {
    const parts = { account: this.#account, drawdown: this.#drawdown, gate: this.#gate, fills: this.#fills };
    return modelTotals(parts, this.#refusals.total, last);
  }

  /** Its results; `last` is as for `totals`. */
  results(last: Filled | null): Results {
    return this.#measured.results(last);
  }
}

/** Yields one tick after the other, as they are put in. */
class OneTick implements Iterable<Signalled>, Iterator<Signalled> {
  /** Made once: a trade at which nothing happens allocates nothing. */
  readonly #result: { done: false; value: Signalled } = { done: false, value: null as unknown as Signalled };

  set tick(tick: Signalled) {
    this.#result.value = tick;
  }

  [Symbol.iterator](): Iterator<Signalled> {
    return this;
  }

  next(): IteratorResult<Signalled> {
    return this.#result;
  }
}
