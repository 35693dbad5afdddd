/**
 * Round trips: from no position to a position and back to none. Usually one buy and one sell; several buys
 * may add up, and a position may be sold in parts.
 *
 * Only running sums are kept, so memory does not grow with the number of fills. The sums are exact: a profit has about
 * 30 digits and its square about 60, all of which Money holds. Whether all profits are equal, and their deviation
 * therefore zero, is never a matter of rounding. So no numerically stable recurrence (Welford's) is needed, and a round
 * trip costs one multiplication and two additions. The account adds up fees and realized profit.
 */
import type { Fill } from "../orders/fill.ts";
import { type Money, ZERO } from "../numbers/money.ts";

/** How long positions were held, µs, by the trades' own times; never below zero, even if those went back. */
export interface HoldingTimes {
  readonly shortest: number;
  /** Of all round trips together. */
  readonly total: number;
  readonly longest: number;
}

/** Totals over all round trips. Profits are after the fees of both sides; amounts are exact, in quote currency. */
export interface RoundTripTotals {
  /** Closed round trips; an open position is not one yet. */
  readonly count: number;
  /** Those with a profit above, below and of exactly zero. */
  readonly wins: number;
  readonly losses: number;
  readonly breakEven: number;
  /** Sum of the winning profits, zero or more. */
  readonly grossProfit: Money;
  /** Sum of the losing profits, zero or less. */
  readonly grossLoss: Money;
  /** Sum of the squares of all profits. */
  readonly squares: Money;
  readonly largestWin: Money | null;
  /** The loss farthest below zero. */
  readonly largestLoss: Money | null;
  /** The most wins, and the most losses, in a row; a break-even round trip ends both. */
  readonly longestWinningStreak: number;
  readonly longestLosingStreak: number;
  /** Null before the first round trip is closed. */
  readonly holding: HoldingTimes | null;
  /** µs with a position in any symbol, open ones included. */
  readonly timeInMarket: number;
}

/** A position that is not closed yet. */
interface Opened {
  /** When it was first bought into. */
  readonly at: number;
  /** The profit of the parts of it that were sold; null before the first. */
  profit: Money | null;
}

/** Follows the fills of one account. */
export class RoundTrips {
  #wins = 0;
  #losses = 0;
  #breakEven = 0;
  #grossProfit: Money = ZERO;
  #grossLoss: Money = ZERO;
  #squares: Money = ZERO;
  #largestWin: Money | null = null;
  #largestLoss: Money | null = null;
  /** Consecutive round trips of the same kind up to now: wins above zero, losses below. */
  #streak = 0;
  #longestWinningStreak = 0;
  #longestLosingStreak = 0;
  #shortest = Infinity;
  #longest = 0;
  #held = 0;
  /** The time with a position up to the start of the current stretch, and when that began. */
  #inMarket = 0;
  #heldSince = 0;
  /** The open positions by symbol. */
  readonly #opened = new Map<string, Opened>();

  /**
   * Adds a fill in `symbol`; `time` is that of its trade, µs since 1970. Throws a TypeError for a sale without a
   * position or without its profit: a defect.
   */
  add({ side, position, realized, tradeId }: Fill, time: number, symbol = ""): void {
    const opened = this.#opened.get(symbol);
    if (side === "buy") {
      if (opened !== undefined) return;
      if (this.#opened.size === 0) this.#heldSince = time;
      this.#opened.set(symbol, { at: time, profit: null });
      return;
    }
    if (realized === null || opened === undefined) {
      const found = realized === null ? "no realized profit" : "no position before it";
      throw new TypeError(
        `A sale closes a position and says its profit: the one at trade ${tradeId} has ${found}`,
      );
    }
    const profit = opened.profit === null ? realized : opened.profit.plus(realized);
    if (!position.isZero()) {
      opened.profit = profit;
      return;
    }
    this.#opened.delete(symbol);
    if (this.#opened.size === 0) this.#inMarket += heldFor(this.#heldSince, time);
    this.#close(profit, heldFor(opened.at, time));
  }

  /** Adds the profit (quote currency) of sales in `symbol` that left some of its position. */
  addProfit(profit: Money, symbol: string): void {
    const opened = this.#opened.get(symbol);
    if (opened === undefined) throw new TypeError(`A sale closes a position: ${symbol} has none before it`);
    opened.profit = opened.profit === null ? profit : opened.profit.plus(profit);
  }

  /** The totals. `lastTime`, the last trade's time (µs since 1970), ends the time of an open position. */
  totals(lastTime: number): RoundTripTotals {
    const count = this.#wins + this.#losses + this.#breakEven;
    return {
      count,
      wins: this.#wins,
      losses: this.#losses,
      breakEven: this.#breakEven,
      grossProfit: this.#grossProfit,
      grossLoss: this.#grossLoss,
      squares: this.#squares,
      largestWin: this.#largestWin,
      largestLoss: this.#largestLoss,
      longestWinningStreak: this.#longestWinningStreak,
      longestLosingStreak: this.#longestLosingStreak,
      holding: count === 0 ? null : { shortest: this.#shortest, total: this.#held, longest: this.#longest },
      timeInMarket: this.#inMarket + (this.#opened.size === 0 ? 0 : heldFor(this.#heldSince, lastTime)),
    };
  }

  #close(profit: Money, held: number): void {
    this.#squares = this.#squares.plus(profit.times(profit));
    this.#held += held;
    this.#shortest = Math.min(this.#shortest, held);
    this.#longest = Math.max(this.#longest, held);
    if (profit.isZero()) {
      this.#breakEven++;
      this.#streak = 0;
    } else if (profit.isPositive()) {
      this.#wins++;
      this.#streak = Math.max(this.#streak, 0) + 1;
      this.#longestWinningStreak = Math.max(this.#longestWinningStreak, this.#streak);
      this.#grossProfit = this.#grossProfit.plus(profit);
      if (this.#largestWin === null || profit.gt(this.#largestWin)) this.#largestWin = profit;
    } else {
      this.#losses++;
      this.#streak = Math.min(this.#streak, 0) - 1;
      this.#longestLosingStreak = Math.max(this.#longestLosingStreak, -this.#streak);
      this.#grossLoss = this.#grossLoss.plus(profit);
      if (this.#largestLoss === null || profit.lt(this.#largestLoss)) this.#largestLoss = profit;
    }
  }
}

function heldFor(from: number, to: number): number {
  return Math.max(0, to - from);
}
