/** Detects that the exchange's ids have started over, from several trades in a row. */
import type { Tick } from "../domain/market/tick.ts";
import type { TradeFields } from "../domain/market/trade_reader.ts";
import type { HeldTrade } from "./held_trade.ts";
import type { ParseTally } from "./parse_tally.ts";

/**
 * How many trades in a row show that the ids started over: their ids are at or below the last one and rise, and their
 * times are later than the latest and do not fall. A trade that arrives late or twice has an older time.
 */
export const RESET_TRADES = 5;

const MILLISECOND = 1_000, SECOND = 1_000_000;

/** The state of the sequence that may have ended. */
export interface OldSequence {
  readonly lastId: number;
  /** The latest time of a trade, µs since 1970; 0 before the first. */
  readonly latest: number;
}

/** A trade that may be one of the first of a new sequence. */
interface Candidate {
  readonly held: HeldTrade;
  /** Whether its id was seen in the old sequence. */
  readonly isSeen: boolean;
  /** How often it was repeated. */
  repeats: number;
}

/**
 * The trades that may be the first ones of a new sequence. They count as trades of the old one while they wait, so that
 * a snapshot has them.
 */
export class IdReset {
  readonly #tally: ParseTally;
  #candidates: Candidate[] = [];
  #lastId = -1;

  /** Trades that wait are counted in `tally`. */
  constructor(tally: ParseTally) {
    this.#tally = tally;
  }

  /** Whether trades wait. */
  get isHolding(): boolean {
    return this.#lastId >= 0;
  }

  /** Whether enough trades wait to prove that the ids started over. */
  get isProven(): boolean {
    return this.#candidates.length >= RESET_TRADES;
  }

  /** Whether a trade repeats the last one; if so, it is counted. */
  repeats({ lastId, time }: TradeFields): boolean {
    const before = this.#candidates.at(-1);
    if (before === undefined) return false;
    const { held: { tick }, isSeen } = before;
    if (tick.id !== lastId || tick.time !== time) return false;
    this.#tally.countOld(isSeen, 1);
    before.repeats++;
    return true;
  }

  /**
   * How many ids are missing between the last of these trades and this one; null if it does not continue them. A trade
   * above the old ids continues the old sequence.
   */
  missingBefore({ firstId, lastId, time }: TradeFields, old: OldSequence): number | null {
    const before = this.#candidates.at(-1)?.held.tick;
    const continues = before !== undefined && firstId > this.#lastId && lastId <= old.lastId &&
      time >= before.time;
    return continues ? firstId - this.#lastId - 1 : null;
  }

  /** Whether a trade may be the first of a new sequence. */
  static mayStart({ lastId, time }: TradeFields, old: OldSequence): boolean {
    return lastId <= old.lastId && time >= old.latest + resolution(old.latest);
  }

  /** Takes the next trade. `isSeen` means that its id was seen in the old sequence. */
  add(held: HeldTrade, isSeen: boolean): void {
    this.#tally.countOld(isSeen, 1);
    this.#candidates.push({ held, isSeen, repeats: 0 });
    this.#lastId = held.tick.id;
  }

  /** Skips ids that were read but belong to no usable trade; false if they do not follow the last one. */
  skip(firstId: number, lastId: number): boolean {
    if (!this.isHolding || firstId !== this.#lastId + 1) return false;
    this.#lastId = lastId;
    return true;
  }

  /** The first trades of the new sequence, in order, which no longer wait and are not trades of the old one. */
  start(): Tick[] {
    return this.#take().map(({ held, isSeen, repeats }) => {
      this.#tally.countOld(isSeen, -1 - repeats);
      this.#tally.duplicates += repeats;
      return held.tick;
    });
  }

  /**
   * The ids did not start over: the waiting trades were seen before, or are out of order after `lastId`. Throws the
   * reader's error for that, unless the input was cut.
   */
  drop(lastId: number, isCut = false): void {
    for (const { held, isSeen } of this.#take()) {
      if (isSeen) continue;
      this.#tally.countOld(isSeen, -1);
      this.#tally.stray(held, lastId, isCut);
    }
  }

  #take(): Candidate[] {
    const candidates = this.#candidates;
    this.#candidates = [];
    this.#lastId = -1;
    return candidates;
  }
}

/**
 * How much later than `time` a trade must be to be a later one, µs: the same trade may be written more finely in
 * another file, so that a time in whole milliseconds may stand for any in that millisecond.
 */
export function resolution(time: number): number {
  return time % SECOND === 0 ? SECOND : time % MILLISECOND === 0 ? MILLISECOND : 1;
}
