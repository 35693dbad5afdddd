/** A strategy's values over time, for a chart: every bar's at first, then every second, fourth and so on. */
import type { Point } from "../domain/performance/m4_columns.ts";
import type { Values } from "../domain/market/signal.ts";

/** There are never more samples than this. */
export const MOST_SAMPLES = 4_096;

/** One line of a chart. */
export interface NamedLine {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Collects the values of one strategy. */
export class ValueTrace {
  #samples: { readonly time: number; readonly values: Values }[] = [];
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
    const found = values();
    if (found === null) return;
    this.#samples.push({ time, values: found });
    if (this.#samples.length === MOST_SAMPLES) this.#thin();
  }

  /** Takes many bars, one for each row before `size`, as `bar` does. */
  rows(time: Float64Array, size: number, valuesAt: (row: number) => Values | null): void {
    let row = 0;
    while (row + this.#left < size) {
      row += this.#left;
      this.#left = 0;
      const at = row++;
      this.bar(time[at]!, () => valuesAt(at));
    }
    this.#left -= size - row;
  }

  /** The values as lines, in the order in which the strategy names them. */
  lines(): NamedLine[] {
    const names = new Set(this.#samples.flatMap(({ values }) => Object.keys(values)));
    return [...names].map((name) => ({
      name,
      points: this.#samples
        .filter(({ values }) => values[name] !== undefined)
        .map(({ time, values }) => ({ time, value: Number(values[name]) })),
    }));
  }

  #thin(): void {
    this.#every *= 2;
    this.#samples = this.#samples.filter((_, at) => at % 2 === 0);
  }
}
