/** Two moving averages: long while the short one is above the long one, flat while it is below. */
import type { Bar } from "../../domain/market/bar.ts";
import { BLOCK_ROWS } from "../../domain/market/block.ts";
import type { Target, ValueNumbers, Values } from "../../domain/market/signal.ts";
import { doubleText } from "../../domain/numbers/double.ts";
import { MAX_WINDOW } from "../../domain/numbers/price.ts";
import { Ema, type EmaMemory } from "../indicators/ema.ts";
import { type Closes, NO_CLOSES } from "../indicators/indicator.ts";
import { Sma } from "../indicators/sma.ts";
import type { BlockStrategy, Strategy } from "./strategy.ts";
import { choiceOption, strategyKind, windowOption } from "./strategy_kind.ts";

const MOST = Number.MAX_SAFE_INTEGER;

/** Throws a RangeError unless they are whole with 1 ≤ short < long ≤ 1,000,000. */
function checkWindows(short: number, long: number): void {
  const areWhole = Number.isInteger(short) && Number.isInteger(long);
  if (areWhole && short >= 1 && short < long && long <= MAX_WINDOW) return;
  throw new RangeError(
    `Windows must be whole with 1 ≤ short < long ≤ ${MAX_WINDOW}: got ${short} and ${long}`,
  );
}

/**
 * The crossover of two simple averages. It has no target until both averages exist. While they are equal, the target
 * stays the same.
 */
export class Crossover implements BlockStrategy {
  readonly label = "sma";
  readonly seesOnlyCloses = true;
  readonly remembers: number;
  readonly #short: Sma;
  readonly #long: Sma;
  readonly #windows: { readonly short: number; readonly long: number };
  /** The averages' sums after each close of the last `addAll`, and the first row at which both averages exist. */
  #sums: { readonly short: Float64Array; readonly long: Float64Array } | null = null;
  #firstReady = 0;

  /** Windows in bars, 1 ≤ short < long ≤ 1,000,000; a RangeError otherwise. */
  constructor(short: number, long: number) {
    checkWindows(short, long);
    this.remembers = long;
    this.#windows = { short, long };
    this.#short = new Sma(short);
    this.#long = new Sma(long);
  }

  add({ close, decimals }: Bar): Target {
    this.#short.add(close, decimals);
    this.#long.add(close, decimals);
    return this.#long.isReady ? this.#short.compare(this.#long) : 0;
  }

  addAll(closes: Float64Array, size: number, decimals: number, targets: Int8Array): number {
    const { short, long } = this.#windows;
    const first = this.#firstReady = Math.max(0, long - 1 - this.#long.count);
    const sums = this.#sums ??= { short: new Float64Array(BLOCK_ROWS), long: new Float64Array(BLOCK_ROWS) };
    const taken = this.#long.addAll(closes, size, decimals, sums.long);
    // The sum of fewer closes stays a plain number for at least as long.
    this.#short.addAll(closes, taken, decimals, sums.short);
    targets.fill(0, 0, Math.min(first, taken));
    for (let row = first; row < taken; row++) {
      const left = sums.short[row]! * long;
      const right = sums.long[row]! * short;
      if (left <= MOST && right <= MOST) targets[row] = left > right ? 1 : left < right ? -1 : 0;
      else {
        const difference = BigInt(sums.short[row]!) * BigInt(long) - BigInt(sums.long[row]!) * BigInt(short);
        targets[row] = difference > 0n ? 1 : difference < 0n ? -1 : 0;
      }
    }
    return taken;
  }

  reset(): void {
    this.#short.reset();
    this.#long.reset();
  }

  get isReady(): boolean {
    return this.#long.isReady;
  }

  values(): Values | null {
    const [shortAverage, longAverage] = [this.#short.value(), this.#long.value()];
    return shortAverage === null || longAverage === null ? null : { shortAverage, longAverage };
  }

  valuesAt(row: number): Values | null {
    if (this.#sums === null || row < this.#firstReady) return null;
    const { short, long } = this.#sums;
    return { shortAverage: this.#short.textOf(short[row]!), longAverage: this.#long.textOf(long[row]!) };
  }

  numbersAt(row: number): ValueNumbers | null {
    if (this.#sums === null || row < this.#firstReady) return null;
    const { short, long } = this.#sums;
    return { shortAverage: this.#short.numberOf(short[row]!), longAverage: this.#long.numberOf(long[row]!) };
  }

  closes(most: number): Closes {
    return this.#long.closes(most);
  }

  snapshot(): null {
    return null;
  }

  restore(_: object | null, closes: Closes): void {
    this.#short.restore(closes);
    this.#long.restore(closes);
  }
}

/** The crossover of two exponential averages, compared as they are; otherwise like that of simple ones. */
export class EmaCrossover implements Strategy {
  readonly label: string;
  readonly remembers = 0;
  readonly seesOnlyCloses = true;
  readonly #short: Ema;
  readonly #long: Ema;

  /** Windows in bars, 1 ≤ short < long ≤ 1,000,000; a RangeError otherwise. */
  constructor(short: number, long: number) {
    checkWindows(short, long);
    this.label = `ema(${short},${long})`;
    this.#short = new Ema(short);
    this.#long = new Ema(long);
  }

  add({ close, decimals }: Bar): Target {
    this.#short.add(close, decimals);
    this.#long.add(close, decimals);
    if (!this.#long.isReady) return 0;
    const [short, long] = [this.#short.current, this.#long.current];
    return short > long ? 1 : short < long ? -1 : 0;
  }

  reset(): void {
    this.#short.reset();
    this.#long.reset();
  }

  get isReady(): boolean {
    return this.#long.isReady;
  }

  values(): Values | null {
    if (!this.isReady) return null;
    return { shortAverage: doubleText(this.#short.current), longAverage: doubleText(this.#long.current) };
  }

  closes(): Closes {
    return NO_CLOSES;
  }

  snapshot(): { readonly short: EmaMemory; readonly long: EmaMemory } {
    return { short: this.#short.snapshot(), long: this.#long.snapshot() };
  }

  restore(snapshot: object | null): void {
    if (snapshot === null || !("short" in snapshot && "long" in snapshot)) {
      throw new TypeError("the strategy has no averages");
    }
    this.#short.restore(snapshot.short as EmaMemory);
    this.#long.restore(snapshot.long as EmaMemory);
  }
}

export const CROSSOVER = strategyKind({
  options: {
    average: choiceOption(["sma", "ema"], {
      default: "sma",
      help: "simple or exponential moving averages",
    }),
    short: windowOption(1, MAX_WINDOW - 1, { default: "20", help: "window of the short average" }),
    long: windowOption(2, MAX_WINDOW, { default: "50", help: "window of the long average" }),
  },
  ascending: [["short", "long"]],
  words: ({ average, short, long }, unit) =>
    `${average === "ema" ? "exponential averages" : "averages"} of ${short} and ${long} ${unit}`,
  make: ({ average, short, long }) =>
    average === "ema" ? new EmaCrossover(short, long) : new Crossover(short, long),
});
