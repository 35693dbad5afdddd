/** Adds the short and the long simple moving average to every tick, in O(1) per trade and without rounding. */
import { averageText } from "../domain/numbers/money.ts";
import { powerOfTen } from "../domain/numbers/price.ts";
import type { Averaged, Averages, Slots, Tick, Trend } from "../domain/market/tick.ts";

/** The prices kept, oldest first, and their unit. */
export interface AveragesSnapshot {
  readonly prices: readonly number[];
  readonly decimals: number;
}

/** What gaps and resets did to the averages, since they were made. */
export interface AveragesRecord {
  /** How often they started again from empty. */
  readonly emptied: number;
  /** Whether both have ever existed. */
  readonly existed: boolean;
}

/** The prices that came in since they were last taken, oldest first, and their unit. */
export interface NewPrices extends AveragesSnapshot {
  /** Whether the ones before them no longer count. */
  readonly isFresh: boolean;
}

/**
 * Simple moving averages over the last `short` and `long` trades of one symbol.
 *
 * An average is kept as its sum. Prices are integers, so sums are exact: plain numbers while the largest price
 * seen, `long` times over, is a safe integer, and `bigint` from then on. The averages are compared as
 * `shortSum × long` against `longSum × short`, so nothing is ever divided.
 */
export class MovingAverages implements Averages {
  readonly #short: number;
  readonly #long: number;
  /** The last prices; 0 if there has been none since the averages started. */
  readonly #ring: Float64Array;
  /** Where the next price goes. */
  #head = 0;
  #count = 0;
  #decimals = 0;
  #shortSum = 0;
  #longSum = 0;
  /** Prices up to this keep the sums safe integers. */
  readonly #largestPlain: number;
  /** Prices that `takePrices` has not taken yet, and whether the averages started again among them. */
  #untaken = 0;
  #isFresh = true;
  #emptied = 0;
  #existed = false;
  /** The sums once they may pass 2^53; null while plain numbers do. */
  #big: { short: bigint; long: bigint } | null = null;

  /** Windows in trades, 1 ≤ short < long ≤ 1,000,000; a RangeError otherwise. */
  constructor(short: number, long: number) {
    if (
      !Number.isInteger(short) || !Number.isInteger(long) || short < 1 || short >= long || long > 1_000_000
    ) {
      throw new RangeError(`Windows must be whole with 1 ≤ short < long ≤ 1000000: got ${short} and ${long}`);
    }
    this.#short = short;
    this.#long = long;
    this.#ring = new Float64Array(long);
    this.#largestPlain = Math.floor(Number.MAX_SAFE_INTEGER / long);
  }

  /** Yields the same ticks, each with the trend after its price. A gap empties the averages first. */
  *over(ticks: Iterable<Tick>): Generator<Averaged> {
    const pulled = ticks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const tick = result.value;
      if (tick.missing !== 0) {
        this.#existed = this.record.existed;
        this.#emptied++;
        this.restart();
      }
      if (tick.decimals !== this.#decimals) this.#rescale(tick.decimals);
      const slots = tick as unknown as Slots<Averaged, "trend" | "averages">;
      slots.trend = this.#add(tick.price);
      slots.averages = this;
      yield tick as Averaged;
    }
  }

  /** What gaps and resets have done so far. */
  get record(): AveragesRecord {
    return { emptied: this.#emptied, existed: this.#existed || this.#count === this.#long };
  }

  /** Empties the averages: an average over a hole is not an average of the last trades. */
  restart(): void {
    this.#ring.fill(0, 0, this.#count);
    this.#untaken = 0;
    this.#isFresh = true;
    this.#head =
      this.#count =
      this.#shortSum =
      this.#longSum =
        0;
    this.#big = null;
  }

  short(): string | null {
    return this.#count < this.#short
      ? null
      : averageText(this.#big?.short ?? this.#shortSum, this.#short, this.#decimals);
  }

  long(): string | null {
    return this.#count < this.#long
      ? null
      : averageText(this.#big?.long ?? this.#longSum, this.#long, this.#decimals);
  }

  snapshot(): AveragesSnapshot {
    const prices: number[] = [];
    for (let back = this.#count; back > 0; back--) prices.push(this.#back(back));
    return { prices, decimals: this.#decimals };
  }

  /**
   * The prices since the last call, for a store that keeps only what is new. Appended one after the other since the
   * averages started, the last `long` prices are the snapshot.
   */
  takePrices(): NewPrices {
    const isFresh = this.#isFresh || this.#untaken >= this.#long;
    const prices: number[] = [];
    for (let back = Math.min(this.#untaken, this.#count); back > 0; back--) prices.push(this.#back(back));
    this.#untaken = 0;
    this.#isFresh = false;
    return { prices, decimals: this.#decimals, isFresh };
  }

  restore({ prices, decimals }: AveragesSnapshot): void {
    this.restart();
    this.#decimals = decimals;
    for (const price of prices) this.#add(price);
    this.#untaken = 0;
    this.#isFresh = false;
  }

  #add(price: number): Trend {
    if (price > this.#largestPlain && this.#big === null) {
      this.#big = { short: BigInt(this.#shortSum), long: BigInt(this.#longSum) };
    }
    const ring = this.#ring;
    const head = this.#head;
    // Until an average is full, the price that leaves it is one of the ring's zeros.
    const shortChange = price - this.#back(this.#short);
    const longChange = price - ring[head]!;
    ring[head] = price;
    this.#head = head + 1 === this.#long ? 0 : head + 1;
    this.#untaken++;
    if (this.#count < this.#long) this.#count++;
    if (this.#big !== null) return this.#addBig(this.#big, shortChange, longChange);
    const shortSum = this.#shortSum += shortChange;
    const longSum = this.#longSum += longChange;
    if (this.#count < this.#long) return "warming";
    const left = shortSum * this.#long;
    const right = longSum * this.#short;
    if (left <= Number.MAX_SAFE_INTEGER && right <= Number.MAX_SAFE_INTEGER) return trend(left, right);
    return this.#compareBig(BigInt(shortSum), BigInt(longSum));
  }

  #addBig(sums: { short: bigint; long: bigint }, shortChange: number, longChange: number): Trend {
    sums.short += BigInt(shortChange);
    sums.long += BigInt(longChange);
    return this.#count < this.#long ? "warming" : this.#compareBig(sums.short, sums.long);
  }

  #compareBig(shortSum: bigint, longSum: bigint): Trend {
    return trend(shortSum * BigInt(this.#long), longSum * BigInt(this.#short));
  }

  /** The price `trades` back from the next one; 1 is the latest. */
  #back(trades: number): number {
    const at = this.#head - trades;
    return this.#ring[at < 0 ? at + this.#long : at]!;
  }

  /** Converts everything kept to a finer unit and adds it up again. */
  #rescale(decimals: number): void {
    const { prices } = this.snapshot();
    const [untaken, isFresh] = [this.#untaken, this.#isFresh];
    const factor = powerOfTen(decimals - this.#decimals);
    this.restore({ prices: prices.map((price) => price * factor), decimals });
    this.#untaken = untaken;
    this.#isFresh = isFresh;
  }
}

function trend<T extends number | bigint>(left: T, right: T): Trend {
  return left > right ? "above" : left < right ? "below" : "equal";
}
