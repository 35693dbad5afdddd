/** How much an order trades at a price, or why it trades nothing. */
import type { Account } from "./account.ts";
import { affordableQuantity, feeOn, type Money, plain, type Side, slippedPrice } from "./money.ts";
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

/**
 * Sizes an order against the account at a trade's price: a buy spends the stake, or what the cash allows with
 * the fee on top; a sell sells the whole position.
 */
export function sizeOrder(side: Side, tradePrice: Money, account: Account, terms: Terms): Sized | Unsized {
  const price = slippedPrice(side, tradePrice, terms.slippage, terms.tick);
  const quantity = side === "sell" ? account.position : affordableQuantity({
    stake: terms.stake,
    cash: account.cash,
    feeRate: terms.feeRate,
    price,
    lot: terms.lot,
  });
  if (quantity.isZero()) return nothing(side, price, account, terms);
  const notional = price.times(quantity);
  if (notional.isZero() || notional.lt(terms.minNotional)) {
    return because("min-notional", terms.minNotional, notional);
  }
  const fee = feeOn(notional, terms.feeRate);
  if (side === "buy" && !account.canPay(notional.plus(fee))) {
    return because("funds", notional.plus(fee), account.cash);
  }
  return { price, quantity, fee };
}

/** Says why a quantity came to zero. */
function nothing(side: Side, price: Money, account: Account, { lot, stake, feeRate }: Terms): Unsized {
  if (side === "sell") return { reason: "no-position", limit: plain(lot), value: "0" };
  const lotCost = price.times(lot);
  const lotCostWithFee = lotCost.times(feeRate.plus(1));
  return account.canPay(lotCostWithFee)
    ? because("lot", lotCost, stake)
    : because("funds", lotCostWithFee, account.cash);
}

function because(reason: Check, limit: Money, value: Money): Unsized {
  return { reason, limit: plain(limit), value: plain(value) };
}
