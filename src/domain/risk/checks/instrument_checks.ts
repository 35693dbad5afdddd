/** The checks of an order's size against the instrument's rules and the account's books. */
import type { Account } from "../../account/account.ts";
import { FEE_STEP, lotsOrMore, type Money, outlayOf, plain } from "../../numbers/money.ts";
import type { Order } from "../../orders/order.ts";
import type { Quote } from "../../orders/quote.ts";
import { CashShare } from "../../orders/stake.ts";
import type { TradingParameters } from "../trading_parameters.ts";
import type { Breach, OrderCheck } from "./order_check.ts";

/** A sale needs something to sell. Limit and value are in base currency. */
export function noPosition({ lot }: TradingParameters, account: Account): OrderCheck {
  return {
    passesParts: "all",
    judgeQuote: ({ side }) =>
      side === "sell" && account.position.isZero() ? { limit: plain(lot), value: "0" } : null,
  };
}

/**
 * A purchase below the smallest quantity is refused here if the cash would not pay for that quantity and its fee. Limit
 * and value are in quote currency.
 */
export function fundsForLeast(parameters: TradingParameters, account: Account): OrderCheck {
  const least = new LeastQuantity(parameters);
  const grossing = parameters.feeRate.plus(1);
  return {
    passesParts: "all",
    judgeQuote(order, quote) {
      if (order.side === "sell" || least.isReached(order, quote)) return null;
      const cost = least.costOf(order, quote).times(grossing);
      return account.canPay(cost) ? null : breach(cost, account.spendable);
    },
  };
}

/** An order must trade the smallest quantity. Limit and value are in quote currency. */
export function lot(parameters: TradingParameters, account: Account): OrderCheck {
  const least = new LeastQuantity(parameters);
  return {
    passesParts: "all",
    judgeQuote(order, quote) {
      if (least.isReached(order, quote)) return null;
      const value = order.side === "sell" ? quote.price.times(account.position) : quote.stake;
      return breach(least.costOf(order, quote), value);
    },
  };
}

/** Checks price × quantity of a whole order when it starts. Limit and value are in quote currency. */
export function minNotional({ minNotional }: TradingParameters): OrderCheck {
  return {
    passesParts: "all",
    judgeQuote({ isWorking }, quote) {
      // Slippage can reduce a small price to zero, and no order may trade at zero.
      if (!quote.price.isZero() && (isWorking || quote.wholeNotional.gte(minNotional))) return null;
      return breach(minNotional, quote.wholeNotional);
    },
  };
}

/** Checks the quantity of a whole order, including what it has filled. Limit and value are in base currency. */
export function maxQuantity({ maxQuantity: most }: TradingParameters): OrderCheck | null {
  if (most === null) return null;
  return {
    passesParts: "sales",
    judgeQuote: (order, { whole }) => isFixed(order) ? null : atMost(most, order.filled.plus(whole)),
  };
}

/** Checks price × quantity of a whole order, including what it has filled. Limit and value are in quote currency. */
export function maxNotional({ maxNotional: most }: TradingParameters): OrderCheck | null {
  if (most === null) return null;
  return {
    passesParts: "sales",
    judgeQuote: (order, quote) => isFixed(order) ? null : atMost(most, order.spent.plus(quote.wholeNotional)),
  };
}

/**
 * The account must be able to pay what an order costs, its rounded-up fee included. Limit and value are in quote
 * currency.
 */
export function funds({ stake, feeRate }: TradingParameters, account: Account): OrderCheck {
  /** The most that a purchase spends; null if that depends on the order. */
  const most = stake instanceof CashShare ? null : outlayOf(stake, feeRate).grossStake.plus(FEE_STEP);
  return {
    passesParts: "all",
    judgeQuote({ side }, { notional, fee }) {
      if (side === "buy" && most !== null && account.canPay(most)) return null;
      // A sale that brings in less than its fee, which is rounded up, costs the difference.
      if (side === "sell" && notional.gte(fee)) return null;
      const cost = side === "buy" ? notional.plus(fee) : fee.minus(notional);
      return account.canPay(cost) ? null : breach(cost, account.spendable);
    },
  };
}

/** The smallest quantity of an order: a lot or more; of an order that is working, a lot. */
class LeastQuantity {
  readonly #lot: Money;
  readonly #minQuantity: Money | null;
  readonly #least: Money;

  constructor({ lot, minQuantity }: TradingParameters) {
    this.#lot = lot;
    this.#minQuantity = minQuantity;
    this.#least = minQuantity === null ? lot : lotsOrMore(minQuantity, lot);
  }

  /** If the instrument has no smallest quantity, a sale may be smaller than a lot. */
  isReached({ isWorking }: Order, { whole }: Quote): boolean {
    if (whole.isZero()) return false;
    return isWorking || this.#minQuantity === null || whole.gte(this.#minQuantity);
  }

  costOf({ isWorking }: Order, { price }: Quote): Money {
    return price.times(isWorking ? this.#lot : this.#least);
  }
}

/** Once it starts to fill, the quantity of a sale is fixed, while that of a purchase changes with the price. */
function isFixed({ side, isWorking }: Order): boolean {
  return isWorking && side === "sell";
}

function atMost(limit: Money, value: Money): Breach | null {
  return value.gt(limit) ? breach(limit, value) : null;
}

function breach(limit: Money, value: Money): Breach {
  return { limit: plain(limit), value: plain(value) };
}
