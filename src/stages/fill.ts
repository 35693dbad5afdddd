/** Fills approved orders on paper and books them. */
import type { Account } from "../domain/account/account.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { Fill } from "../domain/orders/fill.ts";
import type { Filled, Outcome, Slots } from "../domain/market/tick.ts";
import type { Judged, Piece } from "./risk_stage.ts";
import type { ApprovedOrder, RiskDecision } from "./risk.ts";

/** The last stage: the exchange's side of an order, on paper. */
export class PaperFills {
  readonly #account: Account;
  readonly #drawdown: Drawdown;
  #fills = 0;

  constructor(account: Account, drawdown: Drawdown) {
    this.#account = account;
    this.#drawdown = drawdown;
  }

  /** Fills so far; an order may take several. */
  get fills(): number {
    return this.#fills;
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
      outcomes.push(decision.kind === "approved" ? this.#fill(decision, tick) : decision);
    }
    (tick as unknown as Slots<Filled, "outcomes">).outcomes = outcomes;
  }

  #fill({ side, price, quantity, fee, signalTradeId, detail }: ApprovedOrder, tick: Judged): Fill {
    const account = this.#account;
    const realized = account.book({ side, price, quantity, fee, tradeId: tick.id });
    this.#drawdown.rebook(account.cash, account.position, tick.price, tick.time);
    this.#fills++;
    return {
      kind: "fill",
      side,
      price,
      quantity,
      fee,
      cash: account.cash,
      position: account.position,
      tradeId: tick.id,
      signalTradeId,
      realized,
      ...detail,
    };
  }
}
