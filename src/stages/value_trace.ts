/** A strategy's values over time, for a chart: every bar's at first, then every second, fourth and so on. */
import type { Point } from "../domain/performance/m4_columns.ts";
import type { ValueNumbers, Values } from "../domain/market/signal.ts";

/**
 * There are never more samples than this: one for each column of the chart, because each costs as much as tens of
 * trades.
 */
export const MOST_SAMPLES = 2_048;

/** One line of a chart. */
export interface NamedLine {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Collects the values of one strategy. */
export class ValueTrace {
  readonly #times = new Float64Array(MOST_SAMPLES);
  /** The samples of each value, in the order in which the strategy first named them; NaN where it had none. */
  readonly #values = new Map<string, Float64Array>();
  #size = 0;
  #every = 1;
  /** How many bars pass before the next sample. */
  #left = 0;

  /** Takes the next bar, which closed at `time` (µs since 1970). `values` is called if they are needed. */
  bar(time: number, values: () => Values | null): void {
    if (this.#left > 0) {
      this.#left--;
      return;
    }
    this.#left = this.#every - 1;
    this.#sample(time, values());
  }

  /** Takes many bars, one for each row before `size`, as `bar` does. */
  rows(time: Float64Array, size: number, numbersAt: (row: number) => ValueNumbers | null): void {
    let row = this.#left;
    while (row < size) {
      // The sample after the one that thins the others is still taken at the old distance.
      const every = this.#every;
      this.#sample(time[row]!, numbersAt(row));
      row += every;
    }
    this.#left = row - size;
  }

  /** The values as lines, in the order in which the strategy names them. */
  lines(): NamedLine[] {
    return [...this.#values].map(([name, values]) => {
      const points: Point[] = [];
      for (let at = 0; at < this.#size; at++) {
        const value = values[at]!;
        if (!Number.isNaN(value)) points.push({ time: this.#times[at]!, value });
      }
      return { name, points };
    });
  }

  #sample(time: number, found: Values | ValueNumbers | null): void {
    if (found === null) return;
    const at = this.#size++;
    this.#times[at] = time;
    for (const values of this.#values.values()) values[at] = NaN;
    for (const name in found) this.#lineOf(name)[at] = Number(found[name]);
    if (this.#size === MOST_SAMPLES) this.#thin();
  }

  #lineOf(name: string): Float64Array {
    let line = this.#values.get(name);
    if (line === undefined) this.#values.set(name, line = new Float64Array(MOST_SAMPLES).fill(NaN));
    return line;
  }

  #thin(): void {
    this.#every *= 2;
    this.#size /= 2;
    for (const samples of [this.#times, ...this.#values.values()]) {
      for (let at = 0; at < this.#size; at++) samples[at] = samples[2 * at]!;
    }
  }
}
