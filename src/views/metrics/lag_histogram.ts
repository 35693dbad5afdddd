/** How old trades were when they arrived, as a histogram. */
import type { Labels, Sample } from "./exposition.ts";

/** Upper bounds of the buckets, seconds. */
export const LAG_BOUNDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts observations in cumulative buckets, as Prometheus defines them. */
export class LagHistogram {
  readonly #counts = LAG_BOUNDS.map(() => 0);
  #sum = 0;
  #count = 0;

  /**
   * Adds a lag, in seconds. A negative lag, which two clocks can cause, counts as zero, because a sum must not fall.
   */
  observe(seconds: number): void {
    const lag = Math.max(0, seconds);
    LAG_BOUNDS.forEach((bound, at) => {
      if (lag <= bound) this.#counts[at]!++;
    });
    this.#sum += lag;
    this.#count++;
  }

  samples(labels: Labels): Sample[] {
    const bucket = (le: string, value: number): Sample => ({
      suffix: "_bucket",
      labels: { ...labels, le },
      value,
    });
    return [
      ...LAG_BOUNDS.map((bound, at) => bucket(String(bound), this.#counts[at]!)),
      bucket("+Inf", this.#count),
      { suffix: "_sum", labels, value: Number(this.#sum.toFixed(6)) },
      { suffix: "_count", labels, value: this.#count },
    ];
  }
}
