/**
 * The reference for bars, written from what `--bars` means: every amount is a `bigint`, and every trade is looked at on
 * its own. It shares no code with `src`.
 */
import { Exact } from "./exact.ts";
import type { PlainTrade } from "./reference.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DECIMALS = 8;

/** A bar: prices and volume in hundred-millionths, value in 10^-16. */
export interface ReferenceBar {
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
  readonly close: bigint;
  readonly volume: bigint;
  readonly value: bigint;
  readonly trades: number;
  /** The number of its interval since 1970; null if it is not a bar of time. */
  readonly interval: bigint | null;
}

/** Builds bars one trade after the other. */
export class ReferenceBars {
  readonly #number: Exact;
  readonly #unit: string;
  #open: ReferenceBar | null = null;
  /** Bars closed. */
  closed = 0;

  /** `size` is what `--bars` was given: `trades`, `30s`, `100t`, `50v`, `1000q`. */
  constructor(size: string) {
    const [, number = "1", unit = "t"] = /^([\d.]+)([a-z]+)$/.exec(size) ?? [];
    this.#number = Exact.of(number);
    this.#unit = unit;
  }

  /** The bar that is open, or null. */
  get open(): ReferenceBar | null {
    return this.#open;
  }

  /** A part of the open bar is missing. */
  drop(): void {
    this.#open = null;
  }

  /** The bars that close at a trade, in order. */
  see(trade: PlainTrade): ReferenceBar[] {
    const found = this.#unit in UNITS ? this.#byTime(trade) : this.#byAmount(trade);
    this.closed += found.length;
    return found;
  }

  #byTime(trade: PlainTrade): ReferenceBar[] {
    const length = this.#number.times(new Exact(BigInt(UNITS[this.#unit]!) * 1000n)).unitsAt(DECIMALS);
    const interval = BigInt(trade.time) * 10n ** BigInt(DECIMALS) / length;
    const found: ReferenceBar[] = [];
    const { open } = { open: this.#open };
    if (open !== null && interval > open.interval!) {
      found.push(open);
      for (let empty = open.interval! + 1n; empty < interval; empty++) {
        const { close } = open;
        const flat = { open: close, high: close, low: close, close };
        found.push({ ...flat, volume: 0n, value: 0n, trades: 0, interval: empty });
      }
      this.#open = null;
    }
    this.#add(trade, this.#open?.interval ?? interval);
    return found;
  }

  #byAmount(trade: PlainTrade): ReferenceBar[] {
    const bar = this.#add(trade, null);
    const reached = this.#unit === "t"
      ? new Exact(BigInt(bar.trades))
      : this.#unit === "v"
      ? new Exact(bar.volume, DECIMALS)
      : new Exact(bar.value, 2 * DECIMALS);
    if (reached.compare(this.#number) < 0) return [];
    this.#open = null;
    return [bar];
  }

  #add({ price: text, quantity = "0.00100000" }: PlainTrade, interval: bigint | null): ReferenceBar {
    const price = Exact.of(text).unitsAt(DECIMALS);
    const volume = Exact.of(quantity).unitsAt(DECIMALS);
    const before = this.#open ??
      { open: price, high: price, low: price, close: price, volume: 0n, value: 0n, trades: 0, interval };
    return this.#open = {
      ...before,
      high: price > before.high ? price : before.high,
      low: price < before.low ? price : before.low,
      close: price,
      volume: before.volume + volume,
      value: before.value + price * volume,
      trades: before.trades + 1,
    };
  }
}
