/**
 * Blocks: consecutive trades of one symbol on their way through the stages, as columns.
 *
 * The parse stage makes blocks, each later stage adds what it finds and passes the same block on under a wider type, so
 * that leaving out a stage is a type error at the next. A block is lent: whoever pulls the next one gets the same object
 * again. Only at a trade at which something happens is an object made for it, its tick.
 */
import { HOUR } from "../numbers/time.ts";
import { createTick, type Tick, type Values } from "./tick.ts";
import type { Signal, Wish } from "./signal.ts";
import type { TradeFields } from "./trade_reader.ts";

/** The most trades in a block. */
export const BLOCK_ROWS = 4096;

/** The columns that a reader fills, a row for each trade. */
export interface Columns {
  /** Trade ids; for an aggregate that of its last trade. */
  readonly id: Float64Array;
  /** The trades' own times, µs since 1970. */
  readonly time: Float64Array;
  /** Integer counts of the block's unit. */
  readonly price: Float64Array;
  /** Whole units of base currency traded. */
  readonly quantityWhole: Float64Array;
  /** Plus so many hundred-millionths of one, 0 to 99,999,999. */
  readonly quantityFraction: Uint32Array;
  /** 1 when the taker sold, else 0. */
  readonly buyerIsMaker: Uint8Array;
  /** When they arrived, over the stream or fetched, µs since 1970; 0 where that is not known. */
  readonly receivedAt: Float64Array;
}

/** After the parse stage. */
export interface Block extends Columns {
  readonly symbol: string;
  /** How many trades it has, 1 at least: rows from here on are of earlier blocks. */
  readonly size: number;
  /** Prices are counts of 10^-decimals quote currency: the symbol's unit, 0 to 8, which never gets coarser. */
  readonly decimals: number;
  /** First id that its first trade covers. Every other trade's first id is one above the id before it. */
  readonly firstId: number;
  /** Trades missing before its first one; 0 when that follows on, -1 when the ids started over. */
  readonly missing: number;
  /** Trades that were missing before its first one and have been fetched since. */
  readonly filled: number;
  /** True for trades that were fetched after the fact: they move averages and equity, and never trade. */
  readonly late: boolean;
}

/** A block that a reader has made. */
export interface ReadBlock extends Block {
  /** Its highest price, and its latest time. */
  readonly highest: number;
  readonly latest: number;
}

/** After the average stage. */
export interface AveragedBlock extends Block {
  /** What the strategy wants after each trade, as `Wish` has it. */
  readonly wishes: Int8Array;
  /** What the strategy shows at the rows that may give a signal; empty where nobody asks. */
  readonly values: Map<number, Values>;
}

/** After the signal stage. */
export interface SignalledBlock extends AveragedBlock {
  /** The signals in order, and the row that each was given at. */
  readonly signals: Signal[];
  readonly signalRows: number[];
}

/** A block that can be filled. */
export class TradeBlock implements SignalledBlock, ReadBlock {
  readonly symbol: string;
  size = 0;
  decimals = 0;
  firstId = 0;
  missing = 0;
  filled = 0;
  late = false;
  highest = 0;
  latest = 0;
  readonly id: Float64Array;
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly quantityWhole: Float64Array;
  readonly quantityFraction: Uint32Array;
  readonly buyerIsMaker: Uint8Array;
  readonly receivedAt: Float64Array;
  readonly wishes: Int8Array<ArrayBuffer>;
  readonly values: Map<number, Values> = new Map();
  readonly signals: Signal[] = [];
  readonly signalRows: number[] = [];

  /** With these columns, all of the same length, or with new ones for `rows` trades. */
  constructor(symbol: string, columns: Columns | null = null, rows = BLOCK_ROWS) {
    const { id, time, price, quantityWhole, quantityFraction, buyerIsMaker, receivedAt } = columns ??
      newColumns(rows);
    this.symbol = symbol;
    this.id = id;
    this.time = time;
    this.price = price;
    this.quantityWhole = quantityWhole;
    this.quantityFraction = quantityFraction;
    this.buyerIsMaker = buyerIsMaker;
    this.receivedAt = receivedAt;
    this.wishes = new Int8Array(id.length);
  }

  /** Empties it, for trades that follow on one another in this unit. */
  open(firstId: number, decimals: number, late: boolean): void {
    this.size = this.missing = this.filled = 0;
    this.firstId = firstId;
    this.decimals = decimals;
    this.late = late;
  }

  /** Adds a trade whose price is this count of the block's unit. */
  add(trade: TradeFields, price: number, receivedAt: number): void {
    const row = this.size;
    this.id[row] = trade.lastId;
    this.time[row] = trade.time;
    this.price[row] = price;
    this.quantityWhole[row] = trade.quantityWhole;
    this.quantityFraction[row] = trade.quantityFraction;
    this.buyerIsMaker[row] = trade.buyerIsMaker ? 1 : 0;
    this.receivedAt[row] = receivedAt;
    this.size = row + 1;
  }

  /** Empties it for one trade. */
  take(tick: Tick): void {
    this.open(tick.firstId, tick.decimals, tick.late);
    this.missing = tick.missing;
    this.filled = tick.filled;
    this.id[0] = tick.id;
    this.time[0] = tick.time;
    this.price[0] = tick.price;
    this.quantityWhole[0] = tick.quantityWhole;
    this.quantityFraction[0] = tick.quantityFraction;
    this.buyerIsMaker[0] = tick.buyerIsMaker ? 1 : 0;
    this.receivedAt[0] = tick.receivedAt;
    this.size = 1;
  }
}

/** The trade in a row, which can be kept. */
export function tickAt(block: Block, row: number): Tick {
  const trade: TradeFields = {
    firstId: row === 0 ? block.firstId : block.id[row - 1]! + 1,
    lastId: block.id[row]!,
    time: block.time[row]!,
    price: block.price[row]!,
    decimals: block.decimals,
    quantityWhole: block.quantityWhole[row]!,
    quantityFraction: block.quantityFraction[row]!,
    buyerIsMaker: block.buyerIsMaker[row] === 1,
  };
  const [missing, filled] = row === 0 ? [block.missing, block.filled] : [0, 0];
  return createTick(
    block.symbol,
    trade,
    trade.price,
    block.decimals,
    missing,
    filled,
    block.late,
    block.receivedAt[row]!,
  );
}

/** The time that limits and orders go by at a row, as `clockAt` gives that of a tick. */
export function clockAtRow(block: Block, row: number): number {
  const time = block.time[row]!;
  const receivedAt = block.receivedAt[row]!;
  return receivedAt > 0 && time > receivedAt + HOUR ? receivedAt : time;
}

/** What the strategy wants after the trade in a row. */
export function wishAt({ wishes }: AveragedBlock, row: number): Wish {
  return wishes[row] as Wish;
}

function newColumns(rows: number): Columns {
  return {
    id: new Float64Array(rows),
    time: new Float64Array(rows),
    price: new Float64Array(rows),
    quantityWhole: new Float64Array(rows),
    quantityFraction: new Uint32Array(rows),
    buyerIsMaker: new Uint8Array(rows),
    receivedAt: new Float64Array(rows),
  };
}
