/** Whether the account's trading is halted: by a limit on losses, or by hand. */
import type { Block } from "../market/block.ts";
import type { Money, Side } from "../numbers/money.ts";
import type { MarkedBooks } from "../performance/drawdown_periods.ts";
import { type Halt, haltAtLoss, haltByHand, type OnHalt, type RiskNews, stricter } from "./halt.ts";
import {
  type Fallen,
  limitsAfterRelease,
  LossLimits,
  type LossParameters,
  type LossSnapshot,
} from "./loss_limits.ts";

/** The limits that halt, and what a halt does. */
export interface HaltParameters extends LossParameters {
  readonly onHalt: OnHalt;
}

/** The halt of one account, and the limits that may cause one. */
export class TradingHalt {
  readonly #limits: LossLimits;
  readonly #onHalt: OnHalt;
  #halt: Halt | null = null;

  /** Starts with `cash` (quote currency) and no position. */
  constructor(cash: Money, parameters: HaltParameters) {
    this.#limits = new LossLimits(cash, parameters);
    this.#onHalt = parameters.onHalt;
  }

  /** The halt in force, or null. */
  get current(): Halt | null {
    return this.#halt;
  }

  /** The current drawdown and its limit, as in `LossLimits.fall`. */
  fall(): Fallen | null {
    return this.#limits.fall();
  }

  /** Whether a halt sells the position and refuses everything else. */
  get isFlattening(): boolean {
    return this.#halt?.action === "flatten";
  }

  /** Whether a halt refuses the orders of signals on this side. */
  bars(side: Side): boolean {
    return this.#halt !== null && (side === "buy" || this.isFlattening);
  }

  /** Marks the trades of a block, as `LossLimits.markQuiet` does. Returns the first row that is not marked. */
  markQuiet(block: Block, from: number, to: number): number {
    return this.#limits.markQuiet(block, from, to);
  }

  /** Marks equity at a trade, as `LossLimits.mark` does. True if `check` has something to decide at it. */
  mark(price: number, decimals: number, time: number): boolean {
    return this.#limits.mark(price, decimals, time);
  }

  /** Halts or releases at a trade that reached a limit or started a day. Returns what happened, in order. */
  check(price: number, tradeId: number): RiskNews[] {
    const news: RiskNews[] = [];
    if (this.#limits.takeNewDay() && this.#halt?.reason === "max-daily-loss") {
      news.push({ type: "released", reason: this.#halt.reason, tradeId });
      this.#halt = null;
    }
    const loss = this.#limits.lossAt(price);
    if (loss !== null) news.push(...this.#stop(haltAtLoss(loss, this.#onHalt, tradeId)));
    return news;
  }

  /** Halts by hand; `tradeId` is the last trade's, or -1. Returns what happened: nothing if it changes nothing. */
  byHand(action: OnHalt, tradeId: number): RiskNews[] {
    return this.#stop(haltByHand(action, tradeId));
  }

  /**
   * Releases by hand, with the books at the last trade, whose id is `tradeId`: past losses no longer count. Returns
   * what happened: nothing without a halt.
   */
  release(books: MarkedBooks, tradeId: number): RiskNews[] {
    if (this.#halt === null) return [];
    const { reason } = this.#halt;
    this.restore(null, limitsAfterRelease(this.#limits.snapshot(), books), books);
    return [{ type: "released", reason, tradeId }];
  }

  /** Prepares for trades of another symbol, as `LossLimits.turnTo` does. */
  turnTo(books: MarkedBooks): void {
    this.#limits.turnTo(books);
  }

  /** Notes the books after a fill. */
  rebook(cash: Money, position: Money): void {
    this.#limits.rebook(cash, position);
  }

  snapshot(): { readonly halt: Halt | null; readonly losses: LossSnapshot } {
    return { halt: this.#halt, losses: this.#limits.snapshot() };
  }

  /** Restores a snapshot, with the books at the last trade. */
  restore(halt: Halt | null, losses: LossSnapshot, books: MarkedBooks): void {
    this.#halt = halt;
    this.#limits.restore(losses, books);
  }

  #stop(next: Halt): RiskNews[] {
    const halt = stricter(this.#halt, next);
    if (halt === this.#halt) return [];
    this.#halt = halt;
    this.#limits.spend(halt.reason === "max-daily-loss" ? "day" : "all");
    return [{ type: "halt", ...halt }];
  }
}
