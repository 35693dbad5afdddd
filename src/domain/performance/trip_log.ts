/**
 * The round trips of a run, one record each, for people to look at. Memory is bounded: of many trips the last, the best
 * and the worst are kept, while the totals by hour, weekday, month and return cover all of them.
 */
import { estimate, type Money, plain } from "../numbers/money.ts";
import type { Fill } from "../orders/fill.ts";
import { DAY, HOUR } from "../numbers/time.ts";
import { OpenTrip } from "./open_trip.ts";

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

/** Totals of the trips that have something in common. */
export interface TripTotals {
  readonly count: number;
  readonly wins: number;
  /** Decimal text, quote currency. */
  readonly profit: string;
}

/** The trips of a run. */
export interface Trips {
  /** All of them. */
  readonly count: number;
  /** The kept ones, oldest first. */
  readonly kept: readonly Trip[];
  /** By the UTC hour (0 to 23) and weekday (0 for Sunday) of the exit, and by its month (`2025-01`). */
  readonly byHour: ReadonlyMap<number, TripTotals>;
  readonly byWeekday: ReadonlyMap<number, TripTotals>;
  readonly byMonth: ReadonlyMap<string, TripTotals>;
  /** By return: the number of the class, 0 below the first of `RETURN_CLASSES`, 1 from there to the next. */
  readonly byReturn: ReadonlyMap<number, TripTotals>;
}

/** Limits of the classes of returns, as fractions of what a trip cost. */
export const RETURN_CLASSES: readonly number[] = [
  ...[-0.05, -0.02, -0.01, -0.005, -0.002, -0.001],
  0,
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05],
];

/** How many of the best, of the worst, and of the last trips are kept. */
export const KEPT_OF_EACH = 1_000;

/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4;

/** The trip that has not ended yet, and the highest and the lowest profit it would have had. */
interface Open {
  readonly sums: OpenTrip;
  best: number;
  worst: number;
}

/** Follows the fills of one account in one symbol. */
export class TripLog {
  #count = 0;
  #kept: Trip[] = [];
  #open: Open | null = null;
  readonly #byHour = new Totals<number>();
  readonly #byWeekday = new Totals<number>();
  readonly #byMonth = new Totals<string>();
  readonly #byReturn = new Totals<number>();

  /** Adds a fill; `time` is that of its trade, µs since 1970. */
  add(fill: Fill, time: number): void {
    const open = this.#open ??= { sums: new OpenTrip(time), best: -Infinity, worst: Infinity };
    if (!open.sums.add(fill)) return;
    this.#open = null;
    this.#close(open, time, fill.cause ?? "signal");
  }

  /** Notes what the open trip is worth: its profit if it ended now, fees of the sale aside, quote currency. */
  mark(lowest: number, highest: number): void {
    const open = this.#open;
    if (open === null) return;
    if (highest > open.best) open.best = highest;
    if (lowest < open.worst) open.worst = lowest;
  }

  /** The profit of the parts of the open trip that were sold, quote currency; 0 without one. */
  get partProfit(): number {
    return this.#open === null ? 0 : estimate(this.#open.sums.profit);
  }

  /** The trips so far. */
  trips(): Trips {
    return {
      count: this.#count,
      kept: kept(this.#kept),
      byHour: this.#byHour.texts(),
      byWeekday: this.#byWeekday.texts(),
      byMonth: this.#byMonth.texts(),
      byReturn: this.#byReturn.texts(),
    };
  }

  #close({ sums, best, worst }: Open, time: number, cause: string): void {
    const { entryTime, bought, spent, sold, received, fees, saleFees, profit } = sums;
    // Profit is what the sales brought in, less their fees, less what the position cost with its own.
    const cost = received.minus(saleFees).minus(profit);
    const exitTime = Math.max(time, entryTime);
    this.#kept.push({
      number: ++this.#count,
      entryTime,
      exitTime,
      entryPrice: estimate(spent) / estimate(bought),
      exitPrice: estimate(received) / estimate(sold),
      quantity: plain(bought),
      cost: plain(cost),
      fees: plain(fees),
      profit: plain(profit),
      best: Number.isFinite(best) ? best : 0,
      worst: Number.isFinite(worst) ? worst : 0,
      cause,
    });
    if (this.#kept.length >= 2 * 3 * KEPT_OF_EACH) this.#kept = kept(this.#kept);
    this.#byHour.add(Math.floor(exitTime % DAY / HOUR), profit);
    this.#byWeekday.add((Math.floor(exitTime / DAY) + FIRST_WEEKDAY) % 7, profit);
    this.#byMonth.add(new Date(exitTime / 1000).toISOString().slice(0, "2025-01".length), profit);
    this.#byReturn.add(returnClass(estimate(profit) / estimate(spent)), profit);
  }
}

/** The class of a return: how many of the limits are at or below it. */
export function returnClass(fraction: number): number {
  let at = 0;
  while (at < RETURN_CLASSES.length && fraction >= RETURN_CLASSES[at]!) at++;
  return at;
}

/** The last, the best and the worst of these trips, oldest first. The best of some are among the best of all. */
function kept(trips: readonly Trip[]): Trip[] {
  if (trips.length <= 3 * KEPT_OF_EACH) return [...trips];
  const last = trips.slice(-KEPT_OF_EACH);
  const byProfit = trips.slice(0, -KEPT_OF_EACH)
    .toSorted((a, b) => Number(a.profit) - Number(b.profit) || a.number - b.number);
  return [...byProfit.slice(0, KEPT_OF_EACH), ...byProfit.slice(-KEPT_OF_EACH), ...last]
    .toSorted((a, b) => a.number - b.number);
}

/** Totals by a key. */
class Totals<Key> {
  readonly #sums = new Map<Key, { count: number; wins: number; profit: Money }>();

  add(key: Key, profit: Money): void {
    const sum = this.#sums.get(key);
    const win = profit.isPositive() && !profit.isZero() ? 1 : 0;
    if (sum === undefined) this.#sums.set(key, { count: 1, wins: win, profit });
    else {
      sum.count++;
      sum.wins += win;
      sum.profit = sum.profit.plus(profit);
    }
  }

  texts(): Map<Key, TripTotals> {
    return new Map([...this.#sums].map(([key, sum]) => [key, { ...sum, profit: plain(sum.profit) }]));
  }
}
