/** How fast trades come and how old they are on arrival. */

const WINDOW_MS = 10_000;
const SAMPLE_MS = 200;

/** Counts trades over the last ten seconds. */
export class Pace {
  #samples: { readonly at: number; readonly trades: number }[] = [{ at: performance.now(), trades: 0 }];
  #trades = 0;
  #lagMs: number | null = null;

  /**
   * Takes note that `trades` have been seen in all, the last at `time` (µs since 1970, null for none) and
   * received at `receivedAt` (ms since 1970).
   */
  note(trades: number, time: number | null, receivedAt: number): void {
    this.#trades = trades;
    if (time !== null) this.#lagMs = Math.round(receivedAt - time / 1000);
  }

  /** Age of the last trade when it arrived, ms; null before the first. */
  get lagMs(): number | null {
    return this.#lagMs;
  }

  /** Trades a second over the last ten seconds, or since the start. */
  tradesPerSecond(at = performance.now()): number {
    const last = this.#samples[this.#samples.length - 1];
    if (last === undefined || at - last.at >= SAMPLE_MS) this.#samples.push({ at, trades: this.#trades });
    while (this.#samples.length > 2 && at - this.#samples[1]!.at >= WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    const elapsed = at - first.at;
    return elapsed <= 0 ? 0 : (this.#trades - first.trades) * 1000 / elapsed;
  }
}
