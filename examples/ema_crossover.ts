/**
 * Two exponential moving averages, as `--average ema` has them, written as a strategy of one's own:
 *
 *     penstock backtest --strategy examples/ema_crossover.ts --set short=12,long=26 trades.csv
 */
import { defineStrategy } from "@penstock/penstock/strategy";

/** An average: until it has `window` closes, their sum; then its value. */
interface Average {
  readonly window: number;
  /** The share of a close in the average. */
  readonly share: number;
  closes: number;
  value: number;
}

function averageOf(window: number): Average {
  return { window, share: 2 / (window + 1), closes: 0, value: 0 };
}

function add(average: Average, close: number): void {
  if (average.closes === average.window) average.value += average.share * (close - average.value);
  else {
    average.value += close;
    if (++average.closes === average.window) average.value /= average.window;
  }
}

export default defineStrategy({
  options: {
    short: { default: 20, least: 1, whole: true, help: "window of the short average, in bars" },
    long: { default: 50, least: 2, whole: true, help: "window of the long average, in bars" },
  },
  start: ({ short, long }) => ({ short: averageOf(short), long: averageOf(long) }),
  onBar({ close }, { short, long }) {
    add(short, close);
    add(long, close);
    if (long.closes < long.window) return null;
    return short.value > long.value ? "long" : short.value < long.value ? "flat" : null;
  },
  values: ({ short, long }) => ({ shortAverage: short.value, longAverage: long.value }),
});
