import type { Money } from "../numbers/money.ts";

/** What an order would trade at one trade: quantities in base currency, amounts in quote currency. */
export class Quote {
  readonly price: Money;
  /** All that is left of the order; zero if that is less than a lot. */
  readonly whole: Money;
  /** The part of it that the trade has volume for; zero if that is less than a lot. */
  readonly quantity: Money;
  /** price × quantity */
  readonly notional: Money;
  readonly fee: Money;
  /** What is left of a purchase's stake, before its fee; zero for a sale. */
  readonly stake: Money;
  #wholeNotional: Money | null;

  constructor(
    { price, whole, quantity, notional, fee, stake }: Pick<
      Quote,
      "price" | "whole" | "quantity" | "notional" | "fee" | "stake"
    >,
  ) {
    this.price = price;
    this.whole = whole;
    this.quantity = quantity;
    this.notional = notional;
    this.fee = fee;
    this.stake = stake;
    this.#wholeNotional = quantity === whole ? notional : null;
  }

  /** Whether the trade has volume for all that is left. */
  get isWhole(): boolean {
    return this.quantity === this.whole;
  }

  /** price × whole */
  get wholeNotional(): Money {
    return this.#wholeNotional ??= this.price.times(this.whole);
  }
}
