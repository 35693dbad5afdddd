/** The fill stage: hands approved orders to the paper exchange. */
import type { Account } from "../domain/account/account.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { Filled, Outcome, Slots } from "../domain/market/tick.ts";
import type { TradingParameters } from "../domain/risk/trading_parameters.ts";
import { PaperExchange } from "./paper_exchange.ts";
import type { Judged, Piece } from "./risk_stage.ts";
import type { RiskDecision } from "./risk.ts";

/** The last stage: the exchange's side of an order, on paper. */
export class PaperFills {
  /** Fills the orders, and quotes them for the gate. */
  readonly exchange: PaperExchange;
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  #fills = 0;

  constructor(parameters: TradingParameters, account: Account, drawdown: Drawdown) {
    this.exchange = new PaperExchange(parameters, account);
    this.#account = account;
    this.#drawdown = drawdown;
  }

  /** Fills so far; an order may take several. */
  get fills(): number {
    return this.#fills;
  }

  /** Adds parts that were booked without a piece of their own. */
  count(parts: number): void {
    this.#fills += parts;
  }

  /**
   * Yields the same pieces, each with the outcomes of the orders at its last trade. An approved order is booked before
   * the next decision is pulled. Throws a BooksError when the books no longer balance.
   */
  *over(pieces: Iterable<Piece<Judged>>): Generator<Piece<Filled>> {
    const pulled = pieces[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const { due } = result.value;
      if (due !== null && due.decisions !== null) this.#settle(due, due.decisions);
      yield result.value as Piece<unknown> as Piece<Filled>;
    }
  }

  /** Fills so far; the books are the account's to keep. */
  snapshot(): number {
    return this.#fills;
  }

  restore(fills: number): void {
    this.#fills = fills;
  }

  #settle(tick: Judged, decisions: Iterable<RiskDecision>): void {
    const outcomes: Outcome[] = [];
    for (const decision of decisions) {
      const outcome = decision.kind === "approved" ? this.exchange.fill(decision, tick.id) : decision;
      if (outcome === null) continue;
      outcomes.push(outcome);
      if (outcome.kind !== "fill") continue;
      this.#drawdown.rebook(this.#account.unmoved, outcome.position, tick.price, tick.time);
      this.#fills++;
    }
    (tick as unknown as Slots<Filled, "outcomes">).outcomes = outcomes;
  }
}
