/** What the gates of one account's symbols share: the halt, the limits on losses, and whose price moves. */
import type { Account } from "../domain/account/account.ts";
import type { Tick } from "../domain/market/tick.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { MarkedBooks } from "../domain/performance/drawdown_periods.ts";
import {
  type Halt,
  haltAtLoss,
  haltByHand,
  type OnHalt,
  type RiskNews,
  stricter,
} from "../domain/risk/halt.ts";
import {
  limitsAfterRelease,
  LossLimits,
  type LossParameters,
  type LossSnapshot,
} from "../domain/risk/loss_limits.ts";
import { OrderThrottle, type ThrottleParameters } from "../domain/risk/order_throttle.ts";
import type { Money } from "../domain/numbers/money.ts";

/** What the account risks, over all its symbols. */
export interface AccountRiskParameters extends LossParameters, ThrottleParameters {
  /** Starting cash, quote currency. */
  readonly cash: Money;
  readonly onHalt: OnHalt;
}

/** The gate of one symbol, as a halt of the account sees it. */
export interface HaltedGate {
  /** Sells the position and nothing else, or no longer. */
  flatten(isFlattening: boolean): void;
  /** The user has ended the halt. */
  released(): void;
}

/** Follows what the account books in any symbol beside the gate. */
export interface BooksFollower {
  /** Trades of another symbol follow. */
  turnTo(account: Account): void;
}

/** Judges the account as a whole. */
export class AccountRisk {
  readonly limits: LossLimits;
  readonly throttle: OrderThrottle;
  /** Halts that started or ended and have not been reported yet. */
  readonly news: RiskNews[] = [];
  readonly #drawdown: Drawdown;
  readonly #follower: BooksFollower | null;
  readonly #onHalt: OnHalt;
  readonly #gates: HaltedGate[] = [];
  /** The account as its first symbol has it. */
  #first: Account | null = null;
  #halt: Halt | null = null;
  #moving: Account | null = null;
  /** The last trade's time, µs since 1970. */
  time = 0;

  /** `drawdown` is that of the account; so is the `follower`, if there is one. */
  constructor(
    parameters: AccountRiskParameters,
    drawdown: Drawdown,
    follower: BooksFollower | null = null,
  ) {
    this.limits = new LossLimits(parameters.cash, parameters);
    this.throttle = new OrderThrottle(parameters);
    this.#onHalt = parameters.onHalt;
    this.#drawdown = drawdown;
    this.#follower = follower;
  }

  /** Adds the gate of a symbol, for which this is the account. */
  join(gate: HaltedGate, account: Account): void {
    this.#gates.push(gate);
    this.#first ??= account;
  }

  /** The halt in force, or null. */
  get halt(): Halt | null {
    return this.#halt;
  }

  /** The account as the symbol has it whose trades follow each other now; null before the first trade. */
  get moving(): Account | null {
    return this.#moving;
  }

  /** Trades of another symbol follow, for which this is the account. */
  turnTo(account: Account): void {
    if (this.#moving !== null) {
      const books = booksAt(account);
      this.#drawdown.turnTo(books, this.time);
      this.limits.turnTo(books);
    }
    this.#follower?.turnTo(account);
    this.#moving = account;
  }

  /** Halts or releases trading after a trade that reached a limit or started a day. */
  checkLimits({ id, price }: Pick<Tick, "id" | "price">): void {
    if (this.limits.takeNewDay() && this.#halt?.reason === "max-daily-loss") {
      this.news.push({ type: "released", reason: this.#halt.reason, tradeId: id });
      this.#halt = null;
      for (const gate of this.#gates) gate.flatten(false);
    }
    const loss = this.limits.lossAt(price);
    if (loss !== null) this.#stop(haltAtLoss(loss, this.#onHalt, id));
  }

  /** Halts trading by hand; `tradeId` is the last trade's, or -1. */
  haltByHand(action: OnHalt, tradeId: number): void {
    this.#stop(haltByHand(action, tradeId));
  }

  /** Releases the halt by hand, after the trade `tradeId`; nothing without a halt. */
  release(tradeId: number): void {
    if (this.#halt === null) return;
    this.news.push({ type: "released", reason: this.#halt.reason, tradeId });
    this.#halt = null;
    // The same as for a run that is released while no process runs it.
    const books = booksAt(this.#moving ?? this.#first!);
    this.limits.restore(limitsAfterRelease(this.limits.snapshot(), books), books);
    for (const gate of this.#gates) gate.released();
  }

  /**
   * Restores the halt and the limits, with the account as the symbol of the last trade has it, and the time of that
   * trade, µs since 1970; null before the first. No halt is news.
   */
  restore(halt: Halt | null, losses: LossSnapshot, moving: Account, time: number | null): void {
    this.#halt = halt;
    this.limits.restore(losses, booksAt(moving));
    this.#moving = time === null ? null : moving;
    this.time = time ?? 0;
    this.news.length = 0;
  }

  #stop(next: Halt): void {
    const halt = stricter(this.#halt, next);
    if (halt === this.#halt) return;
    this.#halt = halt;
    this.news.push({ type: "halt", ...halt });
    this.limits.spend(halt.reason === "max-daily-loss" ? "day" : "all");
    if (halt.action !== "flatten") return;
    for (const gate of this.#gates) gate.flatten(true);
  }
}

/** The books of an account at the last price of a symbol. */
export function booksAt(account: Account): MarkedBooks {
  return { cash: account.unmoved, position: account.position, ...account.lastPrice };
}
