/** Messages in, blocks out: reads, drops what was seen before, and marks what is missing. */
import { Continuity, DUPLICATE, NEXT, UNPROVEN, UNSEEN } from "../domain/market/continuity.ts";
import type { Rejections } from "../domain/market/rejections.ts";
import type { Block } from "../domain/market/block.ts";
import { createTick, type Tick } from "../domain/market/tick.ts";
import { DAY, HOUR } from "../domain/numbers/time.ts";
import type { ReadResult, TradeReader } from "../domain/market/trade_reader.ts";
import { BlockBuilder, type RowOptions, type SeenTimes } from "./block_builder.ts";
import { type GapAccount, GapAccounts } from "./gap_account.ts";
import { GapHold, type HeldGap } from "./gap_hold.ts";
import { type HeldTrade, holdTrade, type Suspect } from "./held_trade.ts";
import { IdReset } from "./id_reset.ts";
import type { ParseSnapshot } from "./parse_snapshot.ts";
import { ParseTally } from "./parse_tally.ts";
import { PriceUnit } from "./price_unit.ts";
import { TimeCheck } from "./time_check.ts";
import { Waits } from "./waits.ts";

/** The first stage, for one symbol. */
export class Parse {
  readonly #continuity = new Continuity();
  readonly #unit = new PriceUnit();
  readonly #tally = new ParseTally();
  /** A trade whose id jumped ahead. It waits until the next one shows whether to accept it. */
  #jumped: Suspect | null = null;
  readonly #restart = new IdReset(this.#tally);
  readonly #times = new TimeCheck((suspect) => this.#tally.refuse(suspect));
  readonly #seen: SeenTimes = { time: NaN, latest: 0 };
  readonly #rows: BlockBuilder;
  /** Trades that waited and are due before anything else is read. */
  readonly #due: Tick[] = [];
  /** The error that the reader threw while an earlier trade waited. */
  #failure: { readonly error: unknown } | null = null;
  #lastIdBeforeReset = -1;
  /** Whether nothing is held and no gap was settled, so that a trade is only compared with the one before. */
  #isIdle = true;
  readonly #gapHold: GapHold;
  readonly #gaps = new GapAccounts();
  readonly waits = new Waits();

  /**
   * With `holdsAtGaps` the stage ends early at a gap, so that the missing trades can be fetched; `over` with the
   * same reader continues once the gap is settled. `rows` says how blocks are made.
   */
  constructor(holdsAtGaps = false, rows?: RowOptions) {
    this.#gapHold = new GapHold(holdsAtGaps);
    this.#rows = new BlockBuilder(this.#continuity, this.#unit, this.#seen, this.waits, rows);
  }

  /** How many more trades may be read. */
  set room(trades: number) {
    this.#rows.room = trades;
  }

  /**
   * Blocks of every new trade that `reader` has available, in order. Unusable messages are counted. An error of the
   * reader is thrown after the trades before it were yielded.
   */
  *over(reader: TradeReader): Generator<Block> {
    if (reader.isBackfilled === true) this.#gaps.fills(this.lastId + 1);
    for (let block = this.#next(reader); block !== null; block = this.#next(reader)) yield block;
  }

  /** True only if `over` has nothing more to yield until the reader gets more. */
  hasAll(reader: TradeReader): boolean {
    return reader.isAtEnd === true && this.#isIdle && this.#due.length === 0 && !this.#rows.isAhead(reader);
  }

  /** How many of the trades that were read are due: `over` yields them before it reads more. */
  get due(): number {
    return this.#due.length;
  }

  /** The gap before a trade that was read and waits; null unless the stage ended early at one. */
  get heldGap(): HeldGap | null {
    return this.#gapHold.gap;
  }

  /**
   * Lets the next trade pass, even if trades before it are still missing; `filled` trades were fetched. From the last
   * one up to `through` the exchange itself has none.
   */
  settleGap(filled: number, through: number): void {
    this.#gapHold.settle(filled);
    this.#isIdle = false;
    const { readTo } = this.#continuity;
    if (through <= readTo) return;
    this.#gaps.addAbsent(through - readTo);
    this.#continuity.skip(readTo + 1, through);
  }

  /** The account of the gap before the last live trade that had one. */
  get gap(): GapAccount {
    return this.#gaps.closed;
  }

  /**
   * Ends the input. A trade that still waits for the next one to confirm it is counted as rejected; one after a pause
   * is due, and `over` yields it with the next reader. When `isWhole`, the input was read to its end: waiting trades
   * that are out of order throw the reader's error, if it has one. Otherwise they are only counted, because the trades
   * after them might have shown a reset.
   */
  end(isWhole = false): void {
    const jumped = this.#jumped;
    this.#jumped = null;
    this.#restart.drop(this.lastId, !isWhole);
    const last = this.#times.takeLast(this.#seen.time);
    if (last !== null) this.#accept(last);
    for (const suspect of [jumped, this.#times.takeSuspect(this.#seen.time)]) {
      if (suspect !== null) this.#tally.refuse(suspect, true);
    }
    this.#isIdle = this.#hasNothingHeld;
  }

  /**
   * Notes that another process continues from here, as from a snapshot, without the waiting trades or the gap settled
   * for the next trade.
   */
  handOver(): void {
    this.end();
    this.#gapHold.takeFilled();
    this.#isIdle = this.#hasNothingHeld;
  }

  /** The id of the last trade seen; -1 before the first. */
  get lastId(): number {
    return this.#continuity.last;
  }

  /** The last id before the most recent reset of the ids; -1 if there was none. */
  get lastIdBeforeReset(): number {
    return this.#lastIdBeforeReset;
  }

  get counts(): ReturnType<ParseTally["counts"]> {
    return this.#tally.counts(this.#gaps.absent);
  }

  /** What was rejected since the last call, or null. */
  takeRejections(): Rejections | null {
    return this.#tally.takeRejections();
  }

  /** The trades out of order since the last call, or null. */
  takeStrays(): Rejections | null {
    return this.#tally.takeStrays();
  }

  snapshot(): ParseSnapshot {
    const seen = { ...this.#continuity.snapshot(), latest: this.#seen.latest };
    return {
      lastId: this.#continuity.readTo,
      ...this.#unit.snapshot(),
      counts: this.counts,
      seen,
      ...this.#gaps.snapshot(),
    };
  }

  /** Restores a snapshot; `time` is that of the last trade, µs since 1970, null before the first. */
  restore(snapshot: ParseSnapshot, time: number | null): void {
    const { lastId, counts, seen, gap } = snapshot;
    this.#unit.restore(snapshot);
    this.#gaps.restore(gap, counts.absent ?? 0);
    this.#isIdle = this.#hasNothingHeld;
    this.#continuity.restore(lastId, seen);
    this.#seen.time = time ?? NaN;
    this.#seen.latest = seen?.latest ?? time ?? 0;
    this.#tally.restore(counts);
  }

  /** The next new trades; null when the reader has nothing more available, or a gap holds what it has read. */
  #next(reader: TradeReader): Block | null {
    for (let mayContinue = true;;) {
      if (this.#due.length > 0) return this.#rows.one(this.#due.shift()!);
      if (!mayContinue) return null;
      if (!this.#isIdle) {
        mayContinue = this.#takeStep(reader);
        continue;
      }
      const block = this.#rows.take(reader, this.#due);
      if (block !== null) return block;
      if (this.#due.length > 0) continue;
      const read = this.#rows.read(reader);
      if (read === null) return null;
      if (read !== "trade") {
        this.#passOver(read, reader);
        continue;
      }
      const { firstId, lastId, time, decimals } = reader.trade;
      if (decimals !== this.#unit.decimals && this.#isInexact(reader)) continue;
      const judged = this.#continuity.judge(firstId, lastId);
      const step = time - this.#seen.time;
      if (judged === NEXT && step <= HOUR && step >= -HOUR) {
        return this.#rows.follow(reader);
      }
      mayContinue = this.#judge(reader, judged);
      this.#isIdle = this.#hasNothingHeld;
    }
  }

  /** Takes one message while something is held. False when there is none, or a gap holds it. */
  #takeStep(reader: TradeReader): boolean {
    if (this.#failure !== null) {
      const { error } = this.#failure;
      this.#failure = null;
      throw error;
    }
    let mayContinue = true;
    try {
      const read = this.#gapHold.takeHeld(reader) ? "trade" : this.#rows.read(reader);
      if (read === null) {
        this.#releaseFirst();
        mayContinue = false;
      } else if (read !== "trade") this.#passOver(read, reader);
      else if (this.#isInexact(reader)) mayContinue = true;
      else if (reader.isBackfilled === true || !this.#restart.isHolding || !this.#isRestart(reader)) {
        const { firstId, lastId } = reader.trade;
        mayContinue = this.#judge(reader, this.#continuity.judge(firstId, lastId));
      }
    } catch (error) {
      if (!this.#times.hasFirst && this.#due.length === 0) throw error;
      // By the time this is reported, the trade before the unusable one has been processed.
      this.#releaseFirst();
      this.#failure = { error };
    }
    this.#isIdle = this.#hasNothingHeld;
    return mayContinue;
  }

  get #hasNothingHeld(): boolean {
    return this.#gapHold.isIdle && this.#gaps.isIdle && this.#jumped === null && !this.#restart.isHolding &&
      this.#failure === null && !this.#times.isHolding;
  }

  /** The first trade of a file waits for the second only as long as the reader has one available. */
  #releaseFirst(): void {
    const first = this.#times.takeFirst();
    if (first !== null) this.#accept(first.tick);
  }

  /** Handles a trade that does not simply follow the one before. False if a gap holds it. */
  #judge(reader: TradeReader, judged: number): boolean {
    const { firstId, lastId } = reader.trade;
    const jumped = this.#jumped;
    if (jumped !== null) {
      const { tick } = jumped.held;
      if (firstId === tick.id + 1) {
        this.#jumped = null;
        this.#continuity.jump(tick.firstId, tick.id);
        this.#continuity.judge(firstId, lastId);
        this.#check(jumped.held);
        this.#check(this.#hold(reader, 0));
        return true;
      }
      if (lastId === tick.id) {
        this.#tally.duplicates++;
        return true;
      }
    }
    if (judged === DUPLICATE || judged === UNSEEN) {
      this.#releaseFirst();
      if (reader.isBackfilled !== true && this.#isRestart(reader)) return true;
      if (judged === DUPLICATE) this.#tally.duplicates++;
      else this.#tally.stray(this.#hold(reader, 0), this.lastId);
      return true;
    }
    this.#restart.drop(this.lastId);
    // Trades with only a readable id are fetched again as well.
    if (judged > 0 && this.#gapHold.holds(reader, this.lastId + 1)) return false;
    if (jumped !== null) {
      this.#jumped = null;
      this.#tally.refuse(jumped);
    }
    if (judged === UNPROVEN) {
      const before = this.#continuity.readTo;
      const what = `trade id ${lastId} is far from the one before, ${before}, and no trade followed it`;
      this.#jumped = { held: this.#hold(reader, firstId - before - 1), what };
      return true;
    }
    const isBackfilled = reader.isBackfilled === true;
    const missing = judged > 0 && isBackfilled ? this.#fetched(reader, judged) : judged;
    if (missing > 0) this.#continuity.jump(firstId, lastId);
    const filled = isBackfilled ? null : this.#gapHold.takeFilled();
    // A gap without fetched trades does not belong to the account of the previous one.
    if (filled !== null || missing > 0 && !isBackfilled) this.#gaps.close();
    else if (!isBackfilled) this.#gaps.abandon();
    this.#check(this.#hold(reader, missing, filled ?? 0));
    return true;
  }

  /**
   * Accounts for the `jump` ids that a fetched trade left out, and returns how many of them were skipped. Ids that the
   * exchange lacks are not a gap.
   */
  #fetched({ trade: { firstId, lastId }, skipped = 0 }: TradeReader, jump: number): number {
    const { readTo } = this.#continuity;
    const missing = this.#gaps.jumped(jump, skipped);
    if (missing === 0) {
      this.#continuity.skip(readTo + 1, firstId - 1);
      this.#continuity.judge(firstId, lastId);
    }
    return missing;
  }

  /** Whether the trade in the reader may be one of ids that started over: then it waits with those before it. */
  #isRestart(reader: TradeReader): boolean {
    const { trade } = reader;
    const old = { lastId: this.lastId, latest: this.#seen.latest };
    if (this.#restart.repeats(trade)) return true;
    const missing = this.#restart.missingBefore(trade, old);
    if (missing === null) {
      this.#restart.drop(this.lastId);
      if (!IdReset.mayStart(trade, old)) return false;
    }
    const isSeen = this.#continuity.judge(trade.firstId, trade.lastId) === DUPLICATE;
    this.#restart.add(this.#hold(reader, missing ?? -1), isSeen);
    if (this.#restart.isProven) this.#reset();
    return true;
  }

  /** Continues with the ids that started over. */
  #reset(): void {
    this.#lastIdBeforeReset = this.lastId;
    this.#tally.resets++;
    this.#jumped = null;
    // No trade of the old ids closes the gap that was filled last.
    this.#gapHold.takeFilled();
    this.#gaps.drop();
    const suspect = this.#times.takeSuspect(this.#seen.time);
    if (suspect !== null) this.#tally.refuse(suspect);
    this.#releaseFirst();
    for (const tick of this.#restart.start()) {
      const { missing, firstId, id } = tick;
      if (missing < 0) this.#continuity.restart(firstId, id);
      else if (missing > 0) this.#continuity.jump(firstId, id);
      else {
        // Skips the ids of unusable messages between them.
        this.#continuity.skip(this.#continuity.readTo + 1, firstId - 1);
        this.#continuity.judge(firstId, id);
      }
      this.#accept(tick);
    }
  }

  /** A trade with a correct id is due, unless its time is suspect. */
  #check(held: HeldTrade): void {
    for (const tick of this.#times.check(held, this.#seen.time)) this.#accept(tick);
  }

  #accept(tick: Tick): void {
    this.#seen.time = tick.time;
    // If times stepped back by more than a day, the latest was a mistake, and ids may start over before it.
    if (tick.time > this.#seen.latest || tick.time < this.#seen.latest - DAY) this.#seen.latest = tick.time;
    this.#due.push(tick);
  }

  /** The trade in the reader, in the symbol's price unit. */
  #hold(reader: TradeReader, missing: number, filled = 0): HeldTrade {
    const { symbol, trade, receivedAt: arrival = 0 } = reader;
    const price = this.#unit.take(trade);
    const isBackfilled = reader.isBackfilled === true;
    if (!isBackfilled) this.waits.clock.see(trade.time, arrival);
    const late = isBackfilled || this.waits.isLate(arrival);
    const receivedAt = this.waits.arrivalOf(arrival);
    const { decimals } = this.#unit;
    return holdTrade(reader, createTick(symbol, trade, price, decimals, missing, filled, late, receivedAt));
  }

  #passOver(read: ReadResult, reader: TradeReader): void {
    if (read === "other") {
      this.#tally.passedOver++;
      return;
    }
    if (read === "rejected") this.#tally.reject(reader);
    const { emptyFirstId: first, emptyId: last } = reader;
    if (last >= 0) this.#skip(first, last);
  }

  /** Notes ids of unusable trades. */
  #skip(firstId: number, lastId: number): void {
    if (!this.#restart.skip(firstId, lastId)) this.#continuity.skip(firstId, lastId);
  }

  /**
   * Whether the trade in the reader has a price that is not exact in one unit with those before it; then it is counted
   * as rejected. Throws if the reader treats it as an error.
   */
  #isInexact(reader: TradeReader): boolean {
    const { symbol, trade } = reader;
    const what = this.#unit.inexact(trade, symbol);
    if (what === null) return false;
    this.#tally.rejectTrade(reader, what);
    this.#skip(trade.firstId, trade.lastId);
    return true;
  }
}
