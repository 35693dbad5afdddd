/** The inputs of a run over a range of times. */
import type { Input } from "../domain/market/input.ts";
import type { TimeRange } from "../domain/market/time_range.ts";
import type { TradeReader } from "../domain/market/trade_reader.ts";
import { OutOfRange, RangedTrades } from "./ranged_trades.ts";

/**
 * Skips inputs outside a range: trades by their own times, everything else by the time of its note. If the exchange's
 * clock ran faster, notes have this machine's time and trades the exchange's; then a note goes with the trade before
 * it. Notes about the instrument, or about the trades that follow, are kept even if they come before the range.
 */
export class RangedInputs {
  /** The trades outside the range so far. */
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

  /** The part of `input` within the range; null to skip the input. */
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
        // A gap before the first trade is not a gap.
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

  /** Whether a note of this time is in the range; before the first trade, the note's own time decides. */
  #holds(time: number): boolean {
    const isInside = this.#isClocked ? this.#live?.isInside : null;
    return isInside ?? this.#range.holds(time);
  }

  /** Returns the same object for the same reader, so that the stages continue with it. */
  #ranged(reader: TradeReader): RangedTrades {
    const known = this.#readers.get(reader);
    if (known !== undefined) return known;
    const ranged = new RangedTrades(reader, this.#range, this.out);
    this.#readers.set(reader, ranged);
    return ranged;
  }
}
