/** Turns what the strategy wants into signals: it buys while flat when that is to be long, and sells while long when it is to be flat. */
import type { Signal } from "../domain/market/signal.ts";
import type { Side } from "../domain/numbers/money.ts";
import type { Averaged, Signalled, Slots } from "../domain/market/tick.ts";

/** What the run holds by its signals, whether or not their orders were filled. */
export type Stance = "flat" | "long";

/** The state of the stage, for `restore`. */
export interface SignalSnapshot {
  readonly stance: Stance;
  /** Signals made so far. */
  readonly signals: number;
}

/** The stance and its changes. */
export class SignalStage {
  #stance: Stance = "flat";
  #signals = 0;

  get stance(): Stance {
    return this.#stance;
  }

  /** Signals made so far. */
  get signals(): number {
    return this.#signals;
  }

  /** The same ticks, each with the signal it gave, if any. Backfilled trades give none. */
  *over(ticks: Iterable<Averaged>): Generator<Signalled> {
    const pulled = ticks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const tick = result.value;
      const turns = this.#stance === "flat" ? tick.wish > 0 : tick.wish < 0;
      if (turns && !tick.late) {
        (tick as unknown as Slots<Signalled, "signal">).signal = this.#turn(tick);
      }
      yield tick as Signalled;
    }
  }

  snapshot(): SignalSnapshot {
    return { stance: this.#stance, signals: this.#signals };
  }

  restore({ stance, signals }: SignalSnapshot): void {
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
