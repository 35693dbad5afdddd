/** Messages in, ticks out: reads, drops what was seen before, and marks what is missing. */
import { Continuity, DUPLICATE, UNPROVEN } from "../domain/continuity.ts";
import { MAX_DECIMALS, powerOfTen, priceText } from "../domain/price.ts";
import { createTick, type Tick } from "../domain/tick.ts";
import type { Doubt, TradeReader, Verdict } from "../domain/trade_reader.ts";
import { type GapAccount, GapAccounts } from "./gap_account.ts";

/** Messages that could not be used, since they were last asked for. */
export interface Rejections {
  readonly count: number;
  /** What was wrong with the first of them. */
  readonly reason: string;
  /** Its beginning, at most 200 characters. */
  readonly sample: string;
}

/** What the parse stage has counted since it was made. */
export interface ParseCounts {
  readonly duplicates: number;
  readonly rejected: number;
  /** Messages of other streams or symbols, acknowledgements. */
  readonly passedOver: number;
  /** Ids in gaps under which the exchange itself has no trade. Absent where there are none. */
  readonly absent?: number;
}

/** Where the stage stands, to be taken up again. */
export interface ParseSnapshot {
  /** The last trade id seen; -1 before the first. */
  readonly lastId: number;
  /** The price unit. */
  readonly decimals: number;
  /** The largest price so far in that unit; absent where a finer unit could hold it too. */
  readonly largest?: number;
  readonly counts: ParseCounts;
  /** The gap that was being filled; absent unless it has more to account for than what was fetched. */
  readonly gap?: GapAccount;
}

/** Live trades that waited, for missed ones to be fetched or for the run to start. Times in µs. */
export interface Waited {
  /** When the waiting was over, since 1970: what arrived before counts as having arrived then. */
  readonly until: number;
  /** What waited longer than this is late. */
  readonly hold: number;
}

/** Trades missing before the one that was read last, which waits until `settleGap`. */
export interface HeldGap {
  readonly fromId: number;
  /** Inclusive. */
  readonly toId: number;
}

/** The first stage, for one symbol. */
export class Parse {
  readonly #continuity = new Continuity();
  #decimals = 0;
  /** The largest price so far, in that unit: every one has to stay a safe integer. */
  #largest = 0;
  #duplicates = 0;
  #rejected = 0;
  #passedOver = 0;
  #waiting: { count: number; reason: string; sample: string } | null = null;
  /** A trade whose id leapt, until the next one shows whether to believe it. */
  #unproven: { tick: Tick; sample: string; doubt: Doubt } | null = null;
  /** The one that followed it and is due after it; null most of the time. */
  #proof: Tick | null = null;
  readonly #holdsAtGaps: boolean;
  #held: { readonly reader: TradeReader; readonly gap: HeldGap } | null = null;
  /** Trades fetched for the gap before the next trade; null unless the gap was settled. */
  #filled: number | null = null;
  readonly #gaps = new GapAccounts();
  #waitedUntil = 0;
  #lateBefore = 0;

  /**
   * With `holdsAtGaps` the stage ends early at a gap, so that the missing trades can be fetched; `over` with the
   * same reader goes on once the gap is settled.
   */
  constructor(holdsAtGaps = false) {
    this.#holdsAtGaps = holdsAtGaps;
  }

  /**
   * One tick for every new trade that `reader` has at hand, in order. Unusable messages are counted; what the
   * reader throws is thrown.
   */
  *over(reader: TradeReader): Generator<Tick> {
    for (let tick = this.#next(reader); tick !== null; tick = this.#next(reader)) yield tick;
  }

  /** The gap before a trade that was read and waits; null unless the stage ended early at one. */
  get heldGap(): HeldGap | null {
    return this.#held?.gap ?? null;
  }

  /**
   * Lets the next trade pass, whatever is still missing before it; `filled` trades were fetched. From the last one up to
   * `through` the exchange itself has none.
   */
  settleGap(filled: number, through: number): void {
    this.#filled = filled;
    if (through <= this.lastId) return;
    this.#gaps.lacks(through - this.lastId);
    this.#continuity.moveTo(through);
  }

  /** Tells live trades that waited from those that come from now on. */
  waited({ until, hold }: Waited): void {
    this.#waitedUntil = until;
    this.#lateBefore = until - hold;
  }

  /** The account of the gap before the last live trade that had one. */
  get gap(): GapAccount {
    return this.#gaps.closed;
  }

  /** Ends the input: a trade that was still unproven is counted as rejected; none has come to speak against it. */
  end(): void {
    const unproven = this.#unproven;
    this.#unproven = null;
    if (unproven !== null) this.#reject(unproven.doubt.reason, unproven.sample);
  }

  /** The id of the last trade seen; -1 before the first. */
  get lastId(): number {
    return this.#continuity.last;
  }

  get counts(): ParseCounts {
    const { absent } = this.#gaps;
    return {
      duplicates: this.#duplicates,
      rejected: this.#rejected,
      passedOver: this.#passedOver,
      ...(absent === 0 ? {} : { absent }),
    };
  }

  /** What was rejected since the last call, or null. */
  takeRejections(): Rejections | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }

  snapshot(): ParseSnapshot {
    const [decimals, largest] = [this.#decimals, this.#largest];
    // Whatever unit is to come, a smaller one will be exact in it.
    const matters = largest > Number.MAX_SAFE_INTEGER / powerOfTen(MAX_DECIMALS - decimals);
    return {
      lastId: this.#continuity.last,
      decimals,
      ...(matters ? { largest } : {}),
      counts: this.counts,
      ...this.#gaps.snapshot(),
    };
  }

  restore({ lastId, decimals, largest = 0, counts, gap }: ParseSnapshot): void {
    this.#largest = largest;
    this.#gaps.restore(gap, counts.absent ?? 0);
    this.#continuity.moveTo(lastId);
    this.#decimals = decimals;
    this.#duplicates = counts.duplicates;
    this.#rejected = counts.rejected;
    this.#passedOver = counts.passedOver;
  }

  /** The next new trade; null when the reader has nothing more at hand, or a gap holds what it has read. */
  #next(reader: TradeReader): Tick | null {
    if (this.#proof !== null) return this.#takeProof();
    let verdict: Verdict | null = this.#takeHeld(reader) ? "trade" : reader.next();
    for (; verdict !== null; verdict = reader.next()) {
      if (verdict !== "trade") {
        this.#passOver(verdict, reader);
        continue;
      }
      const { firstId, lastId, decimals } = reader.trade;
      if (decimals !== this.#decimals && this.#refuseInexact(reader)) continue;
      if (this.#unproven !== null) {
        const { tick } = this.#unproven;
        if (firstId === tick.id + 1) {
          this.#unproven = null;
          this.#continuity.moveTo(lastId);
          this.#proof = this.#tick(reader, 0);
          return tick;
        }
        if (lastId === tick.id) {
          this.#duplicates++;
          continue;
        }
      }
      const before = this.#continuity.last;
      let judged = this.#continuity.judge(firstId, lastId);
      if (judged === DUPLICATE) {
        this.#duplicates++;
        continue;
      }
      if (judged > 0 && this.#holdsAtGaps && this.#filled === null && reader.isLate !== true) {
        this.#continuity.moveTo(before);
        this.#held = { reader, gap: { fromId: before + 1, toId: firstId - 1 } };
        return null;
      }
      if (this.#unproven !== null) this.#refuseUnproven(this.#unproven.doubt);
      if (judged === UNPROVEN) {
        this.#unproven = this.#doubt(reader, before);
        continue;
      }
      if (judged > 0 && reader.isLate === true) {
        judged = this.#gaps.jumped(before + 1, judged, reader.skipped ?? 0);
      }
      return this.#tick(reader, judged);
    }
    return null;
  }

  #takeProof(): Tick | null {
    const proof = this.#proof;
    this.#proof = null;
    return proof;
  }

  /** Whether the trade that `reader` read last has been held at a gap until now. */
  #takeHeld(reader: TradeReader): boolean {
    const isHeld = this.#held !== null && this.#held.reader === reader;
    if (isHeld) this.#held = null;
    return isHeld;
  }

  /** The trade in the reader as a tick, in the symbol's price unit. */
  #tick(reader: TradeReader, missing: number): Tick {
    const { symbol, trade } = reader;
    let price = trade.price;
    if (trade.decimals > this.#decimals) {
      this.#largest *= powerOfTen(trade.decimals - this.#decimals);
      this.#decimals = trade.decimals;
    } else if (trade.decimals < this.#decimals) price *= powerOfTen(this.#decimals - trade.decimals);
    if (price > this.#largest) this.#largest = price;
    let late = reader.isLate === true;
    let filled = 0;
    if (!late && this.#filled !== null) {
      filled = this.#filled;
      this.#filled = null;
      this.#gaps.close();
    }
    let { receivedAt = 0 } = reader;
    if (receivedAt < this.#waitedUntil && receivedAt > 0) {
      late ||= receivedAt < this.#lateBefore;
      receivedAt = this.#waitedUntil;
    }
    return createTick(symbol, trade, price, this.#decimals, missing, filled, late, receivedAt);
  }

  #passOver(verdict: Verdict, reader: TradeReader): void {
    if (verdict === "other") this.#passedOver++;
    else {
      this.#reject(reader.reason, reader.sample());
      if (reader.emptyId >= 0) this.#continuity.skip(reader.emptyId);
    }
  }

  /** The trade in the reader, whose id leapt from `before`, with what to say should the next one not follow it. */
  #doubt(reader: TradeReader, before: number): { tick: Tick; sample: string; doubt: Doubt } {
    const { firstId, lastId } = reader.trade;
    const what = `trade id ${lastId} is far from the one before, ${before}, and no trade followed on it`;
    return {
      tick: this.#tick(reader, firstId > before ? firstId - before - 1 : -1),
      sample: reader.sample(),
      doubt: reader.doubt?.(what) ?? { reason: what, error: null },
    };
  }

  /** Another trade has come that does not follow on the one that leapt. */
  #refuseUnproven({ error }: Doubt): void {
    if (error !== null) throw error;
    this.end();
  }

  /**
   * Whether the trade in the reader has a price that is not exact in one unit with those before it; then it is counted
   * as rejected. What the reader makes an error is thrown.
   */
  #refuseInexact(reader: TradeReader): boolean {
    const { symbol, trade: { firstId, lastId, price, decimals } } = reader;
    const [largest, steps] = decimals > this.#decimals
      ? [this.#largest, decimals - this.#decimals]
      : [price, this.#decimals - decimals];
    // Rounding never brings a larger product down to 2^53 - 1.
    if (largest * powerOfTen(steps) <= Number.MAX_SAFE_INTEGER) return false;
    const why = decimals > this.#decimals
      ? `too fine to be exact beside ${priceText(this.#largest, this.#decimals)}, which came before`
      : `too large to be exact with the ${this.#decimals} decimals that prices of ${symbol} have had`;
    const what = `price is ${priceText(price, decimals)}, ${why}`;
    const { reason, error } = reader.doubt?.(what) ?? { reason: what, error: null };
    if (error !== null) throw error;
    this.#reject(reason, reader.sample());
    if (firstId === lastId) this.#continuity.skip(lastId);
    return true;
  }

  #reject(reason: string, sample: string): void {
    this.#rejected++;
    if (this.#waiting !== null) this.#waiting.count++;
    else this.#waiting = { count: 1, reason, sample };
  }
}
