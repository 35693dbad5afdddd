/** Profits of round trips by what the trips have in common: the return, and the hour, weekday and month of the exit. */
import { estimate, type Money, plain, ZERO } from "../numbers/money.ts";
import { HOUR } from "../numbers/time.ts";

/** Totals of the trips that have something in common. */
export interface TripTotals {
  readonly count: number;
  readonly wins: number;
  /** Decimal text, quote currency. */
  readonly profit: string;
}

/** The totals of a run. */
export interface TripsBy {
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

/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4;
const HOURS = 24;

/** Adds up the trips of a run, exactly: a few dozen sums, and one for each month. */
export class TripSums {
  readonly #byHour = new Sums<number>();
  readonly #byWeekday = new Sums<number>();
  readonly #byMonth = new Sums<string>();
  readonly #byReturn = new Sums<number>();
  /** The hour since 1970 whose trips are added up now: most trips end in the hour of the one before. */
  #hour = NaN;
  #within = new Sum();

  /** Adds a trip that cost `spent`, fees aside, and ended at `time`, µs since 1970. */
  add(profit: Money, spent: Money, time: number): void {
    const hour = Math.floor(time / HOUR);
    if (hour !== this.#hour) {
      this.#settle();
      this.#hour = hour;
    }
    const wins = profit.isPositive() && !profit.isZero() ? 1 : 0;
    this.#within.add(1, wins, profit);
    this.#byReturn.of(returnClass(estimate(profit) / estimate(spent))).add(1, wins, profit);
  }

  /** The totals so far. */
  totals(): TripsBy {
    this.#settle();
    return {
      byHour: this.#byHour.texts(),
      byWeekday: this.#byWeekday.texts(),
      byMonth: this.#byMonth.texts(),
      byReturn: this.#byReturn.texts(),
    };
  }

  #settle(): void {
    const { count, wins, profit } = this.#within;
    if (count === 0) return;
    this.#within = new Sum();
    const hour = this.#hour;
    this.#byHour.of(hour % HOURS).add(count, wins, profit);
    this.#byWeekday.of((Math.floor(hour / HOURS) + FIRST_WEEKDAY) % 7).add(count, wins, profit);
    const month = new Date(hour * HOUR / 1000).toISOString().slice(0, "2025-01".length);
    this.#byMonth.of(month).add(count, wins, profit);
  }
}

/** The class of a return: how many of the limits are at or below it. */
export function returnClass(fraction: number): number {
  let at = 0;
  while (at < RETURN_CLASSES.length && fraction >= RETURN_CLASSES[at]!) at++;
  return at;
}

/** The sum of some trips. */
class Sum {
  count = 0;
  wins = 0;
  profit: Money = ZERO;

  add(count: number, wins: number, profit: Money): void {
    this.count += count;
    this.wins += wins;
    this.profit = this.profit.plus(profit);
  }
}

/** Sums by a key. */
class Sums<Key> {
  readonly #sums = new Map<Key, Sum>();

  /** The sum of a key, a new one at first. */
  of(key: Key): Sum {
    let sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, sum = new Sum());
    return sum;
  }

  /** All sums, in the order of their keys' first trips. */
  texts(): Map<Key, TripTotals> {
    return new Map([...this.#sums].map(([key, { count, wins, profit }]) => [
      key,
      { count, wins, profit: plain(profit) },
    ]));
  }
}
