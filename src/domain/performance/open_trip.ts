/** A round trip that has not ended yet: from no position to none again, usually one purchase and one sale. */
import type { Fill } from "../orders/fill.ts";
import { type Money, ZERO } from "../numbers/money.ts";
import type { TripRecord } from "./trip_rows.ts";

/** The fields of a fill that a trip adds up. */
export type TripFill = Pick<Fill, "price" | "quantity" | "fee" | "realized" | "cause">;

/** The exact sums of a trip, which ends when the rest of the position is sold. */
export class OpenTrip implements TripRecord {
  number = 0;
  readonly entryTime: number;
  exitTime = NaN;
  bought: Money;
  spent: Money;
  fees: Money;
  isPartSold = false;
  sold: Money = ZERO;
  received: Money = ZERO;
  saleFees: Money = ZERO;
  profit: Money = ZERO;
  best = -Infinity;
  worst = Infinity;
  cause = "signal";

  /** Starts with the purchase at `entryTime`, µs since 1970. */
  constructor({ price, quantity, fee }: TripFill, entryTime: number) {
    this.entryTime = entryTime;
    this.bought = quantity;
    this.spent = price.times(quantity);
    this.fees = fee;
  }

  /** Adds a purchase. */
  buy({ price, quantity, fee }: TripFill): void {
    this.bought = this.bought.plus(quantity);
    this.spent = this.spent.plus(price.times(quantity));
    this.fees = this.fees.plus(fee);
  }

  /** Adds a sale; `time` is the time of its trade. */
  sell({ price, quantity, fee, realized, cause }: TripFill, time: number): void {
    const received = price.times(quantity);
    const profit = realized ?? ZERO;
    // Most trips end with one sale, which needs no sums.
    this.sold = this.isPartSold ? this.sold.plus(quantity) : quantity;
    this.received = this.isPartSold ? this.received.plus(received) : received;
    this.saleFees = this.isPartSold ? this.saleFees.plus(fee) : fee;
    this.profit = this.isPartSold ? this.profit.plus(profit) : profit;
    this.isPartSold = true;
    this.exitTime = Math.max(time, this.entryTime);
    this.cause = cause ?? "signal";
  }

  /** Notes the profit that the trip would have if it ended now. */
  mark(lowest: number, highest: number): void {
    if (highest > this.best) this.best = highest;
    if (lowest < this.worst) this.worst = lowest;
  }
}
