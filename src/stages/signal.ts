/** Turns crossings into signals: buys when the short average is above the long one, sells when it is below. */
import type { Side } from "../domain/numbers/money.ts";
import type { Averaged, Signal, Signalled, Slots } from "../domain/market/tick.ts";

/** What the strategy wants to hold. It follows the signals, whether or not their orders were filled. */
export type Stance = "flat" | "long";

/** The state of the stage, for `restore`. */
export interface CrossoverSnapshot {
  readonly stance: Stance;
  /** Signals made so far. */
  readonly signals: number;
}

/** The stance and its changes. */
export class Crossover {
  #stance: Stance = "flat";
  #signals = 0;

  get stance(): Stance {
    return this.#stance;
  }

  /** Signals made so far. */
  get signals(): number {
    return this.#signals;
  }

  /**
   * The same ticks, each with the signal it gave, if any. Equal averages change nothing, nor do backfilled trades.
   */
  *over(ticks: Iterable<Averaged>): Generator<Signalled> {
    const pulled = ticks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const tick = result.value;
      const crosses = this.#stance === "flat" ? tick.trend === "above" : tick.trend === "below";
      if (crosses && !tick.late) {
        (tick as unknown as Slots<Signalled, "signal">).signal = this.#turn(tick);
      }
      yield tick as Signalled;
    }
  }

  snapshot(): CrossoverSnapshot {
    return { stance: this.#stance, signals: this.#signals };
  }

  restore({ stance, signals }: CrossoverSnapshot): void {
    this.#stance = stance;
    this.#signals = signals;
  }

  #turn(tick: Averaged): Signal {
    const side: Side = this.#stance === "flat" ? "buy" : "sell";
    this.#stance = side === "buy" ? "long" : "flat";
    this.#signals++;
    return { side, tradeId: tick.id, time: tick.time };
  }
}
