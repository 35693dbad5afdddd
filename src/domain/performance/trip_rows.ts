/**
 * Round trips as rows of plain numbers. As objects with exact amounts, a thousand trips outlive the first rounds of the
 * garbage collector, and moving them costs more than everything else that is done for a trip.
 */
import { Money } from "../numbers/money.ts";

/** The amounts of a trip's purchases and sales; quantities in base currency. */
export interface TripAmounts {
  readonly bought: Money;
  readonly spent: Money;
  /** The fees of the purchases. */
  readonly fees: Money;
  readonly sold: Money;
  readonly received: Money;
  readonly saleFees: Money;
  /** After the fees of both sides. */
  readonly profit: Money;
}

/** A trip that has ended. Times in µs since 1970. */
export interface TripRecord extends TripAmounts {
  /** 1 for the first of the run. */
  readonly number: number;
  readonly entryTime: number;
  readonly exitTime: number;
  /** Quote currency; infinite if the trip was never marked. */
  readonly best: number;
  readonly worst: number;
  readonly cause: string;
}

/** Rows have these fields in this order, which `read` repeats. */
const NUMBERS = ["number", "entryTime", "exitTime", "best", "worst"] as const;
const AMOUNTS = ["bought", "spent", "fees", "sold", "received", "saleFees", "profit"] as const;
const CAUSE = NUMBERS.length;
const FIRST_AMOUNT = CAUSE + 1;
/** An amount takes two fields: its units and its scale. */
const FIELDS = FIRST_AMOUNT + 2 * AMOUNTS.length;
const MOST = BigInt(Number.MAX_SAFE_INTEGER);

/** A fixed number of rows, each of which can be written and read. */
export class TripRows {
  readonly #fields: Float64Array;
  /** The amounts of rows that plain numbers cannot hold exactly. */
  readonly #large = new Map<number, TripAmounts>();
  readonly #causes: string[] = [];

  constructor(rows: number) {
    this.#fields = new Float64Array(rows * FIELDS);
  }

  /** Writes a trip into a row. */
  write(row: number, trip: TripRecord): void {
    const fields = this.#fields;
    let at = row * FIELDS;
    for (const name of NUMBERS) fields[at++] = trip[name];
    fields[at++] = this.#causeOf(trip.cause);
    if (this.#large.size > 0) this.#large.delete(row);
    for (const name of AMOUNTS) {
      const { units, scale } = trip[name];
      if (units === null || units > MOST || units < -MOST) {
        this.#keepLarge(row, trip);
        return;
      }
      fields[at++] = Number(units);
      fields[at++] = scale;
    }
  }

  /** The trip in a row. */
  read(row: number): TripRecord {
    const fields = this.#fields;
    const at = row * FIELDS;
    const amounts = this.#large.get(row) ?? this.#amountsFrom(at + FIRST_AMOUNT);
    // Written out: objects that are made from lists of names are slow to make, and to read.
    return {
      number: fields[at]!,
      entryTime: fields[at + 1]!,
      exitTime: fields[at + 2]!,
      best: fields[at + 3]!,
      worst: fields[at + 4]!,
      cause: this.#causes[fields[at + CAUSE]!]!,
      ...amounts,
    };
  }

  #amountsFrom(first: number): TripAmounts {
    return {
      bought: this.#amount(first),
      spent: this.#amount(first + 2),
      fees: this.#amount(first + 4),
      sold: this.#amount(first + 6),
      received: this.#amount(first + 8),
      saleFees: this.#amount(first + 10),
      profit: this.#amount(first + 12),
    };
  }

  #amount(at: number): Money {
    return new Money(BigInt(this.#fields[at]!), this.#fields[at + 1]!);
  }

  #keepLarge(row: number, { bought, spent, fees, sold, received, saleFees, profit }: TripAmounts): void {
    this.#large.set(row, { bought, spent, fees, sold, received, saleFees, profit });
  }

  #causeOf(cause: string): number {
    const at = this.#causes.indexOf(cause);
    return at >= 0 ? at : this.#causes.push(cause) - 1;
  }
}
