/** Finds out whether the exchange's ids have started over, from trades in a row that say so. */
import type { TradeFields } from "../domain/trade_reader.ts";
import type { HeldTrade } from "./time_check.ts";

/**
 * So many trades in a row whose ids are at or below the last one, and rise, and whose times lie behind the latest and
 * do not fall, show that the ids started over. A trade that comes late or twice has the time that it always had.
 */
export const RESET_TRADES = 5;

const MILLISECOND = 1_000, SECOND = 1_000_000;

/** How far the sequence has come that may have ended. */
export interface OldSequence {
  readonly lastId: number;
  /** The latest time of a trade, µs since 1970; 0 before the first. */
  readonly latest: number;
}

/** A trade that may be one of the first of a new sequence. */
export interface Candidate {
  readonly held: HeldTrade;
  /** Whether its id was seen in the old sequence. */
  readonly isSeen: boolean;
  /** How often it came again. */
  repeats: number;
}

/** The trades that may be the first ones of a new sequence. */
export class IdReset {
  #candidates: Candidate[] = [];
  #lastId = -1;

  /** Whether trades wait. */
  get isHolding(): boolean {
    return this.#lastId >= 0;
  }

  /** Whether they are enough. */
  get isProven(): boolean {
    return this.#candidates.length >= RESET_TRADES;
  }

  /** The trade that came last, where this is the same once more, else null. */
  repeated({ lastId, time }: TradeFields): Candidate | null {
    const before = this.#candidates.at(-1);
    return before !== undefined && before.held.tick.id === lastId && before.held.tick.time === time
      ? before
      : null;
  }

  /**
   * Ids missing between the last of these trades and this one; null where it does not go on with them. Above the old
   * ids it is the old sequence that goes on.
   */
  missingBefore({ firstId, lastId, time }: TradeFields, old: OldSequence): number | null {
    const before = this.#candidates.at(-1)?.held.tick;
    const goesOn = before !== undefined && firstId > this.#lastId && lastId <= old.lastId &&
      time >= before.time;
    return goesOn ? firstId - this.#lastId - 1 : null;
  }

  /** Whether a trade may be the first of a new sequence. */
  static mayStart({ lastId, time }: TradeFields, old: OldSequence): boolean {
    return lastId <= old.lastId && time >= old.latest + resolution(old.latest);
  }

  /** Takes the next trade. */
  add(candidate: Candidate): void {
    this.#candidates.push(candidate);
    this.#lastId = candidate.held.tick.id;
  }

  /** Moves over ids that were read and that no usable trade has; false where they do not follow on. */
  skip(firstId: number, lastId: number): boolean {
    if (!this.isHolding || firstId !== this.#lastId + 1) return false;
    this.#lastId = lastId;
    return true;
  }

  /** The trades, which wait no longer. */
  take(): Candidate[] {
    const candidates = this.#candidates;
    this.#candidates = [];
    this.#lastId = -1;
    return candidates;
  }
}

/**
 * How much later than `time` a trade must be to be a later one, µs: the same trade may be written more finely in another
 * file, so that a time in whole milliseconds may stand for any in that millisecond.
 */
export function resolution(time: number): number {
  return time % SECOND === 0 ? SECOND : time % MILLISECOND === 0 ? MILLISECOND : 1;
}
