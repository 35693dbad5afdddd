/** How much an order trades at a price, or why it trades nothing. */
import type { Account } from "./account.ts";
import {
  affordableQuantity,
  FEE_STEP,
  feeOn,
  type Money,
  type Outlay,
  outlayOf,
  plain,
  type Side,
  slippedPrice,
  wholeLots,
} from "./money.ts";
import type { Check } from "./refusal.ts";
import type { Terms } from "./terms.ts";

/** An order's size: quantity in base currency, price and fee in quote currency. */
export interface Sized {
  readonly price: Money;
  readonly quantity: Money;
  readonly fee: Money;
}

/** Why an order cannot trade; `limit` and `value` in the same unit. */
export interface Unsized {
  readonly reason: Check;
  readonly limit: string;
  readonly value: string;
}

/** Sizes orders under the same terms. */
export class OrderSizing {
  readonly #terms: Terms;
  readonly #outlay: Outlay;
  /** No buy spends more than this, its fee rounded up included. */
  readonly #most: Money;
  /** The smallest quantity of an order. */
  readonly #least: Money;

  constructor(terms: Terms) {
    this.#terms = terms;
    this.#least = terms.minQuantity === null ? terms.lot : wholeLots(terms.minQuantity, terms.lot);
    this.#outlay = outlayOf(terms.stake, terms.feeRate);
    this.#most = this.#outlay.grossStake.plus(FEE_STEP);
  }

  /**
   * Sizes an order against the account at a trade's price: a buy spends the stake, or what the cash allows with
   * the fee on top; a sell sells the whole position.
   */
  size(side: Side, tradePrice: Money, account: Account): Sized | Unsized {
    const { slippage, tick, lot, maxQuantity, minNotional, maxNotional, feeRate } = this.#terms;
    const price = slippedPrice(side, tradePrice, slippage, tick);
    const quantity = side === "sell"
      ? account.position
      : affordableQuantity(this.#outlay, account.cash, price, lot);
    if (quantity.isZero() || this.#isTooSmall(quantity)) return this.#nothing(side, price, account);
    const notional = price.times(quantity);
    if (notional.isZero() || notional.lt(minNotional)) {
      return because("min-notional", minNotional, notional);
    }
    if (maxQuantity !== null && quantity.gt(maxQuantity)) {
      return because("max-quantity", maxQuantity, quantity);
    }
    if (maxNotional !== null && notional.gt(maxNotional)) {
      return because("max-notional", maxNotional, notional);
    }
    const fee = feeOn(notional, feeRate);
    if (side === "buy" && !account.canPay(this.#most)) {
      const spent = notional.plus(fee);
      if (!account.canPay(spent)) return because("funds", spent, account.cash);
    }
    // A sale that brings in less than its fee, which is rounded up, costs the difference.
    if (side === "sell" && notional.lt(fee) && !account.canPay(fee.minus(notional))) {
      return because("funds", fee.minus(notional), account.cash);
    }
    return { price, quantity, fee };
  }

  /** Without a smallest quantity a sale may be of less than a lot. */
  #isTooSmall(quantity: Money): boolean {
    const { minQuantity } = this.#terms;
    return minQuantity !== null && quantity.lt(minQuantity);
  }

  /** Says why a quantity came to nothing that can be traded; amounts of `lot` and `funds` in quote currency. */
  #nothing(side: Side, price: Money, account: Account): Unsized {
    const { lot } = this.#terms;
    const leastCost = price.times(this.#least);
    if (side === "sell") {
      return account.position.isZero()
        ? { reason: "no-position", limit: plain(lot), value: "0" }
        : because("lot", leastCost, price.times(account.position));
    }
    const leastCostWithFee = leastCost.times(this.#outlay.grossing);
    return account.canPay(leastCostWithFee)
      ? because("lot", leastCost, this.#outlay.stake)
      : because("funds", leastCostWithFee, account.cash);
  }
}

function because(reason: Check, limit: Money, value: Money): Unsized {
  return { reason, limit: plain(limit), value: plain(value) };
}
