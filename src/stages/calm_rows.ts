/** Puts trades into blocks: those that simply follow on one another, as nearly all do, without an object for any of them. */
import { type Block, BLOCK_ROWS } from "../domain/market/block.ts";
import { tickAt, TradeBlock } from "../domain/market/trade_block.ts";
import { type Continuity, NEXT } from "../domain/market/continuity.ts";
import type { Tick } from "../domain/market/tick.ts";
import { HOUR } from "../domain/numbers/time.ts";
import type { ReadResult, TradeFields, TradeReader } from "../domain/market/trade_reader.ts";
import type { PriceUnit } from "./price_unit.ts";
import type { Waits } from "./waits.ts";

/** Fewer trades than this are read faster one by one. */
const FEWEST = 8;
/** So many trades are read one by one before a reader is asked for a block again. */
const ROWS_BETWEEN = 16;

/** The times that trades are compared with, µs since 1970. */
export interface SeenTimes {
  /** Of the trade accepted last; NaN before the first. */
  time: number;
  /** The latest of all; 0 before the first. */
  latest: number;
}

/** How blocks are made. */
export interface RowOptions {
  /** The most trades that go through the stages at once; as many as a block holds unless it is given. */
  readonly blockRows?: number;
  /** Whether a message behind a block may be read before its trades go through the stages; true unless it is given. */
  readonly readsAhead?: boolean;
}

/** Makes the blocks of one symbol. */
export class CalmRows {
  readonly #continuity: Continuity;
  readonly #unit: PriceUnit;
  readonly #seen: SeenTimes;
  readonly #waits: Waits;
  readonly #most: number;
  readonly #readsAhead: boolean;
  #block: TradeBlock | null = null;
  /** The reader of which something was read behind the last block, and what: the next message, or what it threw. */
  #aheadOf: TradeReader | null = null;
  #ahead: ReadResult | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** So many trades may be read from here on. */
  room = Infinity;

  /** What is accepted is noted in the first four, which are the stage's. */
  constructor(
    continuity: Continuity,
    unit: PriceUnit,
    seen: SeenTimes,
    waits: Waits,
    { blockRows = BLOCK_ROWS, readsAhead = true }: RowOptions = {},
  ) {
    this.#readsAhead = readsAhead;
    this.#continuity = continuity;
    this.#unit = unit;
    this.#seen = seen;
    this.#waits = waits;
    this.#most = blockRows;
  }

  /** What the reader has next: what was read behind the last block, or what it reads now. Throws what the reader throws. */
  read(reader: TradeReader): ReadResult | null {
    if (this.#aheadOf !== reader) return reader.next();
    this.#aheadOf = null;
    const failure = this.#failure;
    if (failure === null) return this.#ahead;
    this.#failure = null;
    throw failure.error;
  }

  /** Whether something was read behind the last block that `read` has not given yet. */
  isAhead(reader: TradeReader): boolean {
    return this.#aheadOf === reader;
  }

  /** A block of one trade. */
  one(tick: Tick): Block {
    const block = this.#blockOf(tick);
    block.take(tick);
    this.room--;
    return block;
  }

  /**
   * The next trades as a block of the reader's own, where it makes blocks and has trades that simply follow on those
   * before; null otherwise. Where some of them had to wait, all are put into `due`, one by one.
   */
  take(reader: TradeReader, due: Tick[]): Block | null {
    const continuity = this.#continuity;
    const seen = this.#seen;
    const most = Math.min(this.#most, this.room);
    if (reader.takeBlock === undefined || this.isAhead(reader) || most < FEWEST || continuity.last < 0) {
      return null;
    }
    const after = { id: continuity.last, time: seen.time, decimals: this.#unit.decimals };
    const block = reader.takeBlock(after, most);
    if (block === null) return null;
    const last = block.size - 1;
    continuity.follow(block.id[last]!);
    seen.time = block.time[last]!;
    seen.latest = Math.max(seen.latest, block.latest);
    this.#unit.note(block.highest);
    if (this.#waits.isAmong(block)) {
      for (let row = 0; row <= last; row++) due.push(this.#waits.settled(tickAt(block, row)));
      return null;
    }
    this.room -= block.size;
    return block;
  }

  /**
   * A block of the trade that the reader has just read, which follows on those before, and those after it as long as
   * they do. Those that had to wait are looked at one by one.
   */
  follow(reader: TradeReader): Block {
    const { trade, receivedAt = 0 } = reader;
    const block = this.#blockOf(reader);
    const waits = this.#waits;
    const price = this.#unit.take(trade);
    block.open(trade.firstId, this.#unit.decimals, reader.isBackfilled === true || waits.isLate(receivedAt));
    this.#add(block, trade, price, waits.arrivalOf(receivedAt));
    let most = waits.hasWaited(receivedAt) || !this.#readsAhead ? 1 : Math.min(this.#most, this.room);
    // A reader that makes blocks had none to give just now: it is asked again soon.
    if (reader.takeBlock !== undefined) most = Math.min(most, ROWS_BETWEEN);
    while (block.size < most) {
      let read: ReadResult | null;
      try {
        read = reader.next();
      } catch (error) {
        this.#aheadOf = reader;
        this.#failure = { error };
        break;
      }
      if (read !== "trade" || !this.#adds(block, reader)) {
        this.#aheadOf = reader;
        this.#ahead = read;
        break;
      }
    }
    this.room -= block.size;
    return block;
  }

  /** Adds the trade in the reader if it needs no judgement. */
  #adds(block: TradeBlock, reader: TradeReader): boolean {
    const { trade, receivedAt = 0 } = reader;
    const { firstId, time } = trade;
    const seen = this.#seen;
    const step = time - seen.time;
    if (firstId !== this.#continuity.last + 1 || !(step <= HOUR && step >= -HOUR)) return false;
    if (trade.decimals !== block.decimals) {
      if (trade.decimals > block.decimals || this.#unit.inexact(trade, block.symbol) !== null) return false;
    }
    if (this.#waits.hasWaited(receivedAt)) return false;
    if (this.#continuity.judge(firstId, trade.lastId) !== NEXT) return false;
    this.#add(block, trade, this.#unit.take(trade), receivedAt);
    return true;
  }

  #add(block: TradeBlock, trade: TradeFields, price: number, receivedAt: number): void {
    const { time } = trade;
    const seen = this.#seen;
    seen.time = time;
    if (time > seen.latest) seen.latest = time;
    block.add(trade, price, receivedAt);
  }

  #blockOf({ symbol }: { readonly symbol: string }): TradeBlock {
    if (this.#block?.symbol === symbol) return this.#block;
    return this.#block = new TradeBlock(symbol, null, this.#most);
  }
}
