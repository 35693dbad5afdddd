/** What an account books, and the lines of the ledger that this makes. */
import type { Money, Side } from "../numbers/money.ts";

/** One line of the ledger: adds `amount` to `account`. */
export interface Posting {
  readonly account: "cash" | "position" | "fees" | "market quote" | "market base";
  readonly amount: Money;
  readonly tradeId: number;
}

/** What a filled order did, as the account books it. Price and fee in quote currency, quantity in base. */
export interface Booking {
  readonly side: Side;
  readonly price: Money;
  readonly quantity: Money;
  readonly fee: Money;
  readonly tradeId: number;
}

/** What consecutive parts of one order did, added up. Amounts in quote currency, quantities in base. */
export interface PartsBooking {
  readonly side: Side;
  readonly quantity: Money;
  /** Σ price × quantity */
  readonly notional: Money;
  readonly fee: Money;
  /** What the sold quantity had cost: the sum of each part's `costShare`. Zero for a purchase. */
  readonly cost: Money;
  /** The trade of the last part. */
  readonly tradeId: number;
}

/** What a fill, or consecutive parts of one order, add to which account: per asset the amounts sum to zero. */
export function postingsOf(booking: Booking | PartsBooking): Posting[] {
  const { side, quantity, fee, tradeId } = booking;
  const notional = "notional" in booking ? booking.notional : booking.price.times(quantity);
  const buys = side === "buy";
  return [
    { account: "market quote", amount: buys ? notional : notional.neg(), tradeId },
    { account: "cash", amount: buys ? notional.plus(fee).neg() : notional.minus(fee), tradeId },
    { account: "fees", amount: fee, tradeId },
    { account: "market base", amount: buys ? quantity.neg() : quantity, tradeId },
    { account: "position", amount: buys ? quantity : quantity.neg(), tradeId },
  ];
}
