/**
 * What consecutive parts of one order trade, in plain numbers: amounts and quantities are whole numbers of their last
 * decimal. What is larger than 2^53 − 1, the last part of an order, and what the cash might not pay for are left to the
 * paper exchange.
 *
 * Doubles count exactly up to 2^53. A sum or product of whole numbers that is larger never rounds to less than 2^53, so
 * it is exact if its double is below that: one comparison of each result is proof enough.
 *
 * Quotients are only needed rounded to whole numbers, and their doubles round to the same ones. Unless a quotient is
 * whole, it is at least 1 ÷ divisor away from the next whole number. Its double is nearer to it than that: doubles there
 * are at most quotient × 2^-52 apart, which is less than 2 ÷ divisor for a dividend below 2^53, and half of that is the
 * largest error.
 */
import type { Account } from "../domain/account/account.ts";
import type { Block } from "../domain/market/block.ts";
import { FEE_DECIMALS, Money, type Side, slippedPrice } from "../domain/numbers/money.ts";
import { exactCount, wholeCount } from "../domain/numbers/count.ts";
import { MAX_DECIMALS, priceAsMoney } from "../domain/numbers/price.ts";
import type { TradingParameters } from "../domain/risk/trading_parameters.ts";

/** The parameters that parts depend on. */
export interface PartParameters
  extends Pick<TradingParameters, "slippage" | "tick" | "lot" | "feeRate" | "participation"> {}

const MOST = Number.MAX_SAFE_INTEGER;
/** A hundred times the error of the doubles that compare a stake with the cash, as a fraction of them. */
const SUSPECT = 1e-13;
/** The decimals of a traded quantity. */
const QUANTITY_DECIMALS = MAX_DECIMALS;
const QUANTITY_UNIT = tenTo(QUANTITY_DECIMALS);

/** Quotes the parts of one order. Made once, and started again for each order and block. */
export class PartQuotes {
  /** The parameters that it was made from. */
  readonly parameters: PartParameters;
  readonly #share: number;
  readonly #lot: number;
  readonly #rate: number;
  readonly #grossing: number;
  /** A lot in units of a traded quantity × the share of it. */
  readonly #lotOfShare: number;
  #side: Side = "buy";
  #priceDecimals = 0;
  /** How many units of an amount one of the last decimal of price × quantity is, and one of a fee. */
  #notionalUnit = 0;
  #feeUnit = 0;
  /** How many of the last decimal of price × quantity × rate make one of a fee. */
  #feeDivisor = 0;
  /**
   * What a purchase may still spend before its fee, and the cash, in units of an amount; what a sale may still sell, in
   * units of a quantity. Each may be less than that, never more.
   */
  #stake = 0;
  #cash = 0;
  #position = 0;

  /** The decimals of an amount and of a quantity. `quantity`, `notional` and `fee` count the last of them. */
  decimals = 0;
  readonly quantityDecimals: number;
  /** The price of the last part, in units of its own decimals. */
  price = 0;
  /** The last part: its quantity, price × quantity and fee. */
  quantity = 0;
  notional = 0;
  fee = 0;

  constructor(parameters: PartParameters) {
    const { participation, lot, feeRate } = parameters;
    this.parameters = parameters;
    this.quantityDecimals = lot.scale;
    this.#lot = exactCount(lot, lot.scale);
    this.#share = participation === null ? NaN : exactCount(participation, participation.scale);
    this.#rate = exactCount(feeRate, feeRate.scale);
    this.#grossing = (1 + feeRate.toDouble()) * (1 + SUSPECT);
    const more = QUANTITY_DECIMALS + (participation?.scale ?? 0) - lot.scale;
    this.#lotOfShare = this.#lot * tenTo(more);
  }

  /** Starts with an order on this side in a block; `stake` (quote currency) is what a purchase has left to spend. */
  start(side: Side, stake: Money, account: Account, { decimals }: Block): void {
    const { slippage, tick, feeRate } = this.parameters;
    this.#side = side;
    this.#priceDecimals = slippage.isZero() ? decimals : tick.scale;
    const product = this.#priceDecimals + this.quantityDecimals;
    const feeDecimals = Math.min(product + feeRate.scale, FEE_DECIMALS);
    this.decimals = Math.max(product, feeDecimals);
    this.#notionalUnit = tenTo(this.decimals - product);
    this.#feeUnit = tenTo(this.decimals - feeDecimals);
    this.#feeDivisor = tenTo(product + feeRate.scale - feeDecimals);
    this.#stake = wholeCount(stake, this.decimals);
    this.#cash = wholeCount(account.cash, this.decimals);
    this.#position = wholeCount(account.position, this.quantityDecimals);
  }

  /**
   * Quotes the part at a row of the block. False unless it is exact, the account can pay it, and more of the order is
   * left after it. The quantity may be zero.
   */
  quote(block: Block, row: number): boolean {
    const price = this.price = this.#priceAt(block, row);
    const quantity = this.quantity = this.#roomAt(block, row);
    const product = price * quantity;
    const notional = this.notional = product * this.#notionalUnit;
    const charged = product * this.#rate;
    const fee = this.fee = Math.ceil(charged / this.#feeDivisor) * this.#feeUnit;
    const isExact = price <= MOST && quantity <= MOST && notional <= MOST && charged <= MOST && fee <= MOST;
    if (!isExact || price <= 0) return false;
    if (this.#side === "sell") return quantity < this.#position && fee <= notional;
    const lotCost = price * this.#lot * this.#notionalUnit;
    return notional + lotCost <= this.#stake && notional + fee <= this.#cash &&
      (this.#stake + 1) * this.#grossing <= this.#cash;
  }

  /** The price of the part that was quoted last, quote currency. */
  get priceAsMoney(): Money {
    return new Money(BigInt(this.price), this.#priceDecimals);
  }

  /** Takes the part that was quoted last. */
  take(): void {
    if (this.#side === "sell") this.#position -= this.quantity;
    else {
      this.#stake -= this.notional;
      this.#cash -= this.notional + this.fee;
    }
  }

  #priceAt({ price, decimals }: Block, row: number): number {
    const { slippage, tick } = this.parameters;
    if (slippage.isZero()) return price[row]!;
    const slipped = slippedPrice(this.#side, priceAsMoney(price[row]!, decimals), slippage, tick);
    return exactCount(slipped, this.#priceDecimals);
  }

  /** The volume that a trade has for orders, in whole lots; NaN where it cannot be computed exactly. */
  #roomAt({ quantityWhole, quantityFraction }: Block, row: number): number {
    const share = (quantityWhole[row]! * QUANTITY_UNIT + quantityFraction[row]!) * this.#share;
    return share <= MOST ? Math.floor(share / this.#lotOfShare) * this.#lot : NaN;
  }
}

/** 10^n, exact for n from 0 to 22; NaN for any other n. */
function tenTo(n: number): number {
  return n >= 0 && n <= 22 ? Number(`1e${n}`) : NaN;
}
