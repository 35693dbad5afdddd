/** Every round trip of an account, exactly, one record each as it ends. Memory does not grow with them. */
import { BooksError } from "../account/account.ts";
import type { ClosedLot, ClosedTotals } from "../account/fifo_lots.ts";
import { type Money, ZERO } from "../numbers/money.ts";
import type { Fill } from "../orders/fill.ts";
import { OpenTrip, type TripFill } from "./open_trip.ts";

/** A fill with what identifies it. */
export interface NumberedFill extends TripFill, Pick<Fill, "side" | "position"> {
  readonly symbol: string;
  /** µs since 1970. */
  readonly time: number;
  readonly tradeId: number;
}

/** A round trip that has ended: all that was bought until the position was sold whole, opened with its first fill. */
export interface ClosedTrip extends ClosedLot {
  /** 1 for the first to end. */
  readonly number: number;
  /** How many fills it had. */
  readonly fills: number;
  /** Why it ended: `signal`, or what else sold the position. */
  readonly cause: string;
}

interface Open {
  readonly sums: OpenTrip;
  readonly buyTradeId: number;
  fills: number;
}

/** Follows the fills of one account. */
export class ClosedTrips {
  /** The open trips by symbol, with the trade of their first fill. */
  readonly #open = new Map<string, Open>();
  #totals: ClosedTotals = { count: 0, cost: ZERO, proceeds: ZERO, fees: ZERO, profit: ZERO };

  /**
   * Adds the next fill. Returns the trip that it ended, or null. Throws a BooksError if the profit of that trip is not
   * what the account realized with its sales, or if more or less was sold than bought.
   */
  add(fill: NumberedFill): ClosedTrip | null {
    const { symbol, time, tradeId } = fill;
    const open = this.#open.get(symbol);
    if (open === undefined) {
      if (fill.side === "sell") {
        throw new BooksError(`what was sold at trade ${tradeId} without a position`, fill.quantity, ZERO, []);
      }
      this.#open.set(symbol, { sums: new OpenTrip(fill, time), buyTradeId: tradeId, fills: 1 });
      return null;
    }
    const { sums, buyTradeId } = open;
    open.fills++;
    if (fill.side === "buy") sums.buy(fill);
    else sums.sell(fill, time);
    if (fill.side === "buy" || !fill.position.isZero()) return null;
    this.#open.delete(symbol);
    const { bought, sold, spent, received } = sums;
    const fees = sums.fees.plus(sums.saleFees);
    const which = `the round trip from trade ${buyTradeId} to trade ${tradeId}`;
    if (!sold.eq(bought)) throw new BooksError(`what was sold in ${which}`, sold, bought, []);
    const profit = received.minus(spent).minus(fees);
    if (!profit.eq(sums.profit)) throw new BooksError(`the profit of ${which}`, profit, sums.profit, []);
    const { count, ...before } = this.#totals;
    this.#totals = {
      count: count + 1,
      cost: before.cost.plus(spent),
      proceeds: before.proceeds.plus(received),
      fees: before.fees.plus(fees),
      profit: before.profit.plus(profit),
    };
    return {
      number: count + 1,
      symbol,
      opened: sums.entryTime,
      closed: time,
      quantity: bought,
      cost: spent,
      proceeds: received,
      fees,
      profit,
      fills: open.fills,
      cause: sums.cause,
      buyTradeId,
      sellTradeId: tradeId,
    };
  }

  /** Whether no trip is open. */
  get isFlat(): boolean {
    return this.#open.size === 0;
  }

  /** The totals of all trips that have ended. */
  get totals(): ClosedTotals {
    return this.#totals;
  }

  /** Checks that ended trips and the sold parts of open ones add up to `realized`. Throws a BooksError if not. */
  check(realized: Money): void {
    let sum = this.#totals.profit;
    for (const { sums } of this.#open.values()) sum = sum.plus(sums.profit);
    if (!sum.eq(realized)) throw new BooksError("the profit of all round trips", sum, realized, []);
  }
}
