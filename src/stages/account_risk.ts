/** What the gates of one account's symbols share: the halt, what checks remember, and whose price moves. */
import type { Account } from "../domain/account/account.ts";
import type { Money } from "../domain/numbers/money.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { MarkedBooks } from "../domain/performance/drawdown_periods.ts";
import { AccountMemory } from "../domain/risk/checks/order_check.ts";
import type { OnHalt, RiskNews } from "../domain/risk/halt.ts";
import { type HaltParameters, TradingHalt } from "../domain/risk/trading_halt.ts";
import type { RiskSnapshot } from "./risk_snapshot.ts";

/** What the account risks, over all its symbols. */
export interface AccountRiskParameters extends HaltParameters {
  /** Starting cash, quote currency. */
  readonly cash: Money;
}

/** The gate of one symbol, as a halt of the account sees it. */
export interface HaltedGate {
  /** Starts, or stops, selling the position and trading nothing else. */
  flatten(isFlattening: boolean): void;
  /** The user has ended the halt. */
  released(): void;
}

/** Follows what the account books in any symbol, next to the gate. */
export interface BooksFollower {
  /** Trades of another symbol follow. */
  turnTo(account: Account): void;
}

/** Judges the account as a whole. */
export class AccountRisk {
  readonly halt: TradingHalt;
  readonly memory = new AccountMemory();
  /** Halts that started or ended and have not been reported yet. */
  readonly news: RiskNews[] = [];
  readonly #drawdown: Drawdown;
  readonly #follower: BooksFollower | null;
  readonly #gates: HaltedGate[] = [];
  /** The account as its first symbol sees it. */
  #first: Account | null = null;
  #moving: Account | null = null;
  /** The last trade's time, µs since 1970. */
  time = 0;

  /** `drawdown` and `follower`, if there is one, are those of the account. */
  constructor(
    parameters: AccountRiskParameters,
    drawdown: Drawdown,
    follower: BooksFollower | null = null,
  ) {
    this.halt = new TradingHalt(parameters.cash, parameters);
    this.#drawdown = drawdown;
    this.#follower = follower;
  }

  /** Adds the gate of a symbol, for which this is the account. */
  join(gate: HaltedGate, account: Account): void {
    this.#gates.push(gate);
    this.#first ??= account;
  }

  /** The account as seen by the symbol of the trades being processed; null before the first trade. */
  get moving(): Account | null {
    return this.#moving;
  }

  /** Trades of another symbol follow, for which this is the account. */
  turnTo(account: Account): void {
    if (this.#moving !== null) {
      const books = booksAt(account);
      this.#drawdown.turnTo(books, this.time);
      this.halt.turnTo(books);
    }
    this.#follower?.turnTo(account);
    this.#moving = account;
  }

  /** Halts or releases at a trade that reached a limit or started a day. */
  check(price: number, tradeId: number): void {
    this.#follow(this.halt.check(price, tradeId));
  }

  /** Halts by hand; `tradeId` is the last trade's, or -1. */
  haltByHand(action: OnHalt, tradeId: number): void {
    this.#follow(this.halt.byHand(action, tradeId));
  }

  /** Releases the halt by hand, after the trade `tradeId`; nothing without a halt. */
  release(tradeId: number): void {
    const news = this.halt.release(booksAt(this.#moving ?? this.#first!), tradeId);
    if (news.length === 0) return;
    this.news.push(...news);
    // The same as for a run that is released while no process runs it.
    for (const gate of this.#gates) gate.released();
  }

  /**
   * Restores the halt and the limits, with the account as the symbol of the last trade sees it, and the time of that
   * trade, µs since 1970; null before the first. A restored halt is not reported as news.
   */
  restore(
    { halt, losses }: Pick<RiskSnapshot, "halt" | "losses">,
    moving: Account,
    time: number | null,
  ): void {
    this.halt.restore(halt, losses, booksAt(moving));
    this.#moving = time === null ? null : moving;
    this.time = time ?? 0;
    this.news.length = 0;
  }

  /** Does what halts and releases ask for. */
  #follow(news: readonly RiskNews[]): void {
    for (const one of news) {
      this.news.push(one);
      if (one.type === "halt" && one.action !== "flatten") continue;
      for (const gate of this.#gates) gate.flatten(one.type === "halt");
    }
  }
}

/** The books of an account at the last price of a symbol. */
export function booksAt(account: Account): MarkedBooks {
  return { cash: account.unmoved, position: account.position, ...account.lastPrice };
}
