/** Finds out whether the exchange's ids have started over, from trades in a row that say so. */
import type { TradeFields } from "../domain/trade_reader.ts";
import type { HeldTrade } from "./time_check.ts";

/**
 * So many trades in a row whose ids are at or below the last one, and rise, and whose times lie behind the latest and
 * rise as well, show that the ids started over. A trade that comes late or twice has the time that it always had.
 */
export const RESET_TRADES = 5;

/** How far the sequence has come that may have ended. */
export interface OldSequence {
  readonly lastId: number;
  /** The latest time of a trade, µs since 1970; 0 before the first. */
  readonly latest: number;
}

/** The trades that may be the first ones of a new sequence. */
export class IdReset {
  #held: HeldTrade[] = [];
  #lastId = -1;

  /** Whether trades wait. */
  get isHolding(): boolean {
    return this.#lastId >= 0;
  }

  /** Whether they are enough. */
  get isProven(): boolean {
    return this.#held.length >= RESET_TRADES;
  }

  /** Whether a trade is the one that came last. */
  isRepeated({ lastId, time }: TradeFields): boolean {
    const before = this.#held.at(-1)?.tick;
    return before !== undefined && before.id === lastId && before.time === time;
  }

  /** Ids missing between the last of these trades and this one; null where it does not go on with them. */
  missingBefore({ firstId, time }: TradeFields, { lastId }: OldSequence): number | null {
    const before = this.#held.at(-1)?.tick;
    if (before === undefined || firstId <= this.#lastId || time < before.time) return null;
    const missing = firstId - this.#lastId - 1;
    // Above the old ids only what follows on is evidence: anything else may be a gap in the old sequence.
    return firstId > lastId && missing > 0 ? null : missing;
  }

  /** Whether a trade may be the first of a new sequence. */
  static mayStart({ lastId, time }: TradeFields, old: OldSequence): boolean {
    return lastId <= old.lastId && time > old.latest;
  }

  /** Takes the next trade. */
  add(held: HeldTrade): void {
    this.#held.push(held);
    this.#lastId = held.tick.id;
  }

  /** Moves over ids that were read and that no usable trade has; false where they do not follow on. */
  skip(firstId: number, lastId: number): boolean {
    if (!this.isHolding || firstId !== this.#lastId + 1) return false;
    this.#lastId = lastId;
    return true;
  }

  /** The trades, which wait no longer. */
  take(): HeldTrade[] {
    const held = this.#held;
    this.#held = [];
    this.#lastId = -1;
    return held;
  }
}
