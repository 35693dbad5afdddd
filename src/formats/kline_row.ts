/** Reads one row of a file of klines, and checks it. */
import { DecimalBytes } from "../domain/numbers/decimal_bytes.ts";
import { powerOfTen, PRICE_TEXT, QUANTITY_TEXT } from "../domain/numbers/price.ts";
import { microseconds } from "../domain/numbers/time.ts";
import { quoted } from "./csv_layout.ts";
import { intervalName, intervalOf, INTERVALS_TEXT } from "./kline_interval.ts";

/** The columns that are read, in the order of every file; trading needs none of the others. */
export const KLINE_COLUMNS = ["open_time", "open", "high", "low", "close", "volume", "close_time"] as const;
const OPEN_TIME = 0, VOLUME = 5, CLOSE_TIME = 6;
/** The columns of the prices. */
export const OPEN = 1, HIGH = 2, LOW = 3, CLOSE = 4;

const COMMA = 44, ZERO = 48, NINE = 57;
/** A smaller stamp counts ms. A kline's close time then omits the microseconds of its last millisecond. */
const LEAST_MICROSECONDS = 1e14;
const SHOWN_BYTES = 200;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

const TIME_TEXT = "a whole number of ms or µs since 1970, such as 1735689600000";
const VOLUME_TEXT = QUANTITY_TEXT.replace("above 0, ", "from 0 ");

/** What is wrong with a row, and where: the position of the field, or of the end of the row. */
export interface KlineFault {
  readonly at: number;
  readonly what: string;
}

/** The row read last. The fields are valid only after `read` returned null. */
export class KlineRow {
  /** The first and the last time that the kline covers, µs since 1970. */
  openTime = 0;
  closeTime = 0;
  /** By column: an integer count of 10^-decimals, trailing zeros dropped. */
  readonly price: Float64Array = new Float64Array(CLOSE + 1);
  readonly decimals: Uint8Array = new Uint8Array(CLOSE + 1);
  /** The prices as counts of 10^-unit, the coarsest unit in which all four are exact. */
  readonly counted: Float64Array = new Float64Array(CLOSE + 1);
  unit = 0;
  /** Whole units of base currency, and hundred-millionths of one. */
  volumeWhole = 0;
  volumeFraction = 0;
  /** The time that each kline of the file covers, in µs; null until the first usable row shows it. */
  interval: number | null = null;
  readonly #count: number;
  readonly #decimal = new DecimalBytes();
  readonly #starts = new Int32Array(KLINE_COLUMNS.length);
  /** How many µs the unit of its times has. */
  #tick = 1;
  #bytes = new Uint8Array();
  #end = 0;

  /** Reads rows with `count` columns. */
  constructor(count: number) {
    this.#count = count;
  }

  /**
   * Reads the row from `start` to `end` of these bytes; `view` views them, and READ_AHEAD bytes must follow the row.
   */
  read(bytes: Uint8Array<ArrayBuffer>, view: DataView, start: number, end: number): KlineFault | null {
    this.#bytes = bytes;
    this.#end = end;
    return this.#readFields(view, start) ?? this.#checkPrices() ?? this.#checkTimes();
  }

  /** Whether anything was traded in the interval. */
  get hasTrades(): boolean {
    return this.volumeWhole > 0 || this.volumeFraction > 0;
  }

  /** The number of its interval since 1970; null if a fault leaves even that unknown. */
  get number(): number | null {
    const number = this.interval === null ? NaN : this.openTime / this.interval;
    return Number.isInteger(number) && number > 0 ? number : null;
  }

  #readFields(view: DataView, start: number): KlineFault | null {
    const [bytes, end, starts] = [this.#bytes, this.#end, this.#starts];
    this.openTime = 0;
    let at = start;
    let unusable = -1;
    let found = 0;
    for (; found < KLINE_COLUMNS.length && at <= end; found++) {
      starts[found] = at;
      at = this.#take(found, view, at);
      if (at < 0 || at > end || bytes[at] !== COMMA) {
        if (unusable < 0) unusable = found;
        for (at = starts[found]!; at < end && bytes[at] !== COMMA;) at++;
      }
      at++;
    }
    for (at--; at < end; at++) if (bytes[at] === COMMA) found++;
    if (found !== this.#count) {
      const expected = `${this.#count} (${KLINE_COLUMNS.join(",")},…)`;
      this.openTime = 0;
      return {
        at: end,
        what: `the row has ${found} ${found === 1 ? "field" : "fields"}: expected ${expected}`,
      };
    }
    if (unusable < 0) return null;
    if (unusable === OPEN_TIME) this.openTime = 0;
    if (unusable === VOLUME) return this.#faultAt(unusable, VOLUME_TEXT);
    return this.#faultAt(
      unusable,
      unusable === OPEN_TIME || unusable === CLOSE_TIME ? TIME_TEXT : PRICE_TEXT,
    );
  }

  /** Reads a field. The position after it, or -1. */
  #take(column: number, view: DataView, start: number): number {
    const decimal = this.#decimal;
    let end: number;
    switch (column) {
      case OPEN_TIME:
      case CLOSE_TIME:
        end = decimal.readWhole(view, start);
        if (end < 0 || decimal.whole === 0) return -1;
        this.#tick = decimal.whole < LEAST_MICROSECONDS ? 1000 : 1;
        if (column === OPEN_TIME) this.openTime = microseconds(decimal.whole);
        else this.closeTime = microseconds(decimal.whole);
        return end;
      case VOLUME:
        end = decimal.readQuantity(view, start);
        if (end < 0) return this.#takeNothing(view, start);
        this.volumeWhole = decimal.quantityWhole;
        this.volumeFraction = decimal.quantityFraction;
        return end;
      default:
        end = decimal.readPrice(view, start);
        this.price[column] = decimal.price;
        this.decimals[column] = decimal.decimals;
        return end;
    }
  }

  /** Reads a volume of 0, which an interval without trades has. */
  #takeNothing(view: DataView, start: number): number {
    const end = this.#decimal.skipAmount(view, start);
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at]!;
      if (byte > ZERO && byte <= NINE) return -1;
    }
    this.volumeWhole = this.volumeFraction = 0;
    return end;
  }

  #checkPrices(): KlineFault | null {
    const { price, decimals, counted } = this;
    const unit = this.unit = Math.max(decimals[OPEN]!, decimals[HIGH]!, decimals[LOW]!, decimals[CLOSE]!);
    for (let column = OPEN; column <= CLOSE; column++) {
      counted[column] = price[column]! * powerOfTen(unit - decimals[column]!);
    }
    const high = counted[HIGH]!;
    const low = counted[LOW]!;
    if (high < counted[OPEN]! || high < counted[CLOSE]! || high < low) {
      return this.#faultAt(HIGH, "the highest of the four prices");
    }
    if (low > counted[OPEN]! || low > counted[CLOSE]!) {
      return this.#faultAt(LOW, "the lowest of the four prices");
    }
    if (high <= Number.MAX_SAFE_INTEGER) return null;
    return this.#faultAt(HIGH, "a price that is exact in one unit with the other three");
  }

  #checkTimes(): KlineFault | null {
    const { openTime, closeTime } = this;
    const after = closeTime + this.#tick;
    if (this.interval === null) {
      const found = intervalOf(openTime, after);
      if (typeof found === "string") {
        return { at: this.#starts[OPEN_TIME]!, what: `${found}: expected one of ${INTERVALS_TEXT}` };
      }
      this.interval = found;
    }
    const name = intervalName(this.interval);
    if (openTime % this.interval !== 0) return this.#faultAt(OPEN_TIME, `a multiple of ${name} since 1970`);
    // An outage of the exchange may have cut a kline short.
    if (after <= openTime + this.interval && closeTime > openTime + 2 * this.interval / 3) return null;
    return this.#faultAt(CLOSE_TIME, `the last time within ${name} from open_time on, as in the rows before`);
  }

  #faultAt(column: number, expected: string): KlineFault {
    const start = this.#starts[column]!;
    let end = start;
    while (end < this.#end && this.#bytes[end] !== COMMA) end++;
    const text = DECODER.decode(this.#bytes.subarray(start, Math.min(end, start + SHOWN_BYTES)));
    const found = text === "" ? "empty" : quoted(text);
    return { at: start, what: `${KLINE_COLUMNS[column]} is ${found}: expected ${expected}` };
  }
}
