/**
 * The round trips of a run, one record each, for people to look at. Memory is bounded: of many trips the last, the best
 * and the worst are kept, while the totals by hour, weekday, month and return cover all of them.
 */
import { estimate, plain } from "../numbers/money.ts";
import type { Fill } from "../orders/fill.ts";
import { KeptTrips } from "./kept_trips.ts";
import { OpenTrip } from "./open_trip.ts";
import type { TripRecord } from "./trip_rows.ts";
import { type TripsBy, TripSums } from "./trip_totals.ts";

/** One round trip. Amounts are decimal text in quote currency, times µs since 1970. */
export interface Trip {
  /** 1 for the first of the run. */
  readonly number: number;
  readonly entryTime: number;
  readonly exitTime: number;
  /** Averages over the fills, as doubles for showing only. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** Base currency bought in all. */
  readonly quantity: string;
  /** What it cost, fees included. */
  readonly cost: string;
  /** The fees of both sides. */
  readonly fees: string;
  /** After the fees of both sides. */
  readonly profit: string;
  /** The highest and the lowest profit it would have had at any trade while it was open, before the fee of a sale. */
  readonly best: number;
  readonly worst: number;
  /** Why it ended: `signal`, or what else sold the position. */
  readonly cause: string;
}

/** The trips of a run. */
export interface Trips extends TripsBy {
  /** All of them. */
  readonly count: number;
  /** The kept ones, oldest first. */
  readonly kept: readonly Trip[];
}

/** Follows the fills of one account in one symbol. */
export class TripLog {
  #count = 0;
  readonly #kept = new KeptTrips();
  readonly #sums = new TripSums();
  #open: OpenTrip | null = null;

  /** Adds a fill; `time` is that of its trade, µs since 1970. Throws a TypeError for a sale without a position. */
  add(fill: Fill, time: number): void {
    if (fill.side === "buy") {
      if (this.#open === null) this.#open = new OpenTrip(fill, time);
      else this.#open.buy(fill);
      return;
    }
    const open = this.#open;
    if (open === null) {
      throw new TypeError(`A sale closes a position: the one at trade ${fill.tradeId} has none before it`);
    }
    open.sell(fill, time);
    if (!fill.position.isZero()) return;
    this.#open = null;
    open.number = ++this.#count;
    this.#kept.add(open);
    this.#sums.add(open.profit, open.spent, open.exitTime);
  }

  /** Notes what the open trip is worth: its profit if it ended now, fees of the sale aside, quote currency. */
  mark(lowest: number, highest: number): void {
    this.#open?.mark(lowest, highest);
  }

  /** The profit of the parts of the open trip that were sold, quote currency; 0 without one. */
  get partProfit(): number {
    const open = this.#open;
    return open === null || !open.isPartSold ? 0 : estimate(open.profit);
  }

  /** The trips so far. */
  trips(): Trips {
    return { count: this.#count, kept: this.#kept.trips().map(shown), ...this.#sums.totals() };
  }
}

/** A trip as people are shown it. */
function shown(trip: TripRecord): Trip {
  const { number, entryTime, exitTime, bought, spent, fees, sold, received, saleFees, profit } = trip;
  const { best, worst, cause } = trip;
  return {
    ...{ number, entryTime, exitTime },
    entryPrice: estimate(spent) / estimate(bought),
    exitPrice: estimate(received) / estimate(sold),
    quantity: plain(bought),
    // Profit is what the sales brought in, less their fees, less what the position cost with its own.
    cost: plain(received.minus(saleFees).minus(profit)),
    fees: plain(fees.plus(saleFees)),
    profit: plain(profit),
    best: Number.isFinite(best) ? best : 0,
    worst: Number.isFinite(worst) ? worst : 0,
    cause,
  };
}
