/**
 * Two exponential moving averages, as `--average ema` has them, written as a strategy of one's own:
 *
 *     penstock backtest --strategy examples/ema_crossover.ts --set short=12,long=26 trades.csv
 */
import { defineStrategy } from "@penstock/penstock/strategy";

/** An average: until it has `window` closes, their sum; then its value. */
interface Average {
  closes: number;
  value: number;
}

function add(average: Average, window: number, close: number): void {
  if (average.closes >= window) average.value += 2 / (window + 1) * (close - average.value);
  else {
    average.value += close;
    average.closes++;
    if (average.closes === window) average.value /= window;
  }
}

export default defineStrategy({
  options: {
    short: { default: 20, least: 1, whole: true, help: "window of the short average, in bars" },
    long: { default: 50, least: 2, whole: true, help: "window of the long average, in bars" },
  },
  start: () => ({ short: { closes: 0, value: 0 }, long: { closes: 0, value: 0 } }),
  onBar({ close }, { short, long }, options) {
    add(short, options.short, close);
    add(long, options.long, close);
    if (long.closes < options.long) return null;
    return short.value > long.value ? "long" : short.value < long.value ? "flat" : null;
  },
  values: ({ short, long }) => ({ shortAverage: short.value, longAverage: long.value }),
});
