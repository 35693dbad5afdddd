/** A strategy that nobody needs, to show that the seam takes another one. It remembers closes and a state besides. */
import type { Bar } from "../../../src/domain/market/bar.ts";
import type { Target, Values } from "../../../src/domain/market/signal.ts";
import type { Closes } from "../../../src/stages/indicators/indicator.ts";
import { Sma } from "../../../src/stages/indicators/sma.ts";
import type { Strategy } from "../../../src/stages/strategies/strategy.ts";
import { type RiseMemory, Rises } from "../indicators/made_up_indicator.ts";

/** Long after two rises in a row, flat once the close is below the mean of the last ones. */
export class Climb implements Strategy {
  readonly label = "climb";
  readonly remembers: number;
  readonly #rises = new Rises();
  readonly #mean: Sma;
  readonly #close = new Sma(1);

  /** `window` is how many closes are in the mean. */
  constructor(window: number) {
    this.remembers = window;
    this.#mean = new Sma(window);
  }

  add({ close, decimals }: Bar): Target {
    for (const indicator of [this.#rises, this.#mean, this.#close]) indicator.add(close, decimals);
    if (!this.isReady) return 0;
    if (this.#close.compare(this.#mean) < 0) return -1;
    return this.#rises.value()! >= 2 ? 1 : 0;
  }

  reset(): void {
    for (const indicator of [this.#rises, this.#mean, this.#close]) indicator.reset();
  }

  get isReady(): boolean {
    return this.#rises.isReady && this.#mean.isReady;
  }

  values(): Values | null {
    return this.isReady ? { rises: String(this.#rises.value()), mean: this.#mean.value()! } : null;
  }

  closes(most: number): Closes {
    return this.#mean.closes(most);
  }

  snapshot(): { readonly rises: RiseMemory } {
    return { rises: this.#rises.snapshot() };
  }

  restore(snapshot: object | null, closes: Closes): void {
    if (snapshot === null || !("rises" in snapshot)) throw new TypeError("it has no rises");
    this.#rises.restore(snapshot.rises as RiseMemory);
    this.#mean.restore(closes);
    this.#close.restore(closes);
  }
}
