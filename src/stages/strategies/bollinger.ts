/** Bollinger bands: long below the lower band, flat above the upper one. */
import type { Bar } from "../../domain/market/bar.ts";
import type { Target, Values } from "../../domain/market/signal.ts";
import { doubleText, nearestDouble } from "../../domain/numbers/double.ts";
import { MAX_WINDOW, priceText } from "../../domain/numbers/price.ts";
import { Deviation } from "../indicators/deviation.ts";
import type { Closes } from "../indicators/indicator.ts";
import type { Strategy } from "./strategy.ts";
import { numberOption, strategyKind, windowOption } from "./strategy_kind.ts";

const MOST_WIDTH = 100;

/**
 * The bands are `mean ± width × deviation` of the last closes, including the bar's own; the deviation is that of a
 * whole population. Computed in binary64: a product, then a sum. Between the bands the target stays the same. John
 * Bollinger, Bollinger on Bollinger Bands, 2001.
 */
export class Bollinger implements Strategy {
  readonly label: string;
  readonly remembers: number;
  readonly seesOnlyCloses = true;
  readonly #closes: Deviation;
  readonly #width: number;

  /** The period in bars, 2 to 1,000,000, and the width in deviations, above 0 and up to 100; a RangeError otherwise. */
  constructor(period: number, width: number) {
    if (!(period >= 2)) throw new RangeError(`A period must be at least 2: got ${period}`);
    if (!(width > 0 && width <= MOST_WIDTH)) {
      throw new RangeError(`A width must be above 0 and up to ${MOST_WIDTH}: got ${width}`);
    }
    this.label = `bollinger(${period},${width})`;
    this.remembers = period;
    this.#closes = new Deviation(period);
    this.#width = width;
  }

  add({ close, decimals }: Bar): Target {
    const closes = this.#closes;
    closes.add(close, decimals);
    if (!closes.isReady) return 0;
    const price = nearestDouble(close, decimals);
    const { mean, deviation } = closes;
    const half = this.#width * deviation;
    return price < mean - half ? 1 : price > mean + half ? -1 : 0;
  }

  reset(): void {
    this.#closes.reset();
  }

  get isReady(): boolean {
    return this.#closes.isReady;
  }

  values(): Values | null {
    if (!this.isReady) return null;
    const { mean, deviation } = this.#closes;
    const half = this.#width * deviation;
    const { decimals, values: [close] } = this.#closes.closes(1);
    return {
      close: priceText(close!, decimals),
      lowerBand: doubleText(mean - half),
      upperBand: doubleText(mean + half),
    };
  }

  closes(most: number): Closes {
    return this.#closes.closes(most);
  }

  snapshot(): null {
    return null;
  }

  restore(_: object | null, closes: Closes): void {
    this.#closes.restore(closes);
  }
}

export const BOLLINGER = strategyKind({
  options: {
    period: windowOption(2, MAX_WINDOW, { default: "20", help: "window of the mean and the deviation" }),
    width: numberOption(0.000_001, MOST_WIDTH, {
      default: "2",
      help: "distance of the bands from the mean, in standard deviations",
    }),
  },
  words: ({ period, width }, unit) =>
    `Bollinger bands of ${period} ${unit}, ${width} deviations from their mean`,
  make: ({ period, width }) => new Bollinger(period, width),
});
