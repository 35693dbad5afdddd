/** What the open position cost, if all its fills were seen. */
import type { FillEvent } from "../../domain/run/event.ts";
import { Money, ZERO } from "../../domain/numbers/money.ts";

/** Follows the position of a run from fill to fill. */
export class Holding {
  /** With fees, quote currency; null if a buy was not seen, as in a resumed run. */
  #cost: Money | null = null;
  #quantity = ZERO;

  /** Takes the next fill. */
  fill({ side, price, quantity, fee, position }: FillEvent): void {
    const held = new Money(position);
    const filled = new Money(quantity);
    if (side === "buy") {
      const paid = new Money(price).times(filled).plus(new Money(fee));
      const before = held.minus(filled).isZero() ? ZERO : this.#cost;
      this.#cost = before?.plus(paid) ?? null;
    } else if (this.#cost !== null) {
      const before = held.plus(filled);
      this.#cost = before.isZero() ? ZERO : this.#cost.times(held).div(before);
    }
    this.#quantity = held;
  }

  /** The average price of the position, with fees; null without a position, or if it is unknown. */
  get averagePrice(): Money | null {
    return this.#cost === null || this.#quantity.isZero() ? null : this.#cost.div(this.#quantity);
  }

  /** What the position would gain or lose at `price`, before the fee of the sale; null where the average price is. */
  profitAt(price: Money): Money | null {
    return this.averagePrice === null ? null : price.times(this.#quantity).minus(this.#cost!);
  }
}
