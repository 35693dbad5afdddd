/** A made-up indicator, to show that the seam accepts another one: how often in a row the close has risen. */
import type { Indicator } from "../../../src/stages/indicators/indicator.ts";

/** Its memory: the last close, null before the first, and the rises up to it, null before the second. */
export interface RiseMemory {
  readonly last: { readonly close: number; readonly decimals: number } | null;
  readonly rises: number | null;
}

/** Counts rises; a close that is not above the one before starts the count again. */
export class Rises implements Indicator<number, RiseMemory> {
  #last: RiseMemory["last"] = null;
  #rises: number | null = null;

  add(close: number, decimals: number): void {
    const last = this.#last;
    if (last !== null) {
      const isAbove = close > last.close * 10 ** (decimals - last.decimals);
      this.#rises = isAbove ? (this.#rises ?? 0) + 1 : 0;
    }
    this.#last = { close, decimals };
  }

  reset(): void {
    this.restore({ last: null, rises: null });
  }

  get isReady(): boolean {
    return this.#rises !== null;
  }

  value(): number | null {
    return this.#rises;
  }

  snapshot(): RiseMemory {
    return { last: this.#last, rises: this.#rises };
  }

  restore({ last, rises }: RiseMemory): void {
    this.#last = last;
    this.#rises = rises;
  }
}
