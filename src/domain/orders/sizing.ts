/** How much an order trades at a price, or why it trades nothing. */
import type { Account } from "../account/account.ts";
import {
  affordableQuantity,
  FEE_STEP,
  feeOn,
  lotsOrMore,
  type Money,
  type Outlay,
  outlayOf,
  plain,
  quantityOf,
  slippedPrice,
  wholeLots,
  ZERO,
} from "../numbers/money.ts";
import type { Order } from "./order.ts";
import type { Check } from "./refusal.ts";
import { CashShare, stakeAt } from "./stake.ts";
import type { TradeFields } from "../market/trade_reader.ts";
import type { TradingParameters } from "../risk/trading_parameters.ts";

/**
 * What an order trades at one trade: quantities in base currency; price, notional and fee in quote currency.
 */
export interface Sized {
  readonly price: Money;
  /** Zero if the trade leaves no room for a lot. */
  readonly quantity: Money;
  readonly notional: Money;
  readonly fee: Money;
  /** All that is left of the order, which it would trade if there were room. */
  readonly whole: Money;
}

/** Why an order cannot trade; `limit` and `value` are in the same unit. */
export interface Unsized {
  readonly reason: Check;
  readonly limit: string;
  readonly value: string;
}

/** A trade's quantity, base currency: whole units, and hundred-millionths of one. */
type TradedQuantity = Pick<TradeFields, "quantityWhole" | "quantityFraction">;

/** Sizes orders under the same trading parameters. */
export class OrderSizing {
  readonly #parameters: TradingParameters;
  /** The outlay of a stake that is an amount; null if it is a share of the cash. */
  readonly #outlay: Outlay | null;
  /** 1 + fee rate. */
  readonly #grossing: Money;
  /** The most that a buy spends, its rounded-up fee included; null if that depends on the order. */
  readonly #most: Money | null;
  /** The smallest quantity of an order. */
  readonly #least: Money;

  constructor(parameters: TradingParameters) {
    this.#parameters = parameters;
    this.#least = parameters.minQuantity === null
      ? parameters.lot
      : lotsOrMore(parameters.minQuantity, parameters.lot);
    this.#grossing = parameters.feeRate.plus(1);
    this.#outlay = parameters.stake instanceof CashShare
      ? null
      : outlayOf(parameters.stake, parameters.feeRate);
    this.#most = this.#outlay === null ? null : this.#outlay.grossStake.plus(FEE_STEP);
  }

  /**
   * Sizes an order against the account at a trade's price. A buy spends what is left of its stake, or as much
   * as the cash allows with the fee on top; a sell sells the whole position. A stake that is a share of the
   * cash is computed here, from the cash there is, until the order is working. At most `room` (base currency,
   * null for any amount) is traded now; the instrument's limits apply to the whole order, when it starts.
   */
  size(order: Order, tradePrice: Money, account: Account, room: Money | null): Sized | Unsized {
    const { slippage, tick, lot, minNotional, maxNotional, feeRate, maxPosition } = this.#parameters;
    const { side, isWorking } = order;
    const price = slippedPrice(side, tradePrice, slippage, tick);
    const whole = side === "sell"
      ? account.position
      : affordableQuantity(this.#outlayOf(order, account), account.cash, price, lot);
    if (whole.isZero() || !isWorking && this.#isTooSmall(whole)) return this.#nothing(order, price, account);
    const isWhole = room === null || whole.lte(room);
    const quantity = isWhole ? whole : room;
    const notional = price.times(quantity);
    // What the whole order trades matters only before it is working, and for limits.
    const isLimited = !isWorking || maxNotional !== null || maxPosition !== null;
    const all = isWhole || !isLimited ? notional : price.times(whole);
    if (price.isZero() || !isWorking && all.lt(minNotional)) {
      return because("min-notional", minNotional, all);
    }
    const tooLarge = this.#tooLarge(order, whole, all);
    if (tooLarge !== null) return tooLarge;
    if (side === "buy" && maxPosition !== null) {
      const held = account.position.isZero() ? all : account.position.plus(whole).times(price);
      if (held.gt(maxPosition)) return because("max-position", maxPosition, held);
    }
    const fee = feeOn(notional, feeRate);
    if (side === "buy" && (this.#most === null || !account.canPay(this.#most))) {
      const spent = notional.plus(fee);
      if (!account.canPay(spent)) return because("funds", spent, account.cash);
    }
    // A sale that brings in less than its fee, which is rounded up, costs the difference.
    if (side === "sell" && notional.lt(fee) && !account.canPay(fee.minus(notional))) {
      return because("funds", fee.minus(notional), account.cash);
    }
    return { price, quantity, notional, fee, whole };
  }

  /** The volume that a trade of this quantity has for orders, in whole lots; null for any amount. */
  roomAt({ quantityWhole, quantityFraction }: TradedQuantity): Money | null {
    const { participation, lot } = this.#parameters;
    if (participation === null) return null;
    return wholeLots(quantityOf(quantityWhole, quantityFraction).times(participation), lot);
  }

  /** What an order still needs once it has traded `sized`: cash with the fee on top, or position. */
  needs(
    order: Order,
    { quantity, notional, fee }: Sized,
    account: Account,
  ): { cash: Money; position: Money } {
    if (order.side === "sell") return { cash: ZERO, position: account.position.minus(quantity) };
    const stake = this.#stakeOf(order, account.cash).minus(order.spent);
    const left = account.cash.minus(notional).minus(fee);
    const wanted = stake.minus(notional).times(this.#grossing);
    return { cash: wanted.lt(left) ? wanted : left, position: ZERO };
  }

  #outlayOf(order: Order, { cash }: Account): Outlay {
    const { spent } = order;
    if (this.#outlay !== null && spent.isZero()) return this.#outlay;
    const [stake, grossing] = [this.#stakeOf(order, cash).minus(spent), this.#grossing];
    return { stake, grossing, grossStake: stake.times(grossing) };
  }

  /** What the whole order may spend before its fee. */
  #stakeOf(order: Order, cash: Money): Money {
    const { stake } = this.#parameters;
    if (stake instanceof CashShare && !order.isWorking) order.stake = stakeAt(stake, cash);
    return order.stake ?? stakeAt(stake, cash);
  }

  /** Without a smallest quantity, a sale may be smaller than a lot. */
  #isTooSmall(quantity: Money): boolean {
    const { minQuantity } = this.#parameters;
    return minQuantity !== null && quantity.lt(minQuantity);
  }

  /**
   * Why an order, with what it has filled already, would exceed the instrument's limits; null if it would
   * not. Once it starts to fill, the quantity of a sale is fixed, while that of a purchase changes with the
   * price.
   */
  #tooLarge({ side, isWorking, filled, spent }: Order, whole: Money, all: Money): Unsized | null {
    const { maxQuantity, maxNotional } = this.#parameters;
    if (isWorking && side === "sell") return null;
    if (maxQuantity !== null) {
      const quantity = filled.plus(whole);
      if (quantity.gt(maxQuantity)) return because("max-quantity", maxQuantity, quantity);
    }
    if (maxNotional !== null) {
      const notional = spent.plus(all);
      if (notional.gt(maxNotional)) return because("max-notional", maxNotional, notional);
    }
    return null;
  }

  /** Why no tradable quantity is left; `lot` and `funds` are in quote currency. */
  #nothing(order: Order, price: Money, account: Account): Unsized {
    const { lot } = this.#parameters;
    const leastCost = price.times(order.isWorking ? lot : this.#least);
    if (order.side === "sell") {
      return account.position.isZero()
        ? { reason: "no-position", limit: plain(lot), value: "0" }
        : because("lot", leastCost, price.times(account.position));
    }
    const leastCostWithFee = leastCost.times(this.#grossing);
    return account.canPay(leastCostWithFee)
      ? because("lot", leastCost, this.#outlayOf(order, account).stake)
      : because("funds", leastCostWithFee, account.cash);
  }
}

function because(reason: Check, limit: Money, value: Money): Unsized {
  return { reason, limit: plain(limit), value: plain(value) };
}
