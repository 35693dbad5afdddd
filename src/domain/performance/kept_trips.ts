/** Keeps the last, the best and the worst of any number of round trips, in memory that does not grow. */
import { estimate } from "../numbers/money.ts";
import { type TripRecord, TripRows } from "./trip_rows.ts";

/** How many of the best, of the worst, and of the last trips are kept. */
export const KEPT_OF_EACH = 1_000;
/** Once this many trips may be among the best or the worst, those that are not are dropped. */
const MOST_OTHERS = 4 * KEPT_OF_EACH;
const ROWS = KEPT_OF_EACH + MOST_OTHERS;

/** The kept trips. Of two with the same profit, the earlier one counts as worse. */
export class KeptTrips {
  readonly #rows = new TripRows(ROWS);
  /** The keys by which trips are compared, for each row: the profit, quote currency, and the number. */
  readonly #profits = new Float64Array(ROWS);
  readonly #numbers = new Float64Array(ROWS);
  #used = 0;
  readonly #free: number[] = [];
  /** The rows of the last trips as a ring, and the place of the oldest of them once the ring is full. */
  readonly #last: number[] = [];
  #oldest = 0;
  /** Rows that include the best and the worst of all trips that are no longer among the last. */
  #others: number[] = [];
  /** Trips between the trips of these two rows are neither among the best nor among the worst. */
  #worst = -1;
  #best = -1;

  /** Adds a trip that is later than all before. */
  add(trip: TripRecord): void {
    const last = this.#last;
    const isFull = last.length === KEPT_OF_EACH;
    if (isFull) this.#leave(last[this.#oldest]!);
    const row = this.#free.pop() ?? this.#used++;
    this.#rows.write(row, trip);
    this.#profits[row] = estimate(trip.profit);
    this.#numbers[row] = trip.number;
    if (!isFull) last.push(row);
    else {
      last[this.#oldest] = row;
      this.#oldest = (this.#oldest + 1) % KEPT_OF_EACH;
    }
  }

  /** The kept trips, oldest first. */
  trips(): TripRecord[] {
    this.#drop();
    return [...this.#others, ...this.#last]
      .sort((one, other) => this.#numbers[one]! - this.#numbers[other]!)
      .map((row) => this.#rows.read(row));
  }

  /** Handles a trip that is no longer among the last. */
  #leave(row: number): void {
    const isBetween = this.#best >= 0 && this.#compared(row, this.#worst) > 0 &&
      this.#compared(row, this.#best) < 0;
    if (isBetween) this.#free.push(row);
    else if (this.#others.push(row) === MOST_OTHERS) this.#drop();
  }

  /** Keeps only the best and the worst of the trips that are no longer among the last. */
  #drop(): void {
    if (this.#others.length <= 2 * KEPT_OF_EACH) return;
    const sorted = this.#others.sort((one, other) => this.#compared(one, other));
    this.#free.push(...sorted.splice(KEPT_OF_EACH, sorted.length - 2 * KEPT_OF_EACH));
    this.#worst = sorted[KEPT_OF_EACH - 1]!;
    this.#best = sorted[KEPT_OF_EACH]!;
  }

  #compared(one: number, other: number): number {
    return this.#profits[one]! - this.#profits[other]! || this.#numbers[one]! - this.#numbers[other]!;
  }
}
