/** Puts trades into blocks. Trades that simply follow one another, as nearly all do, need no object. */
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
/** How many trades are read one by one before the next try to get a block from a reader. */
const ROWS_BETWEEN = 16;

/** The times that trades are compared with, µs since 1970. */
export interface SeenTimes {
  /** The time of the last accepted trade; NaN before the first. */
  time: number;
  /** The latest time of all; 0 before the first trade. */
  latest: number;
}

/** How blocks are made. */
export interface RowOptions {
  /** The most trades that go through the stages at once; by default as many as a block holds. */
  readonly blockRows?: number;
  /** Whether a message beyond a block may be read before its trades go through the stages; true by default. */
  readonly readsAhead?: boolean;
}

/** Makes the blocks of one symbol. */
export class BlockBuilder {
  readonly #continuity: Continuity;
  readonly #unit: PriceUnit;
  readonly #seen: SeenTimes;
  readonly #waits: Waits;
  readonly #most: number;
  readonly #readsAhead: boolean;
  #block: TradeBlock | null = null;
  /** The reader that was read beyond the last block, and the result: the next message, or the error it threw. */
  #aheadOf: TradeReader | null = null;
  #ahead: ReadResult | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** How many more trades may be read. */
  room = Infinity;

  /** Notes accepted trades in the first four arguments, which belong to the stage. */
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

  /** The reader's next message, which may have been read already. Throws what the reader throws. */
  read(reader: TradeReader): ReadResult | null {
    if (this.#aheadOf !== reader) return reader.next();
    this.#aheadOf = null;
    const failure = this.#failure;
    if (failure === null) return this.#ahead;
    this.#failure = null;
    throw failure.error;
  }

  /** Whether something was read beyond the last block that `read` has not returned yet. */
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
   * The next trades as a block that the reader itself makes, if it can and has trades that simply follow the previous
   * ones; otherwise null. If some of them had to wait, all are put into `due`, one by one.
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
    this.#waits.settle(block);
    this.room -= block.size;
    return block;
  }

  /**
   * A block of the trade that the reader has just read and the trades that simply follow it. Trades that had to wait
   * are checked one by one.
   */
  follow(reader: TradeReader): Block {
    const { trade, receivedAt = 0 } = reader;
    const block = this.#blockOf(reader);
    const waits = this.#waits;
    if (reader.isBackfilled !== true) waits.clock.see(trade.time, receivedAt);
    const price = this.#unit.take(trade);
    block.open(trade.firstId, this.#unit.decimals, reader.isBackfilled === true || waits.isLate(receivedAt));
    this.#add(block, trade, price, waits.arrivalOf(receivedAt));
    let most = waits.hasWaited(receivedAt) || !this.#readsAhead ? 1 : Math.min(this.#most, this.room);
    // A reader that makes blocks had none just now, so try again soon.
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

  /** Adds the trade in the reader if it needs no further checks. */
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
    const { clock } = this.#waits;
    if (reader.isBackfilled !== true) clock.see(time, receivedAt);
    this.#add(block, trade, this.#unit.take(trade), clock.at(receivedAt));
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
