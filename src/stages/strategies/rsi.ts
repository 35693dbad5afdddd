/** Wilder's relative strength index: long while it is low, flat while it is high. */
import type { Bar } from "../../domain/market/bar.ts";
import type { Target, Values } from "../../domain/market/signal.ts";
import { doubleText } from "../../domain/numbers/double.ts";
import { MAX_WINDOW } from "../../domain/numbers/price.ts";
import { type Closes, NO_CLOSES } from "../indicators/indicator.ts";
import { Rsi, type RsiMemory } from "../indicators/rsi.ts";
import type { Strategy } from "./strategy.ts";
import { numberOption, strategyKind, windowOption } from "./strategy_kind.ts";

/**
 * Long below one level of the index, flat above another, and unchanged between them. J. Welles Wilder, New Concepts in
 * Technical Trading Systems, 1978.
 */
export class RsiLevels implements Strategy {
  readonly label: string;
  readonly remembers = 0;
  readonly seesOnlyCloses = true;
  readonly #index: Rsi;
  readonly #below: number;
  readonly #above: number;

  /**
   * The period in changes from bar to bar, 1 to 1,000,000, and two levels, 0 ≤ below < above ≤ 100; a RangeError
   * otherwise.
   */
  constructor(period: number, below: number, above: number) {
    if (!(below >= 0 && below < above && above <= 100)) {
      throw new RangeError(`Levels must be 0 ≤ below < above ≤ 100: got ${below} and ${above}`);
    }
    this.label = `rsi(${period})`;
    this.#index = new Rsi(period);
    this.#below = below;
    this.#above = above;
  }

  add({ close, decimals }: Bar): Target {
    const index = this.#index;
    index.add(close, decimals);
    if (!index.isReady) return 0;
    const value = index.current;
    return value < this.#below ? 1 : value > this.#above ? -1 : 0;
  }

  reset(): void {
    this.#index.reset();
  }

  get isReady(): boolean {
    return this.#index.isReady;
  }

  values(): Values | null {
    return this.isReady ? { rsi: doubleText(this.#index.current) } : null;
  }

  closes(): Closes {
    return NO_CLOSES;
  }

  snapshot(): { readonly rsi: RsiMemory } {
    return { rsi: this.#index.snapshot() };
  }

  restore(snapshot: object | null): void {
    if (snapshot === null || !("rsi" in snapshot)) throw new TypeError("the strategy has no rsi");
    this.#index.restore(snapshot.rsi as RsiMemory);
  }
}

export const RSI = strategyKind({
  options: {
    period: windowOption(1, MAX_WINDOW, {
      default: "14",
      help: "number of changes that the index is smoothed over",
    }),
    below: numberOption(0, 100, { default: "30", help: "long while the index is below this" }),
    above: numberOption(0, 100, { default: "70", help: "flat while the index is above this" }),
  },
  ascending: [["below", "above"]],
  words: ({ period, below, above }, unit) =>
    `RSI of ${period} ${unit}, long below ${below}, flat above ${above}`,
  make: ({ period, below, above }) => new RsiLevels(period, below, above),
});
