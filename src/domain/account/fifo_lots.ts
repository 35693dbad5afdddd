/**
 * Closed positions, lot by lot, first in, first out, as tax forms ask for them. Every buy is a lot. A sale
 * takes from the oldest lots of its symbol, and splits the last one if it needs only a part of it.
 *
 * Costs and proceeds are price × quantity, exactly. The fees of both sides are kept apart, split by quantity as
 * `feeShare` in money.ts says. So what was bought equals, to the last digit, what was closed plus what is
 * still open. If nothing is open, the profits add up to what the account realized at average cost.
 */
import { BooksError } from "./account.ts";
import { feeShare, type Money, type Side, ZERO } from "../numbers/money.ts";

/** The part of a fill that lots need. Price and fee in quote currency, quantity in base. */
export interface LotFill {
  readonly symbol: string;
  readonly side: Side;
  readonly price: Money;
  readonly quantity: Money;
  readonly fee: Money;
  /** µs since 1970. */
  readonly time: number;
  readonly tradeId: number;
}

/** A lot, or what is left of it. Amounts in quote currency. */
export interface OpenLot {
  readonly opened: number;
  readonly quantity: Money;
  /** Without the fee. */
  readonly cost: Money;
  readonly fee: Money;
}

/** A lot, or a part of one, that one sale closed. Times in µs since 1970, amounts in quote currency. */
export interface ClosedLot {
  readonly symbol: string;
  readonly opened: number;
  readonly closed: number;
  /** Base currency. */
  readonly quantity: Money;
  /** What it was bought for, without the fee. */
  readonly cost: Money;
  /** What it was sold for, without the fee. */
  readonly proceeds: Money;
  /** Of both sides. */
  readonly fees: Money;
  /** Proceeds − cost − fees. */
  readonly profit: Money;
  readonly buyTradeId: number;
  readonly sellTradeId: number;
}

/** The totals of everything closed. */
export interface ClosedTotals extends Pick<ClosedLot, "cost" | "proceeds" | "fees" | "profit"> {
  readonly count: number;
}

interface Lot {
  readonly opened: number;
  readonly tradeId: number;
  readonly price: Money;
  quantity: Money;
  fee: Money;
}

/** The lots of one account. */
export class FifoLots {
  /** By symbol, the oldest first, without lots that are used up. */
  readonly #lots = new Map<string, Lot[]>();
  #totals: ClosedTotals = { count: 0, cost: ZERO, proceeds: ZERO, fees: ZERO, profit: ZERO };

  /**
   * Adds the next fill and returns the lots that it closed, oldest first; none for a buy. Throws a BooksError
   * for a sale of more than the open lots hold.
   */
  add(fill: LotFill): ClosedLot[] {
    const { symbol, side, price, quantity, fee, time, tradeId } = fill;
    const lots = this.#lots.get(symbol) ?? [];
    if (side === "buy") {
      lots.push({ opened: time, tradeId, price, quantity, fee });
      this.#lots.set(symbol, lots);
      return [];
    }
    const closed: ClosedLot[] = [];
    let [left, feeLeft] = [quantity, fee];
    while (left.gt(0)) {
      const lot = lots[0];
      if (lot === undefined) {
        const law = `the quantity of ${symbol} sold at trade ${tradeId}`;
        throw new BooksError(law, quantity, quantity.minus(left), []);
      }
      const part = left.lt(lot.quantity) ? left : lot.quantity;
      const bought = feeShare(lot.fee, part, lot.quantity);
      const sold = feeShare(feeLeft, part, left);
      closed.push(this.#close(lot, part, bought.plus(sold), fill));
      lot.quantity = lot.quantity.minus(part);
      lot.fee = lot.fee.minus(bought);
      if (lot.quantity.isZero()) lots.shift();
      left = left.minus(part);
      feeLeft = feeLeft.minus(sold);
    }
    return closed;
  }

  /** The open lots of `symbol`, oldest first. */
  open(symbol: string): OpenLot[] {
    return (this.#lots.get(symbol) ?? []).map(({ opened, price, quantity, fee }) => ({
      opened,
      quantity,
      cost: price.times(quantity),
      fee,
    }));
  }

  /** Whether no symbol has an open lot. */
  get isFlat(): boolean {
    return [...this.#lots.values()].every((lots) => lots.length === 0);
  }

  /** The totals of everything closed so far. */
  get totals(): ClosedTotals {
    return this.#totals;
  }

  /**
   * Checks, if no lot is open, that the profit equals what the account realized at average cost. Throws a
   * BooksError if it does not.
   */
  check(realized: Money): void {
    if (!this.isFlat || this.#totals.profit.eq(realized)) return;
    throw new BooksError("the profit of all closed lots", this.#totals.profit, realized, []);
  }

  #close(lot: Lot, quantity: Money, fees: Money, { symbol, price, time, tradeId }: LotFill): ClosedLot {
    const cost = lot.price.times(quantity);
    const proceeds = price.times(quantity);
    const profit = proceeds.minus(cost).minus(fees);
    const { count, ...sums } = this.#totals;
    this.#totals = {
      count: count + 1,
      cost: sums.cost.plus(cost),
      proceeds: sums.proceeds.plus(proceeds),
      fees: sums.fees.plus(fees),
      profit: sums.profit.plus(profit),
    };
    return {
      symbol,
      opened: lot.opened,
      closed: time,
      quantity,
      cost,
      proceeds,
      fees,
      profit,
      buyTradeId: lot.tradeId,
      sellTradeId: tradeId,
    };
  }
}
