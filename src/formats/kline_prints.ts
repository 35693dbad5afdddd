/**
 * A kline as four prints: the open at its open time, the extreme nearer to the open after a third of its interval, the
 * other after two thirds (the low first if both are equally near), and the close at its close time. Each has a quarter
 * of the volume, rounded down to 8 decimals, and the last also has the rest.
 */
import type { WritableFields } from "../domain/market/trade_columns.ts";
import { CLOSE, HIGH, type KlineRow, LOW, OPEN } from "./kline_row.ts";

/** How many prints a kline has. */
export const PRINTS = 4;
const LAST = PRINTS - 1;
/** Hundred-millionths in one. */
const PARTS = 100_000_000;

/** The prints of the row in the last `take`, by number, from 0. */
export class KlinePrints {
  /** The quantity of each of the first three, and of the last: whole units, and hundred-millionths of one. */
  quarterWhole = 0;
  quarterFraction = 0;
  restWhole = 0;
  restFraction = 0;
  /**
   * The id of the first print: four times the number of its interval since 1970. So ids are consecutive from one kline
   * to the next, and jump where a kline is missing.
   */
  firstId = 0;
  readonly #row: KlineRow;
  readonly #columns = new Uint8Array([OPEN, LOW, HIGH, CLOSE]);

  /** Makes prints of the row that this object reads. */
  constructor(row: KlineRow) {
    this.#row = row;
  }

  /** Makes the prints of the kline just read. */
  take(): void {
    const { counted, volumeWhole, volumeFraction, number } = this.#row;
    const isHighFirst = counted[HIGH]! - counted[OPEN]! < counted[OPEN]! - counted[LOW]!;
    this.#columns[1] = isHighFirst ? HIGH : LOW;
    this.#columns[2] = isHighFirst ? LOW : HIGH;
    const parts = volumeWhole % PRINTS * PARTS + volumeFraction;
    this.quarterWhole = Math.floor(volumeWhole / PRINTS);
    this.quarterFraction = Math.floor(parts / PRINTS);
    const rest = parts - LAST * this.quarterFraction;
    this.restWhole = this.quarterWhole + Math.floor(rest / PARTS);
    this.restFraction = rest % PARTS;
    this.firstId = PRINTS * number!;
  }

  /** µs since 1970. */
  timeOf(print: number): number {
    const { openTime, closeTime, interval } = this.#row;
    return print === LAST ? closeTime : openTime + Math.floor(print * interval! / LAST);
  }

  /** A count of 10^-unit of the row. */
  priceOf(print: number): number {
    return this.#row.counted[this.#columns[print]!]!;
  }

  read(print: number, fields: WritableFields): void {
    const column = this.#columns[print]!;
    const isLast = print === LAST;
    fields.firstId = fields.lastId = this.firstId + print;
    fields.time = this.timeOf(print);
    fields.price = this.#row.price[column]!;
    fields.decimals = this.#row.decimals[column]!;
    fields.quantityWhole = isLast ? this.restWhole : this.quarterWhole;
    fields.quantityFraction = isLast ? this.restFraction : this.quarterFraction;
    fields.buyerIsMaker = false;
  }
}
