/** How fast trades arrive, and how old they are on arrival. */

const WINDOW_MS = 10_000;
const SAMPLE_MS = 200;
/** A rate over a shorter time would mean nothing. */
const LEAST_MS = 1_000;

/** The trades that arrived within one sample's time. */
interface Sample {
  readonly at: number;
  trades: number;
}

/** Counts the trades that arrived over the last ten seconds. Times in ms since 1970. */
export class Throughput {
  /** When the first trade arrived. */
  #startedAt: number | null = null;
  /** Oldest first. */
  readonly #samples: Sample[] = [];
  #lagMs: number | null = null;

  /**
   * Adds `trades` live trades that arrived at `receivedAt`, of which the last was traded at `time` (µs since 1970; null
   * if there are none). Backfilled trades do not count, because they were fetched.
   */
  note(trades: number, time: number | null, receivedAt: number): void {
    this.#startedAt ??= receivedAt;
    if (time !== null) this.#lagMs = Math.round(receivedAt - time / 1000);
    const last = this.#samples.at(-1);
    if (last !== undefined && receivedAt - last.at < SAMPLE_MS) last.trades += trades;
    else this.#samples.push({ at: receivedAt, trades });
    this.#drop(receivedAt);
  }

  /** Age of the last trade when it arrived, ms; null before the first. */
  get lagMs(): number | null {
    return this.#lagMs;
  }

  /** Trades a second over the last ten seconds, or since the first one. */
  tradesPerSecond(now: number = Date.now()): number {
    this.#drop(now);
    const elapsed = Math.min(WINDOW_MS, Math.max(LEAST_MS, now - (this.#startedAt ?? now)));
    return this.#samples.reduce((sum, { trades }) => sum + trades, 0) * 1000 / elapsed;
  }

  #drop(now: number): void {
    while (this.#samples.length > 0 && now - this.#samples[0]!.at >= WINDOW_MS) this.#samples.shift();
  }
}
