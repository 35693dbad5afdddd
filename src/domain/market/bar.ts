/** Bars: what a market did from one trade to another. */
import type { Columns } from "./columns.ts";

/** Quantities are counted in these parts of a unit of base currency. */
export const QUANTITY_PARTS = 100_000_000n;

/** Consecutive trades of one symbol, summarized. Prices are integer counts of 10^-decimals quote currency. */
export interface Bar {
  /**
   * µs since 1970. Those of a time bar are the start of its interval and the start of the next; those of any other are
   * the times of its first trade and of its last.
   */
  readonly openTime: number;
  readonly closeTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly decimals: number;
  /** The quantity traded, in hundred-millionths of base currency. */
  readonly volume: bigint;
  /** The sum of price × quantity, in 10^-(decimals + 8) quote currency. */
  readonly value: bigint;
  /** How many trades it has; 0 if there were none in its interval, so that it is flat at the close before. */
  readonly trades: number;
}

/** Trades with prices in one unit of 10^-decimals quote currency. */
interface TradesInUnit extends Columns {
  readonly decimals: number;
}

/** The bar of one trade. The same object is lent for one trade after the other. */
export class TradeBar implements Bar {
  readonly high: number = 0;
  readonly low: number = 0;
  readonly open: number = 0;
  readonly close: number = 0;
  readonly openTime: number = 0;
  readonly closeTime: number = 0;
  readonly decimals: number = 0;
  readonly trades = 1;
  #whole = 0;
  #fraction = 0;

  /** The trade in a row of a block as a bar, until the next call. */
  at({ price, time, decimals, quantityWhole, quantityFraction }: TradesInUnit, row: number): Bar {
    const bar = this as { -readonly [P in keyof TradeBar]: TradeBar[P] };
    bar.open =
      bar.high =
      bar.low =
      bar.close =
        price[row]!;
    bar.openTime = bar.closeTime = time[row]!;
    bar.decimals = decimals;
    this.#whole = quantityWhole[row]!;
    this.#fraction = quantityFraction[row]!;
    return this;
  }

  get volume(): bigint {
    return BigInt(this.#whole) * QUANTITY_PARTS + BigInt(this.#fraction);
  }

  get value(): bigint {
    return BigInt(this.close) * this.volume;
  }
}
