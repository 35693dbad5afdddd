/** The exchange's side of an order, on paper: its price, quantity and fee, its parts, and the booking of each. */
import type { Account } from "../domain/account/account.ts";
import type { Tick } from "../domain/market/tick.ts";
import {
  affordableQuantity,
  feeOn,
  type Money,
  type Outlay,
  outlayOf,
  quantityOf,
  slippedPrice,
  wholeLots,
  ZERO,
} from "../domain/numbers/money.ts";
import { priceAsMoney } from "../domain/numbers/price.ts";
import type { Fill } from "../domain/orders/fill.ts";
import type { Order, Progress } from "../domain/orders/order.ts";
import { Quote } from "../domain/orders/quote.ts";
import { CashShare, stakeAt } from "../domain/orders/stake.ts";
import type { TradingParameters, TradingRules } from "../domain/risk/trading_parameters.ts";
import type { ApprovedOrder, Quotes } from "./risk.ts";

/** The progress of an order that continues. */
const PART: Progress & { readonly partial: true } = { partial: true };

/** Fills the orders of one account in one symbol. It checks nothing: the gate has done that. */
export class PaperExchange implements Quotes {
  #parameters: TradingParameters;
  readonly #account: Account;
  /** The outlay of a stake that is an amount; null if it is a share of the cash. */
  readonly #outlay: Outlay | null;
  /** 1 + fee rate. */
  readonly #grossing: Money;
  /** The trade that orders were last quoted at, its price, and what is left of its volume; null for any amount. */
  #trade: Tick | null = null;
  #price: Money = ZERO;
  #room: Money | null = null;

  constructor(parameters: TradingParameters, account: Account) {
    const { stake, feeRate } = parameters;
    this.#parameters = parameters;
    this.#account = account;
    this.#outlay = stake instanceof CashShare ? null : outlayOf(stake, feeRate);
    this.#grossing = feeRate.plus(1);
  }

  /** What orders are quoted under: another object after each `takeRules`. */
  get parameters(): TradingParameters {
    return this.#parameters;
  }

  /** From now on, orders are quoted under these rules; rules that are not given stay as they are. */
  takeRules(rules: Partial<TradingRules>): void {
    this.#parameters = { ...this.#parameters, ...rules };
  }

  /**
   * What an order would trade at a trade. A purchase spends what is left of its stake, or as much as the cash allows
   * with the fee on top; a sale sells the whole position. A stake that is a share of the cash is computed here, from
   * the available cash, until the order is working. All orders at one trade share its volume.
   */
  quote(order: Order, trade: Tick): Quote {
    if (trade !== this.#trade) this.#open(trade);
    const { slippage, tick, lot, feeRate } = this.#parameters;
    const { spendable: cash, position } = this.#account;
    const price = slippedPrice(order.side, this.#price, slippage, tick);
    const outlay = order.side === "buy" ? this.#outlayOf(order, cash) : null;
    const whole = outlay === null ? position : affordableQuantity(outlay, cash, price, lot);
    const quantity = this.#room === null || whole.lte(this.#room) ? whole : this.#room;
    // Often nothing is left: a quarter of the trades at which a working order is due have no volume for it.
    const isNothing = quantity.isZero();
    const notional = isNothing ? ZERO : price.times(quantity);
    const fee = isNothing ? ZERO : feeOn(notional, feeRate);
    return new Quote({ price, whole, quantity, notional, fee, stake: outlay?.stake ?? ZERO });
  }

  /** What is left of the stake of a working purchase, before its fee, quote currency; zero for a sale. */
  stakeLeft(order: Order): Money {
    return order.side === "sell" ? ZERO : this.#stakeOf(order, this.#account.spendable).minus(order.spent);
  }

  /** Reserves what a working order still needs, of the cash and the position that its parts so far have left. */
  reserveRest(order: Order, cash: Money, position: Money): void {
    if (order.side === "sell") this.#account.reserve(ZERO, position);
    else this.#reserveCash(this.stakeLeft(order), cash);
  }

  /** Drops what is reserved for an order that ends before it is filled. */
  cancel(order: Order): void {
    if (order.isWorking) this.#account.reserve(ZERO, ZERO);
  }

  /**
   * Fills an approved order at its quote and books it; null if the trade has no volume for it. Throws a BooksError when
   * the books no longer balance.
   */
  fill({ order, quote }: ApprovedOrder, tradeId: number): Fill | null {
    const progress = this.#parameters.participation === null ? null : this.#work(order, quote);
    if (quote.quantity.isZero()) return null;
    const account = this.#account;
    const { side, cause, signalTradeId } = order;
    const { price, quantity, fee } = quote;
    const realized = account.book({ side, price, quantity, fee, tradeId });
    const { cash, position } = account;
    const fill: { -readonly [P in keyof Fill]: Fill[P] } = {
      kind: "fill",
      side,
      price,
      quantity,
      fee,
      cash,
      position,
      tradeId,
      signalTradeId,
      realized,
    };
    // Spreading nothing costs as much as the rest of the record.
    if (cause !== null) fill.cause = cause;
    if (progress === PART) fill.partial = true;
    else if (progress !== null) Object.assign(fill, progress);
    return fill;
  }

  /** Notes the next trade: its price, and the volume that it has for orders, in whole lots. */
  #open(trade: Tick): void {
    const { participation, lot } = this.#parameters;
    this.#trade = trade;
    this.#price = priceAsMoney(trade.price, trade.decimals);
    this.#room = participation === null
      ? null
      : wholeLots(quantityOf(trade.quantityWhole, trade.quantityFraction).times(participation), lot);
  }

  #outlayOf(order: Order, cash: Money): Outlay {
    const { spent } = order;
    if (this.#outlay !== null && spent.isZero()) return this.#outlay;
    const stake = this.#stakeOf(order, cash).minus(spent);
    const grossing = this.#grossing;
    // Cash for the whole stake is more than enough for the rest of it.
    const isPlenty = this.#outlay !== null && this.#outlay.grossStake.lte(cash);
    return { stake, grossing, grossStake: isPlenty ? ZERO : stake.times(grossing) };
  }

  /** What the whole order may spend before its fee. */
  #stakeOf(order: Order, cash: Money): Money {
    const { stake } = this.#parameters;
    if (stake instanceof CashShare && !order.isWorking) order.stake = stakeAt(stake, cash);
    return order.stake ?? stakeAt(stake, cash);
  }

  /** Works an order that may take several trades. Returns what its fill says about the progress; null for nothing. */
  #work(order: Order, quote: Quote): Progress & { readonly partial?: true } | null {
    const { quantity, notional, isWhole } = quote;
    const isFirst = order.filled.isZero();
    order.isWorking = true;
    this.#reserve(order, quote);
    if (quantity.isZero()) return PART;
    order.take(quantity, notional);
    if (this.#room !== null) this.#room = this.#room.minus(quantity);
    if (!isWhole) return PART;
    return isFirst ? null : order.progress();
  }

  /** Reserves what an order will still need after this part of it: cash with the fee on top, or the position. */
  #reserve({ side }: Order, { stake, quantity, notional, fee, isWhole }: Quote): void {
    const account = this.#account;
    if (isWhole) account.reserve(ZERO, ZERO);
    else if (side === "sell") account.reserve(ZERO, account.position.minus(quantity));
    else this.#reserveCash(stake.minus(notional), account.spendable.minus(notional).minus(fee));
  }

  #reserveCash(stake: Money, left: Money): void {
    const wanted = stake.times(this.#grossing);
    this.#account.reserve(wanted.lt(left) ? wanted : left, ZERO);
  }
}
