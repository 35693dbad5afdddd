/** The inputs of a run over a range of times. */
import type { Input } from "../domain/market/input.ts";
import type { TimeRange } from "../domain/market/time_range.ts";
import type { TradeReader } from "../domain/market/trade_reader.ts";
import { OutOfRange, RangedTrades } from "./ranged_trades.ts";

/**
 * Passes over what lies outside of a range: trades by their own times, and what happened between them by the time of
 * its note. Where the exchange's clock ran faster, a note has this machine's time and trades have the exchange's: there
 * it goes with the trade before it. What a note says about the instrument, or about the trades after it, still holds in the range.
 */
export class RangedInputs {
  /** The trades outside of it so far. */
  readonly out = new OutOfRange();
  readonly #range: TimeRange;
  readonly #readers = new WeakMap<TradeReader, RangedTrades>();
  /** The reader of the trades that came over the stream. */
  #live: RangedTrades | null = null;
  #hasLive = false;
  #isClocked = false;

  constructor(range: TimeRange) {
    this.#range = range;
  }

  /** The input within the range; null if it is passed over. */
  of(input: Input): Input | null {
    this.#hasLive ||= this.#live?.hasAny ?? false;
    switch (input.event) {
      case "frames":
        this.#live = this.#ranged(input.trades);
        return { event: "frames", trades: this.#live };
      case "backfilled":
        return { event: "backfilled", trades: this.#ranged(input.trades) };
      case "connected":
      case "disconnected":
      case "halt":
      case "released":
        return this.#holds(input.time) ? input : null;
      case "settled":
        // A gap before the first trade is none.
        return this.#hasLive && this.#holds(input.time) ? input : null;
      case "rules-awaited":
      case "rules":
        return this.#isClocked || input.time < this.#range.to ? input : null;
      case "speed":
        this.#isClocked = input.speed !== 1;
        return input;
      case "waited":
      case "source":
      case "same-recording":
      case "handed-over":
      case "ended":
        return input;
    }
  }

  /** Whether a note of this time lies in the range; before the first trade, its own time decides. */
  #holds(time: number): boolean {
    const isInside = this.#isClocked ? this.#live?.isInside : null;
    return isInside ?? this.#range.holds(time);
  }

  /** The same object for the same reader, so that the stages go on with it. */
  #ranged(reader: TradeReader): RangedTrades {
    const known = this.#readers.get(reader);
    if (known !== undefined) return known;
    const ranged = new RangedTrades(reader, this.#range, this.out);
    this.#readers.set(reader, ranged);
    return ranged;
  }
}
