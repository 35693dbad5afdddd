/** MACD: long while the difference of two averages is above its own average, flat while it is below. */
import type { Bar } from "../../domain/market/bar.ts";
import type { Target, Values } from "../../domain/market/signal.ts";
import { doubleText } from "../../domain/numbers/double.ts";
import { MAX_WINDOW } from "../../domain/numbers/price.ts";
import { type Closes, NO_CLOSES } from "../indicators/indicator.ts";
import { Macd, type MacdMemory } from "../indicators/macd.ts";
import type { Strategy } from "./strategy.ts";
import { strategyKind, windowOption } from "./strategy_kind.ts";

/**
 * Compares the MACD line with its average, unrounded; while they are equal, the target stays the same. Gerald Appel,
 * The Moving Average Convergence-Divergence Trading Method, 1979.
 */
export class MacdCross implements Strategy {
  readonly label: string;
  readonly remembers = 0;
  readonly seesOnlyCloses = true;
  readonly #lines: Macd;

  /** Windows in bars, each from 1 to 1,000,000, fast below slow; a RangeError otherwise. */
  constructor(fast: number, slow: number, smooth: number) {
    this.label = `macd(${fast},${slow},${smooth})`;
    this.#lines = new Macd(fast, slow, smooth);
  }

  add({ close, decimals }: Bar): Target {
    const lines = this.#lines;
    lines.add(close, decimals);
    if (!lines.isReady) return 0;
    const { difference, smoothed } = lines;
    return difference > smoothed ? 1 : difference < smoothed ? -1 : 0;
  }

  reset(): void {
    this.#lines.reset();
  }

  get isReady(): boolean {
    return this.#lines.isReady;
  }

  values(): Values | null {
    const { isReady, difference, smoothed } = this.#lines;
    return isReady ? { macd: doubleText(difference), smoothed: doubleText(smoothed) } : null;
  }

  closes(): Closes {
    return NO_CLOSES;
  }

  snapshot(): { readonly macd: MacdMemory } {
    return { macd: this.#lines.snapshot() };
  }

  restore(snapshot: object | null): void {
    if (snapshot === null || !("macd" in snapshot)) {
      throw new TypeError("the strategy's snapshot has no macd");
    }
    this.#lines.restore(snapshot.macd as MacdMemory);
  }
}

export const MACD = strategyKind({
  options: {
    fast: windowOption(1, MAX_WINDOW - 1, { default: "12", help: "window of the fast average" }),
    slow: windowOption(2, MAX_WINDOW, { default: "26", help: "window of the slow average" }),
    smooth: windowOption(1, MAX_WINDOW, { default: "9", help: "window of the average of their difference" }),
  },
  ascending: [["fast", "slow"]],
  words: ({ fast, slow, smooth }, unit) => `MACD of ${fast} and ${slow} ${unit}, smoothed over ${smooth}`,
  make: ({ fast, slow, smooth }) => new MacdCross(fast, slow, smooth),
});
