/** A round trip that has not ended yet: from no position to none again, usually one buy and one sale. */
import type { Fill } from "../orders/fill.ts";
import { type Money, ZERO } from "../numbers/money.ts";

/** The part of a fill that round trips need. */
export type TripFill = Pick<Fill, "side" | "price" | "quantity" | "fee" | "position" | "realized">;

/** Exact sums over the fills of a round trip. Amounts in quote currency, quantities in base. */
export class OpenTrip {
  /** µs since 1970. */
  readonly entryTime: number;
  fills = 0;
  bought: Money = ZERO;
  /** Price × quantity of what was bought, and of what was sold: without fees. */
  spent: Money = ZERO;
  sold: Money = ZERO;
  received: Money = ZERO;
  /** Of both sides, and of the sales alone. */
  fees: Money = ZERO;
  saleFees: Money = ZERO;
  /** What the account realized with the sales. */
  profit: Money = ZERO;

  /** Starts at `entryTime`, µs since 1970. */
  constructor(entryTime: number) {
    this.entryTime = entryTime;
  }

  /** Adds the next fill. Returns whether the trip has ended with it. */
  add({ side, price, quantity, fee, position, realized }: TripFill): boolean {
    const notional = price.times(quantity);
    this.fills++;
    this.fees = this.fees.plus(fee);
    if (side === "buy") {
      this.bought = this.bought.plus(quantity);
      this.spent = this.spent.plus(notional);
      return false;
    }
    this.sold = this.sold.plus(quantity);
    this.received = this.received.plus(notional);
    this.saleFees = this.saleFees.plus(fee);
    this.profit = this.profit.plus(realized ?? ZERO);
    return position.isZero();
  }
}
