/** Two simple moving averages: long while the short one is above the long one, flat while it is below. */
import type { Wish } from "../../domain/market/signal.ts";
import type { Values } from "../../domain/market/tick.ts";
import { MAX_WINDOW } from "../../domain/numbers/price.ts";
import type { Closes } from "../indicators/indicator.ts";
import { Sma } from "../indicators/sma.ts";
import type { Strategy } from "./strategy.ts";

/** The crossover of two averages. It wants nothing until both exist; while they are equal, what it wanted before. */
export class Crossover implements Strategy {
  readonly label = "sma";
  readonly remembers: number;
  readonly #short: Sma;
  readonly #long: Sma;

  /** Windows in bars, 1 ≤ short < long ≤ 1,000,000; a RangeError otherwise. */
  constructor(short: number, long: number) {
    if (
      !Number.isInteger(short) || !Number.isInteger(long) || short < 1 || short >= long || long > MAX_WINDOW
    ) {
      throw new RangeError(
        `Windows must be whole with 1 ≤ short < long ≤ ${MAX_WINDOW}: got ${short} and ${long}`,
      );
    }
    this.remembers = long;
    this.#short = new Sma(short);
    this.#long = new Sma(long);
  }

  add(close: number, decimals: number): Wish {
    this.#short.add(close, decimals);
    this.#long.add(close, decimals);
    return this.#long.isReady ? this.#short.compare(this.#long) : 0;
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
